/** Networks that train in seconds, for tests of what is around a training. */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Architecture } from '../src/network/architecture.js';
import { AUTO_RECIPE, type PatchSampling } from '../src/training/recipe.js';

const NETWORK: Architecture = {
  name: 'quick',
  box: 28,
  layers: [
    { type: 'convolution', maps: 4, kernel: 5 },
    { type: 'relu' },
    { type: 'mean-pool', size: 4 },
    { type: 'fully-connected', units: 1 },
  ],
};

/** A network that learns in seconds to find simulated particles. */
export const SMALL: Architecture = {
  name: 'small and quick',
  box: 28,
  layers: [
    { type: 'convolution', maps: 8, kernel: 5 },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
    { type: 'convolution', maps: 8, kernel: 3 },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
    { type: 'fully-connected', units: 1 },
  ],
};

/** Options of `deepem train`: a network that finds little, and short epochs. */
export function quickTraining(): string[] {
  const { architecture: _, sampling, ...recipe } = AUTO_RECIPE;
  const short = { ...(sampling as PatchSampling), smallestEpoch: 160 };
  return ['--preset', presetOf({ architecture: NETWORK, recipe: { ...recipe, sampling: short } })];
}

function presetOf(preset: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), 'deepem-quick-')), 'preset.json');
  writeFileSync(file, JSON.stringify(preset));
  return file;
}
