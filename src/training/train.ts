/** Training: labelled micrographs in, a model out, a report after every epoch. It prints nothing and touches no disk. */

import { LabelError } from '../errors.js';
import type { Architecture } from '../network/architecture.js';
import type { Model, ModelMetadata } from '../network/model.js';
import { deviationRangeOf } from '../picking/deviation.js';
import { BOX_DIAMETERS, choosePreparation } from '../picking/prepare.js';
import { random } from '../random.js';
import { startEngine, threadCount } from '../runtime/engine.js';
import { PROGRAM } from '../version.js';
import { planEpochs, runEpochs, SEED_STREAM } from './epochs.js';
import { assertTrainable, type Example, inRegion, makeExamples, type Split, splitMicrographs } from './examples.js';
import { startGradientWorkers } from './gradient-workers.js';
import { type LabelledMicrograph, type PreparedMicrograph, prepareLabelled } from './labelled.js';
import { AUTO_RECIPE, type Recipe } from './recipe.js';
import type { TrainReport } from './reports.js';
import { chooseThreshold } from './threshold.js';

/** How a network is trained. */
export interface TrainOptions {
  /** Particle diameter in full-size pixels. */
  readonly diameter: number;
  /** Network; the recipe's by default. */
  readonly architecture?: Architecture;
  /** Training recipe; `AUTO_RECIPE` by default. */
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

/** Fewer labels than this are worth a warning. */
const FEW_LABELS = 50;

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
  const recipe = options.recipe ?? AUTO_RECIPE;
  const settings = {
    architecture: recipe.architecture,
    testFraction: 0.2,
    edge: options.diameter / 2,
    seed: 1,
    ...options,
    recipe,
  };
  const { architecture, seed } = settings;
  const threads = threadCount(settings.threads);
  const data = await gather(micrographs, settings);
  if (settings.signal?.aborted) return;
  const gap = recipe.boxDiameters * options.diameter;
  const split = splitMicrographs(data.prepared, settings.testFraction, gap, random(seed, SEED_STREAM.split));
  const negatives = { perPositive: recipe.negativesPerPositive, distance: recipe.negativeDistance * options.diameter };
  const examples = makeExamples(split.training, architecture.box, negatives, random(seed, SEED_STREAM.negatives));
  assertTrainable(examples, split.training.length, data.warnings);
  const heldOut = makeExamples(split.heldOut, architecture.box, negatives, random(seed, SEED_STREAM.heldOutNegatives));
  const labels = countLabels(split, examples, heldOut);
  const { batch, epochs, steps } = planEpochs(recipe, examples.length);
  yield {
    kind: 'data',
    labels,
    architecture,
    factor: data.preparation.factor,
    steps,
    warnings: [...data.warnings, ...fewLabels(labels.positives)],
    heldOut: split.heldOut.map(({ micrograph, from, to }) => ({ name: micrograph.name, columns: [from, to] })),
  };
  const workers = await startGradientWorkers({ architecture, loss: recipe.loss, batch, threads });
  const engine = startEngine(threads);
  try {
    const run = { architecture, recipe, epochs, seed, batch, steps, examples, workers, engine, heldOut };
    const best = yield* runEpochs(run, settings.signal);
    const metadata = {
      program: PROGRAM,
      preparation: data.preparation,
      pixelSize: data.pixelSize,
      diameter: options.diameter,
      box: data.box,
      threshold: 0.5,
      thresholdFrom: '',
      minDistance: options.diameter / 2,
      smoothing: (recipe.smoothing * options.diameter) / data.preparation.factor,
      deviationRange: deviationRangeOf(trainingDeviations(split)),
      recipe: recipe.name,
      labels,
      accuracy: best.accuracy,
      epochs: best.epoch,
      seed,
    };
    const model: Model = { architecture, weights: best.weights, metadata };
    const threshold = await chooseThreshold(engine, model, recipe, split.heldOut);
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
  settings: { diameter: number; recipe: Recipe; architecture: Architecture; edge: number; signal?: AbortSignal },
) {
  const { diameter, architecture, edge } = settings;
  const preparation = choosePreparation(diameter, architecture.box, settings.recipe.boxDiameters);
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
