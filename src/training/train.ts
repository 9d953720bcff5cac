/** Training: labelled micrographs in, a model out, a report after every epoch. It prints nothing and touches no disk. */

import { LabelError } from '../errors.js';
import type { Architecture } from '../network/architecture.js';
import { buildBoxGraph } from '../network/box-graph.js';
import type { Model, ModelMetadata } from '../network/model.js';
import { initialWeights, parameterLayout, type Weights } from '../network/parameters.js';
import { DEFAULT_PRESET, PRESETS } from '../network/presets.js';
import { deviationRangeOf } from '../picking/deviation.js';
import { BOX_DIAMETERS, choosePreparation } from '../picking/prepare.js';
import { type Random, random, shuffle } from '../random.js';
import { type Engine, startEngine, threadCount } from '../runtime/engine.js';
import { PROGRAM } from '../version.js';
import { allTurns, cutBoxes, type TurnedExample } from './batches.js';
import { type Example, inRegion, makeExamples, type Split, splitMicrographs } from './examples.js';
import { type GradientWorkers, startGradientWorkers } from './gradient-workers.js';
import { type LabelledMicrograph, type PreparedMicrograph, prepareLabelled } from './labelled.js';
import { startOptimiser, updateWeights } from './optimisers.js';
import { DEEPEM_RECIPE, type Recipe } from './recipe.js';
import { chooseThreshold } from './threshold.js';

/** How a network is trained. */
export interface TrainOptions {
  /** Particle diameter in full-size pixels. */
  readonly diameter: number;
  /** Network; the preset `small` by default. */
  readonly architecture?: Architecture;
  /** Training recipe; the paper's by default. */
  readonly recipe?: Recipe;
  /** Share of micrographs held out for accuracy and threshold; 0.2 by default. */
  readonly testFraction?: number;
  /** Labels and negatives closer to the edge than this many full-size pixels are left out; half the diameter by default. */
  readonly edge?: number;
  /** Seed of every random choice; 1 by default. */
  readonly seed?: number;
  /** Threads; all cores by default. */
  readonly threads?: number;
  /** Ends training after the current step; the best model so far is returned. */
  readonly signal?: AbortSignal;
}

/** What the network is trained on. */
export interface DataReport {
  readonly kind: 'data';
  readonly labels: ModelMetadata['labels'];
  readonly architecture: Architecture;
  /** Full-size pixels per prepared pixel. */
  readonly factor: number;
  /** Steps that the training takes in all. */
  readonly steps: number;
  readonly warnings: readonly string[];
  /** Names of the held-out micrographs. */
  readonly heldOut: readonly string[];
}

