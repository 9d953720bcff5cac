/** What a training is made of: what it learns from, which weights it starts from, and what is held out. */

import { defined } from '../core/defined.js';
import { random } from '../core/random.js';
import type { Architecture } from '../network/architecture.js';
import type { Weights } from '../network/parameters.js';
import type { DeviceChoice } from '../picking/device.js';
import { type BatchSource, patchesOf, turnedBoxes } from './batches.js';
import type { Checkpoint } from './checkpoint.js';
import type { EarlierModel } from './earlier.js';
import {
  assertTrainable,
  countLabels,
  type Example,
  type HeldOutColumns,
  labelsIn,
  makeExamples,
  type Split,
  splitAsBefore,
  splitMicrographs,
} from './examples.js';
import type { gather } from './gather.js';
import { makeLabelMap } from './label-map.js';
import type { PreparedMicrograph } from './labelled.js';
import type { Recipe } from './recipe.js';
import type { DataReport } from './reports.js';
import { SEED_STREAM } from './seeds.js';
import { type Start, startOf } from './start.js';

/** Share of the micrographs that are held out by default. */
const TEST_FRACTION = 0.2;
/** Fewer labels than this are worth a warning. */
const FEW_LABELS = 50;

/** Options of a training, with the defaults. */
export interface Settings {
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
  readonly device: DeviceChoice;
  readonly threads?: number;
  readonly checkpoint?: Checkpoint;
  readonly signal?: AbortSignal;
}

/** What was read. */
export type Data = Awaited<ReturnType<typeof gather>>;

/** What is trained on, from which weights, and what is held out. */
export interface Plan {
  readonly split: Split;
  readonly start: Start;
  readonly heldOut: readonly Example[];
  readonly source: BatchSource;
  readonly report: DataReport;
}

/** @throws LabelError if nothing can be trained on */
export function planTraining(data: Data, prepared: readonly PreparedMicrograph[], settings: Settings): Plan {
  const { architecture, seed, diameter, earlier, start: general } = settings;
  const split = splitOf(prepared, settings);
  const start = startOf(settings.recipe, architecture, data.prepared, {
    ...{ diameter, seed, trained: split.training.flatMap(labelsIn).length },
    ...defined({ earlier: earlier?.model.weights, general }),
  });
  const { recipe } = start;
  const negatives = { perPositive: recipe.negativesPerPositive, distance: recipe.negativeDistance * diameter };
  const examples = makeExamples(split.training, architecture.box, negatives, random(seed, SEED_STREAM.negatives));
  assertTrainable(examples, split.training.length, data.warnings);
  const heldOut = makeExamples(split.heldOut, architecture.box, negatives, random(seed, SEED_STREAM.heldOutNegatives));
  const labels = countLabels(split, examples, heldOut, recipe);
  const source = sourceOf(recipe, architecture, examples, split, diameter);
  const report: DataReport = {
    ...{ kind: 'data', labels, architecture, factor: data.preparation.factor, start: start.from },
    steps: source.epochs * source.stepsPerEpoch,
    warnings: [...data.warnings, ...fewLabels(labels.positives)],
    heldOut: split.heldOut.map(({ micrograph, from, to }) => ({ name: micrograph.name, columns: [from, to] })),
  };
  return { split, start, heldOut, source, report };
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

function fewLabels(positives: number): string[] {
  return positives < FEW_LABELS ? [`only ${positives} labels to train on; ${FEW_LABELS} or more are better`] : [];
}
