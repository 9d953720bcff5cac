/** What is chosen on held-out regions, once these are scored: smallest distance, filters, calibration, threshold. */

import { random } from '../core/random.js';
import { counted } from '../core/words.js';
import {
  type Calibration,
  calibrate,
  countsOf,
  crossCalibrationError,
  fitCalibration,
  type ScoredCount,
} from '../evaluation/calibration.js';
import { type CurvePoint, fMeasure } from '../evaluation/curve.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { choosePoint, expectedThreshold, thresholdRange } from '../evaluation/threshold.js';
import type { Model, ModelMetadata } from '../network/model.js';
import { labelsIn } from './examples.js';
import { gainsOver, isSure } from './gains.js';
import type { Recipe } from './recipe.js';
import { type Filters, judge, judgedRegion, type ScoredRegion, tellsNoise } from './scored-region.js';
import { SEED_STREAM } from './seeds.js';

/** Smallest distances that are tried, in particle diameters; the paper's authors chose theirs by hand for each data set. */
const DISTANCES = [0.4, 0.6, 0.7, 0.8, 0.9];
/** What holds until held-out labels show something better. */
const USUAL_DISTANCE = 0.5;
/** Held-out labels from which on a choice is made: what fewer show does not last (docs/results.md). */
const LEAST_LABELS = 100;
/**
 * With fewer held-out labels than this the curve is too coarse to read a threshold off it (docs/results.md); where it is known what trainings
 * come to, probabilities are the better guide with any number.
 */
const FEW_HELD_OUT = 200;
/** Held-out labels from which on the share of particles, and the error of the probabilities, are worth saying. */
const LEAST_COUNTED = 20;
/**
 * The filter against uneven ground stays unless it costs more than this of F1 and average precision together: held-out
 * micrographs were chosen to be labelled, and those to be picked may be worse.
 */
const GROUND_FILTER_COST = 0.01;

/** What is chosen on held-out micrographs. */
export type Choice = Pick<
  ModelMetadata,
  | 'threshold'
  | 'thresholdFrom'
  | 'thresholds'
  | 'minDistance'
  | 'deviationRange'
  | 'unevennessLimit'
  | 'calibration'
  | 'calibrationError'
  | 'prevalence'
>;

/** How the choice is made. */
export interface ChoiceOptions {
  readonly recipe: Recipe;
  readonly seed: number;
}

/**
 * Chooses the smallest distance and which filters are used: the usual ones, unless others surely gain. Then calibrates the scores, and takes
 * the threshold with the best F1 or F2, as the recipe says.
 *
 * @returns the choice and how the model does with it, or why nothing could be chosen
 */
export function choose(
  model: Model,
  scored: readonly ScoredRegion[],
  { recipe, seed }: ChoiceOptions,
): { choice: Choice; heldOut: Evaluation } | { unchosen: string } {
  const filters = chooseFilters(model, scored, { recipe, seed });
  const heldOut = judge(model, scored, filters);
  const { truthCount, curve } = heldOut;
  const [f1, f2] = [choosePoint(curve, 1), choosePoint(curve, 2)];
  if (!f1 || !f2 || truthCount === 0) {
    const candidates = f1 ? 'candidates' : 'no candidates';
    return { unchosen: `${candidates} for ${counted(truthCount, 'held-out label')}` };
  }
  const points = { f1, f2: f2.threshold < f1.threshold ? f2 : f1 };
  const chosen = points[recipe.threshold];
  // A network that cannot tell these micrographs from noise cannot tell an empty one either.
  const isTold = scored.some((one) => tellsNoise(model, one, filters, chosen.threshold) ?? true);
  const prior = recipe.calibrationPrior ?? undefined;
  const counts = countsOf(curve);
  const calibration = fitCalibration(counts, prior);
  const isCounted = calibration !== null && truthCount >= LEAST_COUNTED;
  const thresholds = chooseThresholds(heldOut, points, calibration, { recipe, seed });
  const beta = recipe.threshold === 'f1' ? 1 : 2;
  const found = `best F${beta} ${fMeasure(chosen, beta).toFixed(3)} (precision ${chosen.precision.toFixed(3)}, recall ${chosen.recall.toFixed(3)})`;
  const choice = {
    ...{ threshold: thresholds[recipe.threshold].threshold, thresholds },
    thresholdFrom: `${found} for ${counted(truthCount, 'label')} of ${counted(scored.length, 'held-out micrograph')}`,
    ...{ ...filters, calibration },
    calibrationError: isCounted ? crossCalibrationError(counts, prior) : null,
    prevalence: isCounted && isTold ? prevalenceOf(counts) : null,
  };
  return { choice, heldOut };
}

