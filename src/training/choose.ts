/** What is chosen on held-out regions, once these are scored: smallest distance, filters, calibration, threshold. */

import {
  calibrate,
  countsOf,
  crossCalibrationError,
  fitCalibration,
  type ScoredCount,
} from '../evaluation/calibration.js';
import { type CurvePoint, fMeasure } from '../evaluation/curve.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { choosePoint, thresholdRange } from '../evaluation/threshold.js';
import type { Model, ModelMetadata } from '../network/model.js';
import { random } from '../random.js';
import type { Recipe } from './recipe.js';
import { judge, type ScoredRegion, tellsNoise } from './scored-region.js';
import { SEED_STREAM } from './seeds.js';

/** Smallest distances that are tried, in particle diameters; the paper's authors chose theirs by hand for each data set. */
const DISTANCES = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/**
 * With fewer held-out labels than this the curve is too coarse to read a threshold off it (docs/results.md). Of probabilities, the threshold with
 * the best F_beta is that best F_beta over 1 + beta^2 (Lipton, Elkan & Naryanaswamy 2014): the calibration, a fit to all
 * candidates, is surer than single ones.
 */
const FEW_HELD_OUT = 200;
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
 * Chooses the smallest distance (and, where the recipe lets it, which filters are used) with the best mean of F1 and average
 * precision; then calibrates the scores, and takes the threshold with the best F1 or F2, as the recipe says.
 *
 * @returns the choice and how the model does with it, or why nothing could be chosen
 */
export function choose(
  model: Model,
  scored: readonly ScoredRegion[],
  { recipe, seed }: ChoiceOptions,
): { choice: Choice; heldOut: Evaluation } | { unchosen: string } {
  const { diameter, deviationRange, unevennessLimit } = model.metadata;
  const ranges = recipe.deviationFilter === 'always' ? [deviationRange] : [null, deviationRange];
  const limits = unevennessLimit === null ? [null] : [unevennessLimit, null];
  const choices = limits.flatMap((limit) =>
    ranges.flatMap((range) =>
      DISTANCES.map((distance) => {
        const choice = { minDistance: distance * diameter, deviationRange: range, unevennessLimit: limit };
        const result = judge(model, scored, choice);
        return { ...choice, result, merit: merit(result) + (limit === null ? 0 : GROUND_FILTER_COST) };
      }),
    ),
  );
  const best = choices.reduce((a, b) => (b.merit > a.merit ? b : a));
  const { truthCount, curve } = best.result;
  const [f1, f2] = [choosePoint(curve, 1), choosePoint(curve, 2)];
  if (!f1 || !f2 || truthCount === 0) {
    const candidates = f1 ? 'candidates' : 'no candidates';
    return { unchosen: `${truthCount} labels and ${candidates} were held out` };
  }
  const counts = countsOf(curve);
  const calibration = fitCalibration(counts);
  const probability = (score: number) => calibrate(calibration, score);
  const source = random(seed, SEED_STREAM.bootstrap);
  const choiceOf = (point: CurvePoint, beta: 1 | 2) => {
    const [low, high] = thresholdRange(curve, truthCount, beta, source).map(probability);
    const threshold = fewHeldOut ? fMeasure(point, beta) / (1 + beta ** 2) : probability(point.threshold);
    return { threshold, low: Math.min(low, threshold), high: Math.max(high, threshold) };
  };
  const points = { f1, f2: f2.threshold < f1.threshold ? f2 : f1 };
  const fewHeldOut = truthCount < FEW_HELD_OUT && calibration !== null;
  const thresholds = { f1: choiceOf(points.f1, 1), f2: choiceOf(points.f2, 2) };
  const beta = recipe.threshold === 'f1' ? 1 : 2;
  const chosen = points[recipe.threshold];
  const found = `best F${beta} ${fMeasure(chosen, beta).toFixed(3)} (precision ${chosen.precision.toFixed(3)}, recall ${chosen.recall.toFixed(3)})`;
  // A network that cannot tell these micrographs from noise cannot tell an empty one either.
  const isTold = scored.some((one) => tellsNoise(model, one, best, chosen.threshold) ?? true);
  const choice = {
    threshold: thresholds[recipe.threshold].threshold,
    thresholdFrom: `${found} for ${truthCount} labels of ${scored.length} held-out micrographs`,
    thresholds,
    minDistance: best.minDistance,
    deviationRange: best.deviationRange,
    unevennessLimit: best.unevennessLimit,
    calibration,
    calibrationError: calibration && crossCalibrationError(counts),
    prevalence: calibration && isTold ? prevalenceOf(counts) : null,
  };
  return { choice, heldOut: best.result };
}

/** Share of the candidates that are particles: there are some of both kinds where scores can be calibrated. */
function prevalenceOf(counts: readonly ScoredCount[]): number {
  const hits = counts.reduce((sum, count) => sum + count.hits, 0);
  const misses = counts.reduce((sum, count) => sum + count.misses, 0);
  return hits / (hits + misses);
}

function merit({ bestF1, averagePrecision }: Evaluation): number {
  return (bestF1?.f1 ?? 0) + averagePrecision;
}
