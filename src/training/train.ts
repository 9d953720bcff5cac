/** Training: labelled micrographs in, a model out, a report after every epoch. It prints nothing and touches no disk. */

import { UsageError } from '../core/errors.js';
import { random } from '../core/random.js';
import { PROGRAM } from '../core/version.js';
import type { Architecture } from '../network/architecture.js';
import type { Model } from '../network/model.js';
import type { Weights } from '../network/parameters.js';
import { deviationRangeOf } from '../picking/deviation.js';
import type { DeviceChoice } from '../picking/device.js';
import { unevennessLimitOf } from '../picking/unevenness.js';
import { threadCount } from '../runtime/cpus.js';
import { type Engine, startEngine } from '../runtime/engine.js';
import { type BatchSource, patchesOf, turnedBoxes } from './batches.js';
import type { Checkpoint } from './checkpoint.js';
import { openGradientWorkers } from './device.js';
import { compare, type EarlierModel, lossOfSure, withUnsure } from './earlier.js';
import { chanceOf, runEpochs } from './epochs.js';
import {
  assertTrainable,
  countLabels,
  type Example,
  type HeldOutColumns,
  inRegion,
  labelsIn,
  makeExamples,
  type Split,
  splitAsBefore,
  splitMicrographs,
} from './examples.js';
import { gather } from './gather.js';
import { checkLabels, type LabelCheck, objectiveOf } from './label-check.js';
import { makeLabelMap } from './label-map.js';
import type { LabelledMicrograph, PreparedMicrograph } from './labelled.js';
import { AUTO_RECIPE, type Recipe } from './recipe.js';
import type { TrainReport } from './reports.js';
import { SEED_STREAM } from './seeds.js';
import { startOf, withStart } from './start.js';
import { chooseThreshold } from './threshold.js';

/** How a network is trained. */
export interface TrainOptions {
  /** Particle diameter in full-size pixels. */
  readonly diameter: number;
  /** Angstroms per pixel that lengths in pixels refer to, or null; that of the first micrograph by default. */
  readonly pixelSize?: number | null;
  /** Network; the recipe's by default. */
  readonly architecture?: Architecture;
  /** A trained network that the training starts from, of the same architecture: the general model, with `FEW_LABELS_RECIPE`. */
  readonly start?: Weights;
  /** Training recipe; `AUTO_RECIPE` by default. */
  readonly recipe?: Recipe;
  /**
   * Share of micrographs held out for accuracy and threshold; by default 0.2, or none where the recipe spares none of so few
   * labels.
   */
  readonly testFraction?: number;
  /** Labels and negatives closer to the edge than this many full-size pixels are left out; half the diameter by default. */
  readonly edge?: number;
  /** Columns to be held out, by micrograph, as in an earlier training; `testFraction` then does not count. */
  readonly heldOut?: HeldOutColumns;
  /** An earlier model whose sorted picks are among the labels; it is what comes out unless the new one is surely better on what is held out. */
  readonly earlier?: EarlierModel;
  /** Whether all particles are labelled; by default the recipe finds out after the first epoch, or takes them as complete. */
  readonly labels?: 'complete' | 'incomplete' | 'auto';
  /** Seed of every random choice; 1 by default. */
  readonly seed?: number;
  /** Threads; all cores by default. */
  readonly threads?: number;
  /** What computes the gradients; the CPU by default. */
  readonly device?: DeviceChoice;
  /** A state of the same training, to go on from. */
  readonly checkpoint?: Checkpoint;
  /** Ends training after the current step; the best model so far is returned. */
  readonly signal?: AbortSignal;
}

/** Share of the micrographs that are held out by default. */
const TEST_FRACTION = 0.2;
/** Fewer labels than this are worth a warning. */
const FEW_LABELS = 50;

/**
 * Trains a network.
 *
 * @param micrographs - read one after the other; only their prepared images are kept
 * @returns reports; the last one, of kind `done`, holds the model (there is none if the signal comes before any training)
 * @throws LabelError if nothing can be trained on; UsageError if the recipe cannot learn from incomplete labels
 */
