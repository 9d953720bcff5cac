/** The epochs of one training: batches, steps, and the accuracy on held-out boxes after each epoch. */

import type { Architecture } from '../network/architecture.js';
import { buildBoxGraph } from '../network/box-graph.js';
import { initialWeights, parameterLayout, type Weights } from '../network/parameters.js';
import { type Random, random, shuffle } from '../random.js';
import type { Engine } from '../runtime/engine.js';
import { allTurns, cutBoxes, randomViews, turnedView, type View } from './batches.js';
import type { Example } from './examples.js';
import type { GradientWorkers } from './gradient-workers.js';
import { startOptimiser, updateWeights } from './optimisers.js';
import type { Recipe } from './recipe.js';
import type { EpochReport, StepReport } from './reports.js';

/** Streams of the seed: each random choice has its own, so that one does not move the others. */
export const SEED_STREAM = { split: 1, negatives: 2, heldOutNegatives: 3, weights: 4, order: 5 } as const;

/** Boxes of a held-out set that are scored at a time. */
const SCORING_BATCH = 64;

/** Everything that the epochs need. */
export interface Run {
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  readonly epochs: number;
  readonly seed: number;
  readonly batch: number;
  readonly steps: number;
  readonly examples: readonly Example[];
  readonly workers: GradientWorkers;
  readonly engine: Engine;
  readonly heldOut: readonly Example[];
}

/** The best weights so far. */
export interface Best {
  readonly weights: Weights;
  readonly epoch: number;
  readonly accuracy: number | null;
}

/** All epochs; returns the weights of the epoch with the best held-out accuracy (the last one without held-out boxes). */
export async function* runEpochs(
  run: Run,
  signal: AbortSignal | undefined,
): AsyncGenerator<StepReport | EpochReport, Best, void> {
  const { recipe, architecture } = run;
  const order = random(run.seed, SEED_STREAM.order);
  let weights = initialWeights(architecture, random(run.seed, SEED_STREAM.weights));
  let optimiser = startOptimiser(recipe.optimiser, parameterLayout(architecture).size);
  let best: Best = { weights, epoch: 0, accuracy: null };
  const stepsPerEpoch = run.steps / run.epochs;
  for (let epoch = 1; epoch <= run.epochs && !signal?.aborted; epoch++) {
    const views = shuffle(viewsOf(run, order), order);
    let total = 0;
    let done = 0;
    for (; done < stepsPerEpoch && !signal?.aborted; done++) {
      const part = views.slice(done * run.batch, (done + 1) * run.batch);
      const targets = Float32Array.from(part, ({ example }) => example.target);
      const result = await run.workers.compute(weights, { boxes: cutBoxes(part, architecture.box), targets }, order);
      const rate = learningRate(recipe, ((epoch - 1) * stepsPerEpoch + done) / run.steps);
      const updated = updateWeights(recipe.optimiser, optimiser, weights.values, result.gradient, rate);
      optimiser = updated.state;
      weights = { values: updated.weights, statistics: runningStatistics(weights.statistics, result.statistics) };
      total += result.loss;
      yield { kind: 'step', step: (epoch - 1) * stepsPerEpoch + done + 1, steps: run.steps, loss: result.loss };
    }
    const accuracy = await accuracyOf(run, weights);
    if (accuracy === null || best.accuracy === null || accuracy > best.accuracy) best = { weights, epoch, accuracy };
    yield { kind: 'epoch', epoch, epochs: run.epochs, loss: total / Math.max(1, done), accuracy };
  }
  return best;
}

/** The learning rate after a share of all steps. */
function learningRate(recipe: Recipe, done: number): number {
  return recipe.schedule === 'constant'
    ? recipe.learningRate
    : (recipe.learningRate * (1 + Math.cos(Math.PI * done))) / 2;
}

/** How often each example comes in an epoch. */
function viewsOfEach(recipe: Recipe, examples: number): number {
  return recipe.views === 'four-turns' ? 4 : Math.max(1, Math.ceil(recipe.smallestEpoch / examples));
}

/** Boxes a step, epochs, and steps in all, for a number of examples. */
export function planEpochs(recipe: Recipe, examples: number): { batch: number; epochs: number; steps: number } {
  const size = viewsOfEach(recipe, examples) * examples;
  const batch = Math.min(recipe.batch, size);
  const perEpoch = Math.floor(size / batch);
  const most = recipe.mostSteps === null ? recipe.epochs : Math.ceil(recipe.mostSteps / perEpoch);
  const epochs = Math.min(recipe.epochs, most);
  return { batch, epochs, steps: epochs * perEpoch };
}

function viewsOf({ recipe, examples }: Run, random: Random): View[] {
  if (recipe.views === 'four-turns') return allTurns(examples);
  const times = viewsOfEach(recipe, examples.length);
  return Array.from({ length: times }, () => randomViews(examples, random)).flat();
}

/** Share of the new batch in the running statistics, as in PyTorch. */
const MOMENTUM = 0.1;

function runningStatistics(running: Float32Array, batch: Float32Array): Float32Array {
  return running.map((value, i) => (1 - MOMENTUM) * value + MOMENTUM * batch[i]);
}

async function accuracyOf(run: Run, weights: Weights): Promise<number | null> {
  if (run.heldOut.length === 0) return null;
  const { box } = run.architecture;
  const session = await run.engine.load(buildBoxGraph(run.architecture, weights));
  let right = 0;
  for (let from = 0; from < run.heldOut.length; from += SCORING_BATCH) {
    const part = run.heldOut.slice(from, from + SCORING_BATCH);
    const data = cutBoxes(
      part.map((example) => turnedView(example, 0)),
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