/** The state after some steps of an epoch. */
export interface StepReport {
  readonly kind: 'step';
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** The state after an epoch. */
export interface EpochReport {
  readonly kind: 'epoch';
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of the epoch's batches. */
  readonly loss: number;
  /** Share of held-out boxes on the right side of 0.5; null without held-out boxes. */
  readonly accuracy: number | null;
}

/** The end. */
export interface DoneReport {
  readonly kind: 'done';
  readonly model: Model;
  /** True where the signal ended the training early. */
  readonly interrupted: boolean;
  /** Epoch of the weights in the model. */
  readonly epoch: number;
}

/** What training reports, in this order: data, then steps and epochs, then done. */
export type TrainReport = DataReport | StepReport | EpochReport | DoneReport;

/** Boxes of a held-out set that are scored at a time. */
const SCORING_BATCH = 64;
/** Fewer labels than this are worth a warning. */
const FEW_LABELS = 50;

/** Streams of the seed: each random choice has its own, so that one does not move the others. */
const STREAM = { split: 1, negatives: 2, heldOutNegatives: 3, weights: 4, order: 5 } as const;

/**
 * Trains a network.
 *
 * @param micrographs - read one after the other; only their prepared images are kept
 * @returns reports; the last one, of kind `done`, holds the model (there is none if the signal comes before any training)
 * @throws LabelError if nothing can be trained on
 */
export async function* train(
  micrographs: Iterable<LabelledMicrograph> | AsyncIterable<LabelledMicrograph>,
  options: TrainOptions,
): AsyncGenerator<TrainReport, void, void> {
  const settings = {
    architecture: PRESETS[DEFAULT_PRESET],
    recipe: DEEPEM_RECIPE,
    testFraction: 0.2,
    edge: options.diameter / 2,
    seed: 1,
    ...options,
  };
  const { architecture, recipe, seed } = settings;
  const threads = threadCount(settings.threads);
  const data = await gather(micrographs, settings);
  if (settings.signal?.aborted) return;
  const gap = BOX_DIAMETERS * options.diameter;
  const split = splitMicrographs(data.prepared, settings.testFraction, gap, random(seed, STREAM.split));
  const negatives = { perPositive: recipe.negativesPerPositive, distance: recipe.negativeDistance * options.diameter };
  const examples = makeExamples(split.training, architecture.box, negatives, random(seed, STREAM.negatives));
  const heldOut = heldOutExamples(split, architecture.box, negatives, random(seed, STREAM.heldOutNegatives));
  const labels = countLabels(split, examples, heldOut);
  const turned = allTurns(examples);
  const batch = Math.min(recipe.batch, turned.length);
  const steps = recipe.epochs * Math.floor(turned.length / batch);
  yield {
    kind: 'data',
    labels,
    architecture,
    factor: data.preparation.factor,
    steps,
    warnings: [...data.warnings, ...fewLabels(labels.positives)],
    heldOut: split.heldOut.map(({ micrograph }) => micrograph.name),
  };
  const workers = await startGradientWorkers({ architecture, loss: recipe.loss, batch, threads });
  const engine = startEngine(threads);
  try {
    const run = { architecture, recipe, seed, batch, steps, turned, workers, engine, heldOut };
    const best = yield* runEpochs(run, settings.signal);
    const metadata = {
      program: PROGRAM,
      preparation: data.preparation,
      pixelSize: data.pixelSize,
      diameter: options.diameter,
      box: data.box,
      threshold: 0.5,
      thresholdFrom: 'nothing was held out',
      minDistance: options.diameter / 2,
      deviationRange: deviationRangeOf(trainingDeviations(split)),
      recipe: recipe.name,
      labels,
      accuracy: best.accuracy,
      epochs: best.epoch,
      seed,
    };
    const model: Model = { architecture, weights: best.weights, metadata };
    const threshold = await chooseThreshold(engine, model, split.heldOut);
    yield {
      kind: 'done',
      model: { ...model, metadata: { ...metadata, ...threshold } },
      interrupted: settings.signal?.aborted ?? false,
      epoch: best.epoch,
    };
  } finally {
    await Promise.all([workers.close(), engine.close()]);
  }
}

/** Reads and prepares every micrograph; the first one's pixel size is the model's. */
async function gather(
  micrographs: Iterable<LabelledMicrograph> | AsyncIterable<LabelledMicrograph>,
  settings: { diameter: number; architecture: Architecture; edge: number; signal?: AbortSignal },
) {
  const { diameter, architecture, edge } = settings;
  const preparation = choosePreparation(diameter, architecture.box);
  const box = 2 * Math.max(1, Math.round((BOX_DIAMETERS * diameter) / 2));
  const prepared: PreparedMicrograph[] = [];
  let pixelSize: number | null = null;
  for await (const labelled of micrographs) {
    if (settings.signal?.aborted) break;
    if (prepared.length === 0) pixelSize = labelled.micrograph.pixelSize;
    prepared.push(prepareLabelled(labelled, { preparation, pixelSize, box: architecture.box, edge }));
  }
  if (prepared.length === 0 && !settings.signal?.aborted) {
    throw new LabelError({
      what: 'There is nothing to train on',
      received: 'no labelled micrographs',
      expected: 'at least one',
    });
  }
  const warnings = prepared.flatMap((one) => one.warnings.map((warning) => `${one.name}: ${warning}`));
  return { preparation, box, prepared, pixelSize, warnings };
}

/** Held-out boxes; none where the held-out micrographs have no usable labels. */
function heldOutExamples(
  split: Split,
  box: number,
  negatives: Parameters<typeof makeExamples>[2],
  source: Random,
): Example[] {
  const labelled = split.heldOut.some((region) => region.micrograph.positives.some((point) => inRegion(region, point)));
  return labelled ? makeExamples(split.heldOut, box, negatives, source) : [];
}

function countLabels(split: Split, examples: readonly Example[], heldOut: readonly Example[]): ModelMetadata['labels'] {
  const count = (all: readonly Example[], target: number) => all.filter((example) => example.target === target).length;
  return {
    positives: count(examples, 1),
    negatives: count(examples, 0),
    heldOutPositives: count(heldOut, 1),
    micrographs: split.training.length,
    heldOutMicrographs: split.heldOut.length,
  };
}

function fewLabels(positives: number): string[] {
  return positives < FEW_LABELS ? [`only ${positives} labels to train on; ${FEW_LABELS} or more are better`] : [];
}

function trainingDeviations(split: Split): number[] {
  return split.training.flatMap((region) =>
    region.micrograph.positives.flatMap((point, i) =>
      inRegion(region, point) ? [region.micrograph.deviations[i]] : [],
    ),
  );
}

interface Run {
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly batch: number;
  readonly steps: number;
  readonly turned: TurnedExample[];
  readonly workers: GradientWorkers;
  readonly engine: Engine;
  readonly heldOut: readonly Example[];
}

interface Best {
  readonly weights: Weights;
  readonly epoch: number;
  readonly accuracy: number | null;
}

/** All epochs; returns the weights of the epoch with the best held-out accuracy (the last one without held-out boxes). */
async function* runEpochs(
  run: Run,
  signal: AbortSignal | undefined,
): AsyncGenerator<StepReport | EpochReport, Best, void> {
  const { recipe, architecture } = run;
  const order = random(run.seed, STREAM.order);
  let weights = initialWeights(architecture, random(run.seed, STREAM.weights));
  let optimiser = startOptimiser(recipe.optimiser, parameterLayout(architecture).size);
  let best: Best = { weights, epoch: 0, accuracy: null };
  const stepsPerEpoch = run.steps / recipe.epochs;
  for (let epoch = 1; epoch <= recipe.epochs && !signal?.aborted; epoch++) {
    shuffle(run.turned, order);
    let total = 0;
    let done = 0;
    for (; done < stepsPerEpoch && !signal?.aborted; done++) {
      const part = run.turned.slice(done * run.batch, (done + 1) * run.batch);
      const targets = Float32Array.from(part, ({ example }) => example.target);
      const result = await run.workers.compute(weights, { boxes: cutBoxes(part, architecture.box), targets }, order);
      const updated = updateWeights(recipe.optimiser, optimiser, weights.values, result.gradient, recipe.learningRate);
      optimiser = updated.state;
      weights = { values: updated.weights, statistics: runningStatistics(weights.statistics, result.statistics) };
      total += result.loss;
      yield { kind: 'step', step: (epoch - 1) * stepsPerEpoch + done + 1, steps: run.steps, loss: result.loss };
    }
    const accuracy = await accuracyOf(run, weights);
    if (accuracy === null || best.accuracy === null || accuracy > best.accuracy) best = { weights, epoch, accuracy };
    yield { kind: 'epoch', epoch, epochs: recipe.epochs, loss: total / Math.max(1, done), accuracy };
  }
  return best;
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
