/** Patches: squares with a grid of positions, around labelled particles and anywhere, in a random view. */

import type { Point } from '../core/particle.js';
import type { Random } from '../core/random.js';
import { shuffle } from '../core/random.js';
import { extractInto } from '../imaging/pad.js';
import { rotateQuarter } from '../imaging/rotate.js';
import { cutTurnedInto, turnedOffset } from '../imaging/turn.js';
import { type Architecture, patchSide, positionStride } from '../network/architecture.js';
import type { Batch } from './gradient-workers.js';
import { LABEL, type LabelMap, labelAt } from './label-map.js';

/** How patches are drawn. */
export interface PatchOptions {
  /** Positions along a patch's side. */
  readonly positions: number;
  /** Other patches for each one around a particle. */
  readonly othersPerParticle: number;
  /** Share of the particles in the weight of a batch. */
  readonly particleShare: number;
  /** Share of the patches that are turned by any angle and zoomed; the others only by quarter turns. */
  readonly turnedShare: number;
}

/** A patch in one view. */
export interface Patch {
  readonly map: LabelMap;
  readonly left: number;
  readonly top: number;
  /** Turned by this angle (radians) and zoomed before anything else; null: as it stands. */
  readonly oblique: { readonly angle: number; readonly zoom: number } | null;
  readonly turns: number;
  readonly mirrored: boolean;
  readonly contrast: number;
}

const CONTRAST_SD = 0.1;
const ZOOM_SD = 0.03;
const LARGEST_SHIFT = 1;

/** Of the patches that are not around particles, at most this share is around places that were given as none. */
const MOST_GIVEN = 0.5;

/**
 * The patches of one epoch, in random order: some around each particle, and others: anywhere, or around places that were given as
 * no particles, each of them as often as a particle if half of the others suffice.
 *
 * @param times - patches around each particle
 */
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
    oblique:
      random.uniform() < options.turnedShare
        ? { angle: (random.uniform() - 0.5) * (Math.PI / 2), zoom: 1 + ZOOM_SD * random.normal() }
        : null,
    turns: random.integer(4),
    mirrored: random.integer(2) === 1,
    contrast: 1 + CONTRAST_SD * random.normal(),
  });
  const along = (start: number) =>
    start - stride * random.integer(positions) + random.integer(2 * LARGEST_SHIFT + 1) - LARGEST_SHIFT;
  const around = (map: LabelMap, { x, y }: Point) => ({ map, left: along(x), top: along(y), ...view() });
  const given = maps.flatMap((map) => map.negatives.map((point) => ({ map, point })));
  const others = options.othersPerParticle * times * maps.reduce((sum, map) => sum + map.particles.length, 0);
  const aroundGiven = Math.floor(Math.min(times * given.length, MOST_GIVEN * others));
  const shareAnywhere = others > 0 ? 1 - aroundGiven / others : 0;
  const patches = maps.flatMap((map) => {
    const particles = Array.from({ length: times }, () => map.particles).flat();
    const anywhere = Math.round(shareAnywhere * options.othersPerParticle * particles.length);
    return [
      ...particles.map((point) => around(map, point)),
      ...Array.from({ length: anywhere }, () => ({
        map,
        left: map.start + random.integer(map.width) - stride * random.integer(positions),
        top: map.start + random.integer(map.height) - stride * random.integer(positions),
        ...view(),
      })),
    ];
  });
  for (let i = 0; i < aroundGiven; i++) {
    const { map, point } = given[random.integer(given.length)];
    patches.push(around(map, point));
  }
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
  const area = side ** 2;
  const boxes = new Float32Array(patches.length * area);
  const count = positions ** 2;
  const labels = new Float32Array(patches.length * count);
  patches.forEach((patch, i) => {
    const one = boxes.subarray(i * area, (i + 1) * area);
    const grid = labels.subarray(i * count, (i + 1) * count);
    cutPixels(one, patch, side);
    cutLabels(grid, patch, positions, positionStride(architecture));
    turn(one, side, patch);
    turn(grid, positions, patch);
    if (patch.contrast !== 1) for (let k = 0; k < area; k++) one[k] *= patch.contrast;
  });
  return { patches: boxes, count: patches.length, ...weigh(labels, options) };
}

function cutPixels(target: Float32Array, { map, left, top, oblique }: Patch, side: number): void {
  const { image } = map.region.micrograph;
  if (oblique) cutTurnedInto(target, image, { left, top, side, ...oblique });
  else extractInto(target, 0, image, left, top, side, side);
}

/** Labels of a patch's positions, `stride` pixels apart. */
function cutLabels(target: Float32Array, { map, left, top, oblique }: Patch, positions: number, stride: number): void {
  const middle = (stride * (positions - 1)) / 2;
  for (let k = 0; k < target.length; k++) {
    const [x, y] = [stride * (k % positions), stride * Math.floor(k / positions)];
    const turned = oblique && turnedOffset(oblique, x - middle, y - middle);
    target[k] = turned
      ? labelAt(map, Math.round(left + middle + turned.x), Math.round(top + middle + turned.y))
      : labelAt(map, left + x, top + y);
  }
}

function turn(square: Float32Array, side: number, { turns, mirrored }: Pick<Patch, 'turns' | 'mirrored'>): void {
  rotateQuarter(square, side, turns);
  if (mirrored) for (let row = 0; row < square.length; row += side) square.subarray(row, row + side).reverse();
}

/**
 * Particles share one part of the weight, everything else the other. What is hidden among the unlabelled positions is taken
 * out of the risk of the negatives again: with u the mean loss of unlabelled positions as negatives, p that of the particles
 * and h the share hidden, the risk of true negatives is (u - h p) / (1 - h) (du Plessis et al. 2015), and the gradient graph
 * never lets that of its part of the batch fall below 0 (Kiryo et al. 2017).
 */
function weigh(
  labels: Float32Array,
  { particleShare, hidden }: { readonly particleShare: number; readonly hidden: number },
): { positiveWeights: Float32Array; negativeWeights: Float32Array } {
  const counts = [0, 0, 0, 0];
  for (const label of labels) counts[label]++;
  const particles = counts[LABEL.particle];
  const unlabelled = counts[LABEL.unlabelled];
  const shareHidden = particles > 0 ? hidden : 0;
  const one = (1 - particleShare) / Math.max(1, unlabelled * (1 - shareHidden) + counts[LABEL.negative]);
  const negative = [0, 0, 0, 0];
  negative[LABEL.negative] = one;
  negative[LABEL.unlabelled] = one;
  negative[LABEL.particle] = particles > 0 ? (-one * unlabelled * shareHidden) / particles : 0;
  return {
    positiveWeights: labels.map((label) => (label === LABEL.particle ? particleShare / particles : 0)),
    negativeWeights: labels.map((label) => negative[label]),
  };
}
