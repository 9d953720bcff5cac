/** The thresholds with the best F1 and the best F2 (paper, Fig. 3f), and how sure they are. */

import type { Random } from '../core/random.js';
import { type Calibration, calibrate, type ScoredCount } from './calibration.js';
import { bestPoint, type CurvePoint, fMeasure, precisionRecall, type ScoredHit } from './curve.js';

/** F within this of its best counts as equal: the curve is flat there, and a few hundred labels do not tell it better. */
const TOLERANCE = 0.005;
const RESAMPLES = 100;
/** Percentiles of the resampled thresholds that are given: one standard deviation to each side. */
const RANGE = [0.16, 0.84] as const;

/**
 * The point whose F is about the best; null for an empty curve. For F2, whose plateau reaches far down, it is the highest
 * such threshold; for F1 the middle one.
 */
export function choosePoint(curve: readonly CurvePoint[], beta: 1 | 2): CurvePoint | null {
  const best = bestPoint(curve, beta);
  if (!best) return null;
  const equal = curve.filter((point) => fMeasure(point, beta) >= fMeasure(best, beta) - TOLERANCE);
  return equal[beta === 2 ? 0 : equal.length >> 1];
}

/**
 * The threshold with the best F_beta that probabilities lead one to expect: of probabilities, it is that best F_beta over 1 + beta^2 (Lipton,
 * Elkan & Naryanaswamy 2014). All candidates decide, where a curve is read off at a single one.
 *
 * @param counts - candidates
 * @param calibration - what makes their scores probabilities
 * @param missed - true centres that no candidate found
 */
export function expectedThreshold(
  counts: readonly ScoredCount[],
  calibration: Calibration,
  missed: number,
  beta: 1 | 2,
): number {
  const candidates = counts
    .map(({ score, hits, misses }) => ({ probability: calibrate(calibration, score), count: hits + misses }))
    .sort((a, b) => b.probability - a.probability);
  const truths = missed + candidates.reduce((sum, { probability, count }) => sum + probability * count, 0);
  let [kept, found, best] = [0, 0, 0];
  for (const { probability, count } of candidates) {
    kept += count;
    found += probability * count;
    best = Math.max(best, ((1 + beta ** 2) * found) / (kept + beta ** 2 * truths));
  }
  return best / (1 + beta ** 2);
}

/**
 * Where the threshold of `choosePoint` lies in 68 of 100 cases, by bootstrap: the same number of true centres and false picks,
 * drawn again with replacement.
 *
 * @param truthCount - true centres behind the curve
 */
export function thresholdRange(
  curve: readonly CurvePoint[],
  truthCount: number,
  beta: 1 | 2,
  random: Random,
): [number, number] {
  const units: (ScoredHit | null)[] = [];
  let [kept, found] = [0, 0];
  for (const point of curve) {
    const hits = point.found - found;
    for (let i = kept; i < point.kept; i++) units.push({ score: point.threshold, hit: i - kept < hits });
    [kept, found] = [point.kept, point.found];
  }
  for (let i = found; i < truthCount; i++) units.push(null);
  const thresholds = Array.from({ length: RESAMPLES }, () => {
    const drawn = units.map(() => units[random.integer(units.length)]);
    const picks = drawn.filter((unit) => unit !== null);
    const truths = drawn.length - picks.filter(({ hit }) => !hit).length;
    return choosePoint(precisionRecall(picks, truths), beta)?.threshold ?? 0;
  }).sort((a, b) => a - b);
  const at = (share: number) => thresholds[Math.floor(share * (RESAMPLES - 1))];
  return [at(RANGE[0]), at(RANGE[1])];
}