export async function* train(
  micrographs: Iterable<LabelledMicrograph> | AsyncIterable<LabelledMicrograph>,
  options: TrainOptions,
): AsyncGenerator<TrainReport, void, void> {
  const settings = {
    architecture: (options.recipe ?? AUTO_RECIPE).architecture,
    labels: 'auto' as const,
    edge: options.diameter / 2,
    seed: 1,
    device: 'cpu' as const,
    recipe: AUTO_RECIPE,
    ...options,
  };
  const { architecture, seed } = settings;
  assertObjective(settings);
  const threads = threadCount(settings.threads);
  const data = await gather(micrographs, settings);
  if (settings.signal?.aborted) return;
  const split = splitOf(await sortedPicks(data.prepared, settings.earlier, threads), settings);
  const trained = split.training.flatMap(labelsIn).length;
  const start = startOf(settings.recipe, architecture, data.prepared, {
    ...{ diameter: options.diameter, trained, seed },
    ...(settings.earlier && { earlier: settings.earlier.model.weights }),
    ...(settings.start && { general: settings.start }),
  });
  const { recipe } = start;
  const negatives = { perPositive: recipe.negativesPerPositive, distance: recipe.negativeDistance * options.diameter };
  const examples = makeExamples(split.training, architecture.box, negatives, random(seed, SEED_STREAM.negatives));
  assertTrainable(examples, split.training.length, data.warnings);
  const heldOut = makeExamples(split.heldOut, architecture.box, negatives, random(seed, SEED_STREAM.heldOutNegatives));
  const labels = countLabels(split, examples, heldOut, recipe);
  const source = sourceOf(recipe, architecture, examples, split, options.diameter);
  yield {
    kind: 'data',
    labels,
    architecture,
    factor: data.preparation.factor,
    start: start.from,
    steps: source.epochs * source.stepsPerEpoch,
    warnings: [...data.warnings, ...fewLabels(labels.positives)],
    heldOut: split.heldOut.map(({ micrograph, from, to }) => ({ name: micrograph.name, columns: [from, to] })),
  };
  const positions = recipe.sampling.kind === 'patches' ? recipe.sampling.positions : 1;
  const { workers, ...found } = await openGradientWorkers(settings.device, {
    ...{ architecture, loss: recipe.loss, batch: source.batch, positions, threads },
  });
  const engine = startEngine(threads);
  try {
    if (settings.device !== 'cpu') yield { kind: 'device', ...found };
    const smoothing = (recipe.smoothing * options.diameter) / data.preparation.factor;
    const run = {
      ...{ architecture, seed, source, workers, engine, heldOut, start },
      checkLabels: labelChecker(engine, settings, split, smoothing),
      checkpoint: settings.checkpoint ?? null,
    };
    const best = yield* runEpochs(run, settings.signal);
    const labelsComplete = best.labelCheck?.complete ?? settings.labels !== 'incomplete';
    const metadata = {
      program: PROGRAM,
      preparation: data.preparation,
      pixelSize: data.pixelSize,
      diameter: options.diameter,
      box: data.box,
      threshold: 0.5,
      thresholdFrom: '',
      thresholds: null,
      calibration: null,
      calibrationError: null,
      prevalence: null,
      mustStandOut: false,
      usual: null,
      objective: objectiveOf(labelsComplete, start),
      minDistance: options.diameter / 2,
      smoothing,
      deviationRange: deviationRangeOf(atPositives(split, 'deviations').flat()),
      unevennessLimit: recipe.unevennessFilter ? unevennessLimitOf(atPositives(split, 'unevenness')) : null,
      scoring: recipe.scoring,
      recipe: recipe.name,
      labels,
      accuracy: best.accuracy,
      chance: chanceOf(heldOut),
      epochs: best.epoch,
      seed,
    };
    const model: Model = { architecture, weights: withStart(best.weights, start), metadata };
    const chosen = await chooseThreshold(engine, model, split, {
      ...{ recipe, seed, labelsComplete, few: start.few },
      fromGeneral: start.from === 'general',
    });
    const trainedModel: Model = { ...model, metadata: { ...metadata, ...chosen.choice } };
    const earlier = isUnseen(split, settings) ? settings.earlier?.model : undefined;
    const comparison = earlier ? await compare(engine, earlier, trainedModel, split.heldOut, seed) : null;
    const before = settings.earlier?.model;
    const loss = before ? await lossOfSure(engine, before, trainedModel, data.prepared) : null;
    const isWorse = (earlier !== undefined && !comparison?.isBetter) || loss?.isTooMuch === true;
    const kept = before && isWorse ? before : null;
    yield {
      kind: 'done',
      model: kept ?? trainedModel,
      interrupted: settings.signal?.aborted ?? false,
      epoch: best.epoch,
      heldOut: chosen.heldOut,
      before: comparison?.before ?? null,
      kept: kept !== null,
      loss,
    };
  } finally {
    await Promise.all([workers.close(), engine.close()]);
  }
}

