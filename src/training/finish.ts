/** The end of a training: what is chosen on what is held out, and whether an earlier model stays. */

import { PROGRAM } from '../core/version.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { Model, ModelMetadata } from '../network/model.js';
import { deviationRangeOf } from '../picking/deviation.js';
import { unevennessLimitOf } from '../picking/unevenness.js';
import type { Engine } from '../runtime/engine.js';
import { compare, lossOfSure, type SureLoss } from './earlier.js';
import { type Best, chanceOf } from './epochs.js';
import { inRegion, type Split } from './examples.js';
import { objectiveOf } from './label-check.js';
import type { PreparedMicrograph } from './labelled.js';
import type { Data, Plan, Settings } from './plan.js';
import { withStart } from './start.js';
import { chooseThreshold } from './threshold.js';

/** What the last steps need to know. */
export interface Trained {
  readonly data: Data;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly best: Best;
  /** In prepared pixels. */
  readonly smoothing: number;
}

/** The model, with everything that is chosen on what is held out. */
export async function finish(
  engine: Engine,
  trained: Trained,
): Promise<{ readonly model: Model; readonly heldOut: Evaluation | null }> {
  const { plan, settings, best } = trained;
  const labelsComplete = best.labelCheck?.complete ?? settings.labels !== 'incomplete';
  const metadata = metadataOf(trained, labelsComplete);
  const model = { architecture: settings.architecture, weights: withStart(best.weights, plan.start), metadata };
  const { choice, heldOut } = await chooseThreshold(engine, model, plan.split, {
    ...{ recipe: plan.start.recipe, seed: settings.seed, labelsComplete, few: plan.start.few },
    fromGeneral: plan.start.from === 'general',
  });
  return { model: { ...model, metadata: { ...metadata, ...choice } }, heldOut };
}

/** What a model says of itself before anything was chosen on what is held out. */
function metadataOf({ data, plan, settings, best, smoothing }: Trained, labelsComplete: boolean): ModelMetadata {
  const { split, start } = plan;
  const { recipe } = start;
  return {
    ...{ program: PROGRAM, preparation: data.preparation, pixelSize: data.pixelSize },
    ...{ diameter: settings.diameter, box: data.box },
    ...{ threshold: 0.5, thresholdFrom: '', thresholds: null },
    ...{ calibration: null, calibrationError: null, prevalence: null, mustStandOut: false, usual: null },
    objective: objectiveOf(labelsComplete, start),
    minDistance: settings.diameter / 2,
    smoothing,
    deviationRange: deviationRangeOf(atPositives(split, 'deviations').flat()),
    unevennessLimit: recipe.unevennessFilter ? unevennessLimitOf(atPositives(split, 'unevenness')) : null,
    ...{ scoring: recipe.scoring, recipe: recipe.name, labels: plan.report.labels },
    ...{ accuracy: best.accuracy, chance: chanceOf(plan.heldOut), epochs: best.epoch, seed: settings.seed },
  };
}

/** What an earlier model says to a new one. */
export interface Verdict {
  /** The earlier one, where it stays. */
  readonly kept: Model | null;
  /** The earlier one on what is held out, where that is new to it. */
  readonly before: Evaluation | null;
  readonly loss: SureLoss | null;
}

/** Holds the new model against an earlier one, if there is one. */
export async function againstEarlier(
  engine: Engine,
  model: Model,
  {
    prepared,
    plan,
    settings,
  }: { readonly prepared: readonly PreparedMicrograph[]; readonly plan: Plan; readonly settings: Settings },
): Promise<Verdict> {
  const earlier = settings.earlier?.model;
  if (!earlier) return { kept: null, before: null, loss: null };
  const isNew = isUnseen(plan.split, settings);
  const comparison = isNew ? await compare(engine, earlier, model, plan.split.heldOut, settings.seed) : null;
  const loss = await lossOfSure(engine, earlier, model, prepared);
  const isWorse = (comparison !== null && !comparison.isBetter) || loss.isTooMuch;
  return { kept: isWorse ? earlier : null, before: comparison?.before ?? null, loss };
}

/** Whether the earlier model was trained on nothing of what is held out. */
function isUnseen({ heldOut }: Split, settings: Settings): boolean {
  const isNew = (name: string) => settings.heldOut !== undefined || settings.earlier?.reviewed.has(name) === true;
  return heldOut.length > 0 && heldOut.every(({ micrograph }) => isNew(micrograph.name));
}

/** A measure at the positives that are trained on, by micrograph. */
function atPositives(split: Split, measure: 'deviations' | 'unevenness'): number[][] {
  return split.training.map((region) =>
    region.micrograph.positives.flatMap((point, i) => (inRegion(region, point) ? [region.micrograph[measure][i]] : [])),
  );
}
