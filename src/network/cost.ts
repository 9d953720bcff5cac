/** Arithmetic of a network, counted from its architecture, never from what a graph happens to execute. */

import { type Architecture, coarsening, layerShapes } from './architecture.js';
import { behaviourOf } from './layers.js';

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
    const { window, parameters } = behaviourOf(layer);
    const kind = window(layer, shapes[index].side)?.kind;
    if (kind === undefined) return;
    if (kind === 'pool') {
      spacing *= coarsening(layer);
      return;
    }
    const [[, kernel]] = parameters(layer, shapes[index]);
    operations += 2 * 4 * (kind === 'kernel' ? perPosition : 1) * kernel.reduce((a, b) => a * b);
    if (kind === 'whole') spacing = step;
  });
  return operations;
}

/** Greatest common divisor. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