/** What the earlier model found besides, where its picks were sorted. */
async function sortedPicks(
  prepared: readonly PreparedMicrograph[],
  earlier: EarlierModel | undefined,
  threads: number,
): Promise<readonly PreparedMicrograph[]> {
  if (!earlier) return prepared;
  const engine = startEngine(threads);
  try {
    return await withUnsure(engine, prepared, earlier);
  } finally {
    await engine.close();
  }
}

/** Whether the earlier model was trained on nothing of what is held out. */
function isUnseen({ heldOut }: Split, settings: Settings): boolean {
  const isNew = (name: string) => settings.heldOut !== undefined || settings.earlier?.reviewed.has(name) === true;
  return heldOut.length > 0 && heldOut.every(({ micrograph }) => isNew(micrograph.name));
}

/** The risk of unlabelled places is part of the patches' loss. */
function assertObjective({ recipe, labels }: Settings): void {
  if (labels !== 'incomplete' || recipe.sampling.kind === 'patches') return;
  throw new UsageError({
    what: `Recipe ${recipe.name} takes every place without a label as no particle`,
    received: 'labels that are incomplete',
    expected: 'a recipe that learns from patches, such as auto',
  });
}

function splitOf(
  prepared: readonly PreparedMicrograph[],
  { heldOut, testFraction, recipe, seed, diameter, earlier }: Settings,
): Split {
  const gap = recipe.boxDiameters * diameter;
  if (heldOut) return splitAsBefore(prepared, heldOut, gap);
  const labels = prepared.reduce((sum, { positives }) => sum + positives.length, 0);
  const fraction = testFraction ?? (labels >= recipe.holdOutFrom ? TEST_FRACTION : 0);
  return splitMicrographs(prepared, fraction, gap, random(seed, SEED_STREAM.split), earlier?.reviewed);
}

/** What looks after the first epoch whether labels are missing; null where that is known, or not used. */
function labelChecker(
  engine: Engine,
  { recipe, labels, architecture, diameter }: Settings,
  split: Split,
  smoothing: number,
): ((weights: Weights) => Promise<LabelCheck>) | null {
  const { sampling } = recipe;
  if (sampling.kind !== 'patches' || labels === 'complete') return null;
  const particleDistance = sampling.particleDistance * diameter;
  const options = { diameter, smoothing, particleDistance };
  return async (weights) => {
    const check = await checkLabels(engine, architecture, weights, split.training, options);
    return labels === 'auto' ? check : { ...check, complete: false };
  };
}

function sourceOf(
  recipe: Recipe,
  architecture: Architecture,
  examples: readonly Example[],
  split: Split,
  diameter: number,
): BatchSource {
  const { sampling } = recipe;
  if (sampling.kind === 'turned-boxes') return turnedBoxes(examples, architecture.box, recipe);
  const distances = {
    particle: sampling.particleDistance * diameter,
    unknown: recipe.negativeDistance * diameter,
  };
  const maps = split.training.map((region) => makeLabelMap(region, architecture.box, distances));
  return patchesOf(maps, architecture, recipe, sampling);
}

/** What the helpers below need to know. */
interface Settings {
  readonly diameter: number;
  readonly pixelSize?: number | null;
  readonly recipe: Recipe;
  readonly architecture: Architecture;
  readonly edge: number;
  readonly labels: 'complete' | 'incomplete' | 'auto';
  readonly seed: number;
  readonly testFraction?: number;
  readonly heldOut?: HeldOutColumns;
  readonly earlier?: EarlierModel;
  readonly start?: Weights;
  readonly checkpoint?: Checkpoint;
  readonly signal?: AbortSignal;
}

function fewLabels(positives: number): string[] {
  return positives < FEW_LABELS ? [`only ${positives} labels to train on; ${FEW_LABELS} or more are better`] : [];
}

/** A measure at the positives that are trained on, by micrograph. */
function atPositives(split: Split, measure: 'deviations' | 'unevenness'): number[][] {
  return split.training.map((region) =>
    region.micrograph.positives.flatMap((point, i) => (inRegion(region, point) ? [region.micrograph[measure][i]] : [])),
  );
}
