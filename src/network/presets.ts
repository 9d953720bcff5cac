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

/** Networks by name: the four of the paper's Table 1, and `small` (box 40), the default. */
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
};

/** The preset used where none is named: a particle of about 27 prepared pixels in a box of 40. */
export const DEFAULT_PRESET = 'small';