/** Both thresholds, each with the range in which it lies in 68 of 100 cases. */
function chooseThresholds(
  { truthCount, curve }: Evaluation,
  points: Readonly<Record<'f1' | 'f2', CurvePoint>>,
  calibration: Calibration | null,
  { recipe, seed }: ChoiceOptions,
): NonNullable<Choice['thresholds']> {
  const source = random(seed, SEED_STREAM.bootstrap);
  const isByCurve = calibration === null || (recipe.calibrationPrior === null && truthCount >= FEW_HELD_OUT);
  const missed = truthCount - (curve.at(-1)?.found ?? 0);
  const thresholdOf = (point: CurvePoint, beta: 1 | 2) => {
    const [low, high] = thresholdRange(curve, truthCount, beta, source).map((score) => calibrate(calibration, score));
    const threshold = isByCurve
      ? calibrate(calibration, point.threshold)
      : expectedThreshold(countsOf(curve), calibration, missed, beta);
    return { threshold, low: Math.min(low, threshold), high: Math.max(high, threshold) };
  };
  return { f1: thresholdOf(points.f1, 1), f2: thresholdOf(points.f2, 2) };
}

/** Share of the candidates that are particles; null unless there are some of both kinds. */
function prevalenceOf(counts: readonly ScoredCount[]): number | null {
  const hits = counts.reduce((sum, count) => sum + count.hits, 0);
  const misses = counts.reduce((sum, count) => sum + count.misses, 0);
  return hits > 0 && misses > 0 ? hits / (hits + misses) : null;
}

/** Distance and filters: the usual ones, or others where they surely gain. */
function chooseFilters(model: Model, scored: readonly ScoredRegion[], { recipe, seed }: ChoiceOptions): Filters {
  const { diameter, deviationRange, unevennessLimit } = model.metadata;
  const always = recipe.deviationFilter === 'always';
  const usual: Filters = {
    minDistance: USUAL_DISTANCE * diameter,
    deviationRange: always ? deviationRange : null,
    unevennessLimit,
  };
  const labels = scored.reduce((sum, one) => sum + labelsIn(one.region).length, 0);
  if (labels < LEAST_LABELS) return usual;
  const source = random(seed, SEED_STREAM.bootstrap);
  const picksOf = (filters: Filters) => scored.map((one) => judgedRegion(model, one, filters));
  const better = (now: Filters, others: readonly Filters[], cost = 0): Filters => {
    const gains = gainsOver(picksOf(now), others.map(picksOf), diameter, source);
    const sure = others.filter((_, i) => isSure(gains[i], cost));
    const gainOf = (filters: Filters) => gains[others.indexOf(filters)].mean;
    return sure.reduce((best, one) => (best === now || gainOf(one) > gainOf(best) ? one : best), now);
  };
  const apart = better(
    usual,
    DISTANCES.map((distance) => ({ ...usual, minDistance: distance * diameter })),
  );
  const even =
    unevennessLimit === null ? apart : better(apart, [{ ...apart, unevennessLimit: null }], GROUND_FILTER_COST);
  return always || deviationRange === null ? even : better(even, [{ ...even, deviationRange }]);
}
