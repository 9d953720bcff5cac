/** Arithmetic of a network, counted from its architecture, never from what a graph happens to execute. */

import { type Architecture, layerShapes } from './architecture.js';

/**
 * Floating-point operations of the dense graph per position of its score map, four rotations together: two for each
 * weight of each kernel, times how many positions of that layer are needed for one position of the result.
 *
 * @param step - prepared pixels between positions
 */
export function denseOperations(architecture: Architecture, step: number): number {
  const shapes = layerShapes(architecture);
  let spacing = 1;
  let operations = 0;
  architecture.layers.forEach((layer, index) => {
    const perPosition = (step / gcd(step, spacing)) ** 2;
    const { maps, side } = shapes[index];
    if (layer.type === 'mean-pool' || layer.type === 'max-pool') spacing *= layer.size;
    if (layer.type === 'convolution') operations += 2 * 4 * perPosition * layer.maps * maps * layer.kernel ** 2;
    if (layer.type === 'fully-connected') {
      operations += 2 * 4 * layer.units * maps * side ** 2;
      spacing = step;
    }
  });
  return operations;
}

/** Maps are stored in blocks of so many where the engine lays them out anew. */
const MAP_BLOCK = 16;

/**
 * Bytes that the maps of the dense graph take per prepared pixel: the most that a layer reads and writes together.
 *
 * @param step - prepared pixels between positions
 * @param turns - quarter turns that are averaged
 */
export function denseBytesPerPixel(architecture: Architecture, step: number, turns: number): number {
  let [spacing, before, most] = [1, 1, 0];
  layerShapes(architecture).forEach(({ maps, side }, index) => {
    const layer = architecture.layers[index - 1];
    if (!layer) return;
    if (layer.type === 'mean-pool' || layer.type === 'max-pool') spacing *= layer.size;
    const grid = side === 1 ? step : gcd(step, spacing);
    const after = (Math.ceil((turns * maps) / MAP_BLOCK) * MAP_BLOCK) / grid ** 2;
    most = Math.max(most, before + after);
    before = after;
  });
  return Float32Array.BYTES_PER_ELEMENT * most;
}

/** Greatest common divisor. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
