/** Scoring on other devices, through SwiftShader (a Vulkan driver without a card, in Debian's chromium). */

import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.js';
import type { Architecture } from '../src/network/architecture.js';
import { PRESETS } from '../src/network/presets.js';
import { blobModel } from '../src/picking/blob.js';
import { DEVICE_TOLERANCE, openDevice } from '../src/picking/device.js';
import { openScorer } from '../src/picking/score-map.js';
import { startEngine } from '../src/runtime/engine.js';
import { EVERY_LAYER, testWeights, UNUSUAL_ORDER } from '../src/testing/architectures.js';
import { testFolder } from '../src/testing/folder.js';
import { openGradientWorkers } from '../src/training/device.js';
import { deepem } from './command-line.js';

const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LOADER = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1';
const hasVulkan = existsSync(DRIVER) && existsSync(LOADER);
if (hasVulkan) process.env.VK_ICD_FILENAMES = DRIVER;
const folder = testFolder();

/** From 6 maps to 12, which WebGPU's own layout gets wrong without a word. */
const SIX_TO_TWELVE: Architecture = {
  name: '6 to 12',
  box: 20,
  layers: [
    { type: 'convolution', maps: 6, kernel: 5 },
    { type: 'sigmoid' },
    { type: 'mean-pool', size: 2 },
    { type: 'convolution', maps: 12, kernel: 3 },
    { type: 'sigmoid' },
    { type: 'fully-connected', units: 1 },
  ],
};

// Without a Vulkan driver there is nothing to test: `.ci/run` installs one.
describe.skipIf(!hasVulkan)('webgpu', () => {
  const engines = { cpu: startEngine(2), webgpu: startEngine(2, 'webgpu') };
  afterAll(() => Promise.all([engines.cpu.close(), engines.webgpu.close()]));

  it.each([EVERY_LAYER, UNUSUAL_ORDER, SIX_TO_TWELVE, PRESETS.small])(
    'scores as the CPU, max |d| < 1e-4: $name',
    async (architecture) => {
      const weights = testWeights(architecture, 2);
      const source = random(3);
      const side = architecture.box + 30;
      const pixels = Float32Array.from({ length: side * (side + 7) }, () => source.normal());
      const image = { pixels, width: side, height: side + 7, factor: 1 };
      const maps = [];
      for (const engine of [engines.cpu, engines.webgpu]) {
        const scorer = await openScorer(engine, architecture, weights, { step: 2, turns: 4 });
        maps.push((await scorer.score(image)).pixels);
      }
      const [cpu, webgpu] = maps;
      expect(new Set(cpu).size).toBeGreaterThan(100);
      webgpu.forEach((score, i) => {
        expect(Math.abs(score - cpu[i])).toBeLessThan(DEVICE_TOLERANCE);
      });
    },
  );

  const ALL_BUT_MAX_POOL: Architecture = {
    ...EVERY_LAYER,
    name: 'every layer but max-pool',
    layers: EVERY_LAYER.layers.filter(({ type }) => type !== 'max-pool'),
  };
  const training = { loss: 'cross-entropy' as const, batch: 4, threads: 2 };

  it.each([ALL_BUT_MAX_POOL, SIX_TO_TWELVE])('gives the gradient of the CPU: $name', async (architecture) => {
    const { workers, device } = await openGradientWorkers('webgpu', { architecture, ...training });
    expect(device).toBe('webgpu');
    await workers.close();
  });

  it('says that it cannot train a max-pool', async () => {
    const opening = openGradientWorkers('webgpu', { architecture: EVERY_LAYER, ...training });
    await expect(opening).rejects.toThrow(/its provider has no gradient of max-pool/);
  });

  it('is taken when it is named, and not by auto where it is slower', async () => {
    const model = blobModel(20, null, 16);
    const named = await openDevice(model, 'webgpu', 2);
    expect(named.device).toBe('webgpu');
    await named.engine.close();
    const auto = await openDevice(model, 'auto', 2);
    expect(auto.device).toBe('cpu');
    expect(auto.reasons.join()).toMatch(/webgpu: it is not faster/);
    await auto.engine.close();
  });
});

describe('deepem pick --device', () => {
  it.skipIf(!hasVulkan)('gives the same particles on webgpu', () => {
    const micrographs = folder.at('micrographs');
    deepem('simulate', '--out', micrographs, '--micrographs', '1', '--size', '256', '--particles', '6', '--snr', '0.5');
    const pick = ['pick', `${micrographs}/sim_0001.mrc`, '--blob', '--diameter', '60px', '--format', 'csv'];
    expect(deepem(...pick, '--out', folder.at('cpu')).code).toBe(0);
    const run = deepem(...pick, '--out', folder.at('webgpu'), '--device', 'webgpu');
    expect(run.stderr).toMatch(/scoring on webgpu: /);
    const rows = (device: string) =>
      readFileSync(folder.at(device, 'sim_0001.csv'), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((row) => row.split(',').map(Number));
    expect(rows('webgpu').length).toBe(rows('cpu').length);
    rows('webgpu').forEach(([x, y, score], i) => {
      const [cx, cy, expected] = rows('cpu')[i];
      expect(Math.hypot(x - cx, y - cy)).toBeLessThan(0.05);
      expect(Math.abs(score - expected)).toBeLessThan(DEVICE_TOLERANCE);
    });
  });

  it('says what a device lacks that was named, and never falls back without a word', () => {
    const micrographs = folder.at('micrographs');
    deepem('simulate', '--out', micrographs, '--micrographs', '1', '--size', '256', '--particles', '6');
    const pick = ['pick', micrographs, '--blob', '--diameter', '60px', '--out', folder.at('picks'), '--device', 'cuda'];
    const run = deepem(...pick);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /The device cuda cannot be used: received ONNX Runtime's CUDA provider is not installed/,
    );
  });

  it('is the same for train', () => {
    const micrographs = folder.at('labelled');
    deepem('simulate', '--out', micrographs, '--micrographs', '2', '--size', '256', '--particles', '6');
    const train = ['train', micrographs, '--picks', micrographs, '--diameter', '48px', '-o', folder.at('m.onnx')];
    const run = deepem(...train, '--device', 'cuda');
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/The device cuda cannot be used/);
  });
});
