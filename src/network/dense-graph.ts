/**
 * The dense graph: a whole prepared image -> the score of every position, exactly as its box would get it.
 *
 * A pool of the box graph makes its map coarser; here it becomes a window that moves in smaller steps, and the layers
 * after it are dilated by what the box graph's map would have shrunk. The scores of the four quarter turns of a box are
 * those of four networks with turned kernels. The first layer looks at one image, so its turned kernels are one large
 * convolution; above it they are groups of one convolution where the engine does groups well, else branches of their own.
 *
 * With a step s only some positions are needed: where the box graph's map has a spacing of P pixels, the positions s*i + P*j
 * lie on a grid of gcd(s, P) pixels, and nothing else is computed.
 *
 * The graph can be cut behind its pools into stages. A stage needs only a few rows around each row that it makes, so a large
 * image goes through the stages in bands, and nothing at the seams is computed twice.
 */

import { type Architecture, coarsening, type Layer, layerShapes } from './architecture.js';
import { type DenseOptions, type DenseStage, StageBuilder } from './dense-stage.js';
import type { Grid } from './dense-window.js';
import type { Weights } from './parameters.js';

export type { DenseStage, Turns } from './dense-stage.js';

/**
 * Builds the dense graph.
 *
 * The first stage takes the image [1, 1, H, W], H and W at least the box. The last gives the scores [1, 1, h, w] with h and w as
 * `windowPositions`: entry (i, j) is the mean score of the quarter turns of the box whose first row is i*step and first column
 * j*step.
 */
export function buildDenseStages(architecture: Architecture, weights: Weights, options: DenseOptions): DenseStage[] {
  const shapes = layerShapes(architecture);
  const cuts = options.staged ? cutsBehindPools(architecture.layers) : [];
  const grid: Grid = { spacing: 1, step: 1, shared: true, fillers: 0 };
  return [0, ...cuts].map((from, i) => {
    const builder = new StageBuilder(architecture, shapes, weights, options, grid);
    return builder.build(from, cuts[i] ?? architecture.layers.length);
  });
}

/** Indices of the layers that begin a stage, but the first: behind pools, over which nothing is added. */
function cutsBehindPools(layers: readonly Layer[]): number[] {
  return layers.flatMap((layer, i) => (coarsening(layer) > 1 && i > 0 ? [i + 1] : []));
}
