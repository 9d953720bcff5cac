/** Patches: squares with a grid of positions, around labelled particles and anywhere, in a random view. */

import { extractInto } from '../imaging/pad.js';
import { rotateQuarter } from '../imaging/rotate.js';
import { type Architecture, patchSide, positionStride } from '../network/architecture.js';
import type { Random } from '../random.js';
import { shuffle } from '../random.js';
import type { Batch } from './gradient-workers.js';
import { LABEL, type LabelMap, labelAt } from './label-map.js';

/** How patches are drawn. */
export interface PatchOptions {
  /** Positions along a patch's side. */
  readonly positions: number;
  /** Random patches for each labelled particle. */
  readonly randomPerParticle: number;
  /** Share of the particles in the weight of a batch. */
  readonly particleShare: number;
}

/** A patch in one view. */
export interface Patch {
  readonly map: LabelMap;
  readonly left: number;
  readonly top: number;
  readonly turns: number;
  readonly mirrored: boolean;
  readonly contrast: number;
}

const CONTRAST_SD = 0.1;
const LARGEST_SHIFT = 1;

/** The patches of one epoch, in random order: one around each particle, and some anywhere. */
export function drawPatches(
  maps: readonly LabelMap[],
  architecture: Architecture,
  options: PatchOptions,
  times: number,
  random: Random,
): Patch[] {
  const stride = positionStride(architecture);
  const { positions } = options;
  const view = () => ({
    turns: random.integer(4),
    mirrored: random.integer(2) === 1,
    contrast: 1 + CONTRAST_SD * random.normal(),
  });
  const along = (start: number) =>
    start - stride * random.integer(positions) + random.integer(2 * LARGEST_SHIFT + 1) - LARGEST_SHIFT;
  const patches = maps.flatMap((map) => {
    const around = Array.from({ length: times }, () => map.particles).flat();
    const anywhere = Math.round(options.randomPerParticle * around.length);
    return [
      ...around.map(({ x, y }) => ({ map, left: along(x), top: along(y), ...view() })),
      ...Array.from({ length: anywhere }, () => ({
        map,
        left: map.start + random.integer(map.width) - stride * random.integer(positions),
        top: map.start + random.integer(map.height) - stride * random.integer(positions),
        ...view(),
      })),
    ];
  });
  return shuffle(patches, random);
}

/**
 * Patches [n, 1, P, P] with the weights of their positions.
 *
 * @param options - `hidden`: share of particles among the unlabelled positions, 0 where the labels are complete
 */
export function cutPatches(
  patches: readonly Patch[],
  architecture: Architecture,
  options: PatchOptions & { readonly hidden: number },
): Batch {
  const { positions } = options;
  const side = patchSide(architecture, positions);
  const stride = positionStride(architecture);
  const area = side ** 2;
  const boxes = new Float32Array(patches.length * area);
  const count = positions ** 2;
  const labels = new Float32Array(patches.length * count);
  patches.forEach(({ map, left, top, turns, mirrored, contrast }, i) => {
    extractInto(boxes, i * area, map.region.micrograph.image, left, top, side, side);
    const one = boxes.subarray(i * area, (i + 1) * area);
    const grid = labels.subarray(i * count, (i + 1) * count);
    for (let k = 0; k < count; k++) {
      grid[k] = labelAt(map, left + stride * (k % positions), top + stride * Math.floor(k / positions));
    }
    turn(one, side, turns, mirrored);
    turn(grid, positions, turns, mirrored);
    if (contrast !== 1) for (let k = 0; k < area; k++) one[k] *= contrast;
  });
  return { patches: boxes, count: patches.length, ...weigh(labels, options) };
}

function turn(square: Float32Array, side: number, turns: number, mirrored: boolean): void {
  rotateQuarter(square, side, turns);
  if (mirrored) for (let row = 0; row < square.length; row += side) square.subarray(row, row + side).reverse();
}

/**
 * Particles share one part of the weight, everything else the other. What is hidden among the unlabelled positions is taken
 * out of the risk of the negatives again: with u the mean loss of unlabelled positions as negatives, p that of the particles
 * and h the share hidden, the risk of true negatives is (u - h p) / (1 - h) (du Plessis et al. 2015), and the gradient graph
 * never lets it fall below 0 (Kiryo et al. 2017).
 */
function weigh(
  labels: Float32Array,
  { particleShare, hidden }: { readonly particleShare: number; readonly hidden: number },
): { positiveWeights: Float32Array; negativeWeights: Float32Array } {
  const counts = [0, 0, 0, 0];
  for (const label of labels) counts[label]++;
  const particles = counts[LABEL.particle];
  const unlabelled = counts[LABEL.unlabelled];
  const one = (1 - particleShare) / Math.max(1, unlabelled + counts[LABEL.negative]);
  const negative = [0, 0, 0, 0];
  negative[LABEL.negative] = one;
  negative[LABEL.unlabelled] = particles > 0 ? one / (1 - hidden) : one;
  negative[LABEL.particle] = particles > 0 ? (-one * unlabelled * hidden) / (1 - hidden) / particles : 0;
  return {
    positiveWeights: labels.map((label) => (label === LABEL.particle ? particleShare / particles : 0)),
    negativeWeights: labels.map((label) => negative[label]),
  };
}
