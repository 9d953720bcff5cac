/** The epochs of one training: batches, steps, and the accuracy on held-out boxes after each epoch. */

import { random, randomFrom } from '../core/random.js';
import type { Architecture } from '../network/architecture.js';
import { buildBoxGraph } from '../network/box-graph.js';
import { parameterLayout, type Weights } from '../network/parameters.js';
import type { Engine } from '../runtime/engine.js';
import { type BatchSource, cutBoxes } from './batches.js';
import type { Checkpoint } from './checkpoint.js';
import type { Example } from './examples.js';
import type { GradientWorkers } from './gradient-workers.js';
import { type LabelCheck, objectiveOf } from './label-check.js';
import { startOptimiser, updateWeights } from './optimisers.js';
import type { Recipe } from './recipe.js';
import type { CheckpointReport, EpochReport, ObjectiveReport, StepReport } from './reports.js';
import { SEED_STREAM } from './seeds.js';
import type { Start } from './start.js';

/** Boxes of a held-out set that are scored at a time. */
const SCORING_BATCH = 64;

/** Everything that the epochs need. */
export interface Run {
  readonly architecture: Architecture;
  readonly seed: number;
  readonly source: BatchSource;
  readonly workers: GradientWorkers;
  readonly engine: Engine;
  readonly heldOut: readonly Example[];
  /** Looks after the first epoch whether the labels are complete; null: they are taken as complete. */
  readonly checkLabels: ((weights: Weights) => Promise<LabelCheck>) | null;
  /** What the first step starts from, and the recipe that goes with it. */
  readonly start: Start;
  /** State to go on from; null: from the start. */
  readonly checkpoint: Checkpoint | null;
}

/** The best weights so far. */
export interface Best {
  /** Of the objective: null where labels were taken as complete. */
  readonly labelCheck: LabelCheck | null;
  readonly weights: Weights;
  readonly epoch: number;
  readonly accuracy: number | null;
}

/**
 * All epochs; returns the weights of the epoch with the best held-out accuracy. Without held-out boxes, or where the learning
 * rate goes down to 0, these are the last ones: then epochs differ by less than the boxes can tell (docs/results.md).
 */
export async function* runEpochs(
  run: Run,
  signal: AbortSignal | undefined,
): AsyncGenerator<StepReport | EpochReport | ObjectiveReport | CheckpointReport, Best, void> {
  const { architecture } = run;
  const { recipe } = run.start;
  const { epochs, stepsPerEpoch } = run.source;
  const steps = epochs * stepsPerEpoch;
  const { checkpoint } = run;
  const order = checkpoint ? randomFrom(checkpoint.random) : random(run.seed, SEED_STREAM.order);
  let weights = checkpoint?.weights ?? run.start.weights;
  let optimiser = checkpoint?.optimiser ?? startOptimiser(recipe.optimiser, parameterLayout(architecture).size);
  let best = checkpoint?.best ?? { weights, epoch: 0, accuracy: null };
  let labelCheck = checkpoint?.labelCheck ?? null;
  for (let epoch = (checkpoint?.epoch ?? 0) + 1; epoch <= epochs && !signal?.aborted; epoch++) {
    if (run.checkLabels && labelCheck === null && run.start.from === 'general') {
      labelCheck = await run.checkLabels(weights);
      yield describeCheck(labelCheck, run.start);
    }
    const objective = objectiveOf(labelCheck?.complete ?? true, run.start);
    const hidden = labelCheck && objective === 'positive-unlabelled' ? labelCheck.hidden : 0;
    const batches = run.source.epoch(order, hidden);
    let total = 0;
    let done = 0;
    for (; done < stepsPerEpoch && !signal?.aborted; done++) {
      const result = await run.workers.compute(weights, batches(done), order);
      const rate = learningRate(recipe, ((epoch - 1) * stepsPerEpoch + done) / steps);
      const updated = updateWeights(recipe.optimiser, optimiser, weights.values, result.gradient, rate);
      optimiser = updated.state;
      weights = { values: updated.weights, statistics: runningStatistics(weights.statistics, result.statistics) };
      total += result.loss;
      yield { kind: 'step', step: (epoch - 1) * stepsPerEpoch + done + 1, steps, loss: result.loss };
    }
    const accuracy = await accuracyOf(run, weights);
    const settles = recipe.schedule === 'cosine' || accuracy === null;
    if (settles || best.accuracy === null || accuracy > best.accuracy) best = { weights, epoch, accuracy };
    if (done === stepsPerEpoch) {
      yield { kind: 'epoch', epoch, epochs, loss: total / done, accuracy, chance: chanceOf(run.heldOut) };
    }
    if (run.checkLabels && labelCheck === null && !signal?.aborted) {
      labelCheck = await run.checkLabels(weights);
      yield describeCheck(labelCheck, run.start);
    }
    const state = { epoch, weights, optimiser, random: order.state(), best, labelCheck };
    const isChecked = labelCheck !== null || run.checkLabels === null;
    if (done === stepsPerEpoch && isChecked) yield { kind: 'checkpoint', checkpoint: state };
  }
  return { ...best, labelCheck };
}

function describeCheck({ found, labelled, complete }: LabelCheck, start: Start): ObjectiveReport {
  return { kind: 'objective', objective: objectiveOf(complete, start), found, labelled };
}

/** The learning rate after a share of all steps. */
function learningRate(recipe: Recipe, done: number): number {
  return recipe.schedule === 'constant'
    ? recipe.learningRate
    : (recipe.learningRate * (1 + Math.cos(Math.PI * done))) / 2;
}

/** Share of the new batch in the running statistics, as in PyTorch. */
const MOMENTUM = 0.1;

/** Running statistics after one more batch. */
export function runningStatistics(running: Float32Array, batch: Float32Array): Float32Array {
  return running.map((value, i) => (1 - MOMENTUM) * value + MOMENTUM * batch[i]);
}

/** The accuracy of the guess that all boxes are of the larger class; null without boxes. */
export function chanceOf(heldOut: readonly Example[]): number | null {
  if (heldOut.length === 0) return null;
  const particles = heldOut.filter(({ target }) => target === 1).length;
  return Math.max(particles, heldOut.length - particles) / heldOut.length;
}

async function accuracyOf(run: Run, weights: Weights): Promise<number | null> {
  if (run.heldOut.length === 0) return null;
  const { box } = run.architecture;
  const session = await run.engine.load(buildBoxGraph(run.architecture, weights));
  let right = 0;
  for (let from = 0; from < run.heldOut.length; from += SCORING_BATCH) {
    const part = run.heldOut.slice(from, from + SCORING_BATCH);
    const data = cutBoxes(
      part.map((example) => ({ example, turns: 0 })),
      box,
    );
    const { scores } = await session.run({ boxes: { dims: [part.length, 1, box, box], data } });
    part.forEach(({ target }, i) => {
      if (scores.data[i] >= 0.5 === (target === 1)) right++;
    });
  }
  await session.release();
  return right / run.heldOut.length;
}
