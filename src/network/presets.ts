/** The architectures of the paper (Table 1), and the default one of the same shape for smaller particles. */

import type { Architecture, Layer } from './architecture.js';

/** Three convolutions with 6, 12 and 12 maps, each with a sigmoid and a mean pool, then one unit. */
function deepemShape(
  name: string,
  box: number,
  stages: readonly (readonly [kernel: number, pool: number])[],
): Architecture {
  const maps = [6, 12, 12];
  const layers = stages.flatMap(([kernel, size], i): Layer[] => [
    { type: 'convolution', maps: maps[i], kernel },
    { type: 'sigmoid' },
    { type: 'mean-pool', size },
  ]);
  return { name, box, layers: [...layers, { type: 'fully-connected', units: 1 }] };
}

/** More maps, each convolution with batch normalisation and ReLU, dropout before the score. */
function wideShape(
  name: string,
  box: number,
  stages: readonly (readonly [maps: number, kernel: number])[],
): Architecture {
  const layers = stages.flatMap(([maps, kernel]): Layer[] => [
    { type: 'convolution', maps, kernel },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
  ]);
  return { name, box, layers: [...layers, { type: 'dropout', rate: 0.3 }, { type: 'fully-connected', units: 1 }] };
}

/**
 * A fully convolutional network: behind one pool everything is dilated, so a score sees four particle diameters and the
 * network still gives one for every second pixel without computing anything twice. Its box is what a score sees.
 */
function dilatedShape(name: string, box: number, maps: number, blocks: readonly (readonly number[])[]): Architecture {
  const layers: Layer[] = [
    { type: 'convolution', maps: 16, kernel: 7 },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
    { type: 'convolution', maps, kernel: 3 },
    { type: 'batch-normalisation' },
    { type: 'relu' },
  ];
  for (const dilations of blocks) {
    const before = layers.length;
    for (const [i, dilation] of dilations.entries()) {
      if (i > 0) layers.push({ type: 'relu' });
      layers.push({ type: 'convolution', maps, kernel: 3, ...(dilation > 1 && { dilation }) });
      layers.push({ type: 'batch-normalisation' });
    }
    layers.push({ type: 'add', layer: before }, { type: 'relu' });
  }
  return { name, box, layers: [...layers, { type: 'dropout', rate: 0.1 }, { type: 'fully-connected', units: 1 }] };
}

/**
 * Networks by name: the four of the paper's Table 1; `small`, of their shape; `wide`, the one of the `auto` recipe;
 * `general`, the one that comes trained for any particle.
 */
export const PRESETS: Readonly<Record<string, Architecture>> = {
  klh: deepemShape('klh', 272, [
    [51, 3],
    [21, 2],
    [10, 2],
  ]),
  '19s': deepemShape('19s', 160, [
    [20, 3],
    [10, 2],
    [4, 2],
  ]),
  '26s': deepemShape('26s', 150, [
    [31, 2],
    [15, 2],
    [10, 2],
  ]),
  inflammasome: deepemShape('inflammasome', 112, [
    [15, 2],
    [10, 2],
    [7, 2],
  ]),
  small: deepemShape('small', 40, [
    [9, 2],
    [5, 2],
    [3, 2],
  ]),
  wide: wideShape('wide', 56, [
    [16, 9],
    [32, 5],
    [32, 3],
  ]),
  general: dilatedShape('general', 100, 32, [[1, 2], [4, 8], [4, 2], [1]]),
};
