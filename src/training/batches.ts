/** What the network is shown: batches of boxes, or of patches. */

import { type Random, shuffle } from '../core/random.js';
import { extractInto } from '../imaging/pad.js';
import { rotateQuarter } from '../imaging/rotate.js';
import type { Architecture } from '../network/architecture.js';
import type { Example } from './examples.js';
import type { Batch } from './gradient-workers.js';
import type { LabelMap } from './label-map.js';
import { cutPatches, drawPatches } from './patches.js';
import type { PatchSampling, Recipe } from './recipe.js';

/** Where the batches of a training come from. */
export interface BatchSource {
  /** Boxes or patches a step. */
  readonly batch: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /**
   * Draws an epoch; returns its batches by step.
   *
   * @param hidden - share of particles among the unlabelled positions; single boxes take no account of it
   */
  epoch(random: Random, hidden: number): (step: number) => Batch;
}

/** Every example in four quarter turns (paper, Training), in random order. */
export function turnedBoxes(examples: readonly Example[], box: number, recipe: Recipe): BatchSource {
  const size = 4 * examples.length;
  const plan = planEpochs(recipe, size);
  return {
    ...plan,
    epoch(random) {
      const views = examples.flatMap((example) => [0, 1, 2, 3].map((turns) => ({ example, turns })));
      const order = shuffle(views, random);
      return (step) => {
        const part = order.slice(step * plan.batch, (step + 1) * plan.batch);
        const weight = (target: number) =>
          Float32Array.from(part, ({ example }) => +(example.target === target) / part.length);
        return {
          count: part.length,
          patches: cutBoxes(part, box),
          positiveWeights: weight(1),
          negativeWeights: weight(0),
        };
      };
    },
  };
}

/** Patches around every labelled particle, anywhere, and around places that were given as no particles. */
export function patchesOf(
  maps: readonly LabelMap[],
  architecture: Architecture,
  recipe: Recipe,
  sampling: PatchSampling,
): BatchSource {
  const particles = maps.reduce((sum, map) => sum + map.particles.length, 0);
  const times = viewsAnEpoch(recipe, particles);
  const options = {
    positions: sampling.positions,
    othersPerParticle: sampling.anywhere,
    particleShare: 1 / (1 + recipe.negativesPerPositive),
    turnedShare: times > 1 ? sampling.turnedShare : 0,
  };
  const plan = planEpochs(recipe, Math.floor(times * particles * (1 + sampling.anywhere)));
  return {
    ...plan,
    epoch(random, hidden) {
      const patches = drawPatches(maps, architecture, options, times, random);
      return (step) =>
        cutPatches(patches.slice(step * plan.batch, (step + 1) * plan.batch), architecture, { ...options, hidden });
    },
  };
}

/** Times that an epoch shows each of some labels. */
export function viewsAnEpoch({ sampling }: Recipe, labels: number): number {
  if (sampling.kind === 'turned-boxes') return 4;
  return Math.max(1, Math.ceil(sampling.smallestEpoch / (labels * (1 + sampling.anywhere))));
}

function planEpochs(recipe: Recipe, size: number): { batch: number; epochs: number; stepsPerEpoch: number } {
  const batch = Math.min(recipe.batch, size);
  const stepsPerEpoch = Math.floor(size / batch);
  const most = recipe.mostSteps === null ? recipe.epochs : Math.ceil(recipe.mostSteps / stepsPerEpoch);
  return { batch, epochs: Math.min(recipe.epochs, most), stepsPerEpoch };
}

/** Boxes [n, 1, B, B] of some examples after some quarter turns, in order. */
export function cutBoxes(
  views: readonly { readonly example: Example; readonly turns: number }[],
  box: number,
): Float32Array {
  const area = box * box;
  const boxes = new Float32Array(views.length * area);
  views.forEach(({ example, turns }, i) => {
    extractInto(boxes, i * area, example.micrograph.image, example.left, example.top, box, box);
    rotateQuarter(boxes.subarray(i * area, (i + 1) * area), box, turns);
  });
  return boxes;
}
