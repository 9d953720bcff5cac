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
    switch (layer.type) {
      case 'convolution':
        operations += 2 * 4 * perPosition * layer.maps * maps * layer.kernel ** 2;
        return;
      case 'mean-pool':
      case 'max-pool':
        spacing *= layer.size;
        return;
      case 'fully-connected':
        operations += 2 * 4 * layer.units * maps * side ** 2;
        spacing = step;
        return;
      case 'add':
      case 'batch-normalisation':
      case 'dropout':
      case 'sigmoid':
      case 'relu':
      case 'leaky-relu':
        return;
      default:
        layer satisfies never;
    }
  });
  return operations;
}

/** Greatest common divisor. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
