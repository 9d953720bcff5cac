/** What is chosen on held-out micrographs: smallest distance, standard-deviation filter, calibration, threshold. */

import {
  calibrate,
  countsOf,
  crossCalibrationError,
  fitCalibration,
  type ScoredCount,
} from '../evaluation/calibration.js';
import { type CurvePoint, fMeasure } from '../evaluation/curve.js';
import { type EvaluatedMicrograph, type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { mixtureThreshold } from '../evaluation/mixture.js';
import { choosePoint, thresholdRange } from '../evaluation/threshold.js';
import type { Model, ModelMetadata } from '../network/model.js';
import type { Particle, Point } from '../particle.js';
import { automaticStep, openPicker } from '../picking/pick.js';
import { CANDIDATE_SCORE } from '../picking/prevalence.js';
import { type ScoreMap, smooth } from '../picking/score-map.js';
import { type Grounds, groundsOf, selectParticles } from '../picking/selection.js';
import { random } from '../random.js';
import type { Engine } from '../runtime/engine.js';
import { matchRadius } from '../sizes.js';
import { inRegion, labelsIn, type Region, type Split } from './examples.js';
import type { Recipe } from './recipe.js';
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
 * Where precision cannot be measured, candidates that are particles with more than this probability are picked: F1 is best a
 * little below a half (see above), and the groups of the scores are no normal distributions. Set with beta-galactosidase in view.
 */
const LIKELY = 0.3;
/** Training micrographs whose candidates are looked at then. */
const MOST_REGIONS = 3;
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

/** What to judge with. */
export interface ChooseOptions {
  readonly recipe: Recipe;
  readonly seed: number;
  /** False where labels are missing: then precision cannot be measured, and only a threshold is found. */
  readonly labelsComplete: boolean;
  /** Whether labels were so few that the training was a short one. */
  readonly few: boolean;
}

/**
 * Picks the held-out regions as `pick` does (none of them counts as nearly empty), and chooses the smallest distance (and, where the recipe lets it, which filters are
 * used) with the best mean of F1 and average precision; then calibrates the scores, and takes the
 * threshold with the best F1 or F2, as the recipe says. Where labels are missing, only the threshold is found, from the scores of the
 * candidates in the training regions.
 *
 * @returns the choice (only words where nothing can be chosen), and how the model does with it
 */
export async function chooseThreshold(
  engine: Engine,
  model: Model,
  split: Split,
  { recipe, seed, labelsComplete, few }: ChooseOptions,
): Promise<{ choice: Partial<Choice>; heldOut: Evaluation | null }> {
  const regions = split.heldOut;
  const usual = recipe.deviationFilter === 'always' ? {} : { deviationRange: null };
  const unchosen = (reason: string) => ({
    choice: { ...usual, thresholdFrom: `the middle: ${reason}` },
    heldOut: null,
  });
  if (!labelsComplete || (few && regions.length === 0)) {
    const reason = labelsComplete ? 'nothing was held out' : 'labels are missing, so that precision cannot be measured';
    const threshold = await thresholdFromScores(engine, model, split.training);
    if (threshold === null) return unchosen(`${reason}, and candidates are too few`);
    const thresholdFrom = `two groups of the candidates' scores: ${reason}`;
    return { choice: { ...usual, threshold, thresholdFrom }, heldOut: null };
  }
  if (regions.length === 0) return unchosen('nothing was held out');
  const { diameter, deviationRange, unevennessLimit } = model.metadata;
  const scored = await scoreRegions(engine, model, regions);
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
    return unchosen(`${truthCount} labels and ${candidates} were held out`);
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
  const choice = {
    threshold: thresholds[recipe.threshold].threshold,
    thresholdFrom: `${found} for ${truthCount} labels of ${regions.length} held-out micrographs`,
    thresholds,
    minDistance: best.minDistance,
    deviationRange: best.deviationRange,
    unevennessLimit: best.unevennessLimit,
    calibration,
    calibrationError: calibration && crossCalibrationError(counts),
    prevalence: calibration && prevalenceOf(counts),
  };
  return { choice, heldOut: best.result };
}

/** Share of the candidates that are particles: there are some of both kinds where scores can be calibrated. */
function prevalenceOf(counts: readonly ScoredCount[]): number {
  const hits = counts.reduce((sum, count) => sum + count.hits, 0);
  const misses = counts.reduce((sum, count) => sum + count.misses, 0);
  return hits / (hits + misses);
}

/** Judges a model on regions, with its own distance and filters. */
export async function judgeModel(engine: Engine, model: Model, regions: readonly Region[]): Promise<Evaluation> {
  return judge(model, await scoreRegions(engine, model, regions), model.metadata);
}

function merit({ bestF1, averagePrecision }: Evaluation): number {
  return (bestF1?.f1 ?? 0) + averagePrecision;
}

interface ScoredRegion {
  readonly region: Region;
  readonly scoreMap: ScoreMap;
  readonly grounds: Grounds;
}

async function scoreRegions(engine: Engine, model: Model, regions: readonly Region[]): Promise<ScoredRegion[]> {
  const { smoothing, preparation, diameter } = model.metadata;
  const picker = openPicker(engine, model);
  const scored: ScoredRegion[] = [];
  for (const region of regions) {
    const { image, grey } = region.micrograph;
    const scorer = await picker.scorer(automaticStep(model, image), model.metadata.scoring.turns);
    const scoreMap = smooth(await scorer.score(image), smoothing);
    scored.push({ region, scoreMap, grounds: groundsOf(grey, preparation, diameter) });
  }
  await picker.release();
  return scored;
}

/** The threshold between the two groups of the scores of all candidates in some regions; null where there are too few. */
async function thresholdFromScores(engine: Engine, model: Model, regions: readonly Region[]): Promise<number | null> {
  const scored = await scoreRegions(engine, model, regions.slice(0, MOST_REGIONS));
  const choice = { ...model.metadata, deviationRange: null };
  const candidates = scored.flatMap((one) => candidatesOf(model, one, choice));
  return mixtureThreshold(
    candidates.map(({ score }) => score),
    LIKELY,
  );
}

type Filters = Pick<Choice, 'minDistance' | 'deviationRange' | 'unevennessLimit'>;

/** What may be a particle in a region. */
function candidatesOf(
  { architecture }: Model,
  { region, scoreMap, grounds }: ScoredRegion,
  { minDistance, deviationRange, unevennessLimit }: Filters,
): Required<Particle>[] {
  const { edge, scale } = region.micrograph;
  const { particles } = selectParticles(scoreMap, grounds, region.micrograph, {
    threshold: CANDIDATE_SCORE,
    edge,
    minDistance: minDistance * scale,
    prevalence: null,
    deviationRange,
    unevennessLimit,
    overlapDistance: null,
    box: architecture.box,
  });
  return particles.filter((point) => inRegion(region, point));
}

/** Picks against labels, in pixels of the model's pixel size. */
function judge(model: Model, scored: readonly ScoredRegion[], filters: Filters): Evaluation {
  const micrographs = scored.map((one): EvaluatedMicrograph => {
    const { name, scale } = one.region.micrograph;
    const inModelPixels = <P extends Point>(points: readonly P[]) =>
      points.map((point) => ({ ...point, x: point.x / scale, y: point.y / scale }));
    const truth = inModelPixels(labelsIn(one.region));
    return { name, picks: inModelPixels(candidatesOf(model, one, filters)), truth };
  });
  return evaluate(micrographs, { radius: matchRadius(model.metadata.diameter) });
}
