/** Architectures that use every layer type, for the suites that every graph must pass. */

import { random } from '../core/random.js';
import type { Architecture } from '../network/architecture.js';
import { initialWeights, parameterLayout, type Weights } from '../network/parameters.js';

/** Every layer type, in an order that none of the presets has. */
export const EVERY_LAYER: Architecture = {
  name: 'every layer',
  box: 24,
  layers: [
    { type: 'convolution', maps: 6, kernel: 5 },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
    { type: 'convolution', maps: 8, kernel: 3 },
    { type: 'leaky-relu', slope: 0.1 },
    { type: 'max-pool', size: 2 },
    { type: 'dropout', rate: 0.25 },
    { type: 'sigmoid' },
    { type: 'fully-connected', units: 1 },
  ],
};

/** Dilated kernels and residual additions, one of them over a layer that keeps the size; too few maps for groups. */
export const RESIDUAL: Architecture = {
  name: 'residual',
  box: 26,
  layers: [
    { type: 'convolution', maps: 5, kernel: 3 },
    { type: 'relu' },
    { type: 'add', layer: 1 },
    { type: 'mean-pool', size: 2 },
    { type: 'convolution', maps: 5, kernel: 3, dilation: 2 },
    { type: 'batch-normalisation' },
    { type: 'add', layer: 4 },
    { type: 'leaky-relu', slope: 0.1 },
    { type: 'convolution', maps: 5, kernel: 3, dilation: 1 },
    { type: 'add', layer: 8 },
    { type: 'add', layer: 4 },
    { type: 'fully-connected', units: 1 },
  ],
};

/** Batch normalisation and pooling before any kernel, and two fully connected layers. */
export const UNUSUAL_ORDER: Architecture = {
  name: 'unusual order',
  box: 18,
  layers: [
    { type: 'batch-normalisation' },
    { type: 'max-pool', size: 3 },
    { type: 'convolution', maps: 4, kernel: 3 },
    { type: 'mean-pool', size: 2 },
    { type: 'fully-connected', units: 5 },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'dropout', rate: 0.5 },
    { type: 'fully-connected', units: 1 },
  ],
};

/** Seeded weights with biases and running statistics that are not trivial. */
export function testWeights(architecture: Architecture, seed: number): Weights {
  const source = random(seed);
  const { values, statistics } = initialWeights(architecture, source);
  const layout = parameterLayout(architecture);
  for (const { role, offset, size } of layout.groups) {
    if (role === 'kernel') continue;
    for (let i = offset; i < offset + size; i++) values[i] += 0.3 * source.normal();
  }
  for (const { mean, variance, maps } of layout.statistics) {
    for (let i = 0; i < maps; i++) {
      statistics[mean + i] = 0.2 * source.normal();
      statistics[variance + i] = 0.5 + source.uniform();
    }
  }
  return { values, statistics };
}
