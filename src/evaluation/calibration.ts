/**
 * From scores to probabilities. Platt scaling (Platt 1999): the probability that a pick of score s is a particle is
 * 1 / (1 + exp(-(slope * logit(s) + intercept))), fitted to picks that were judged.
 */

import type { CurvePoint } from './curve.js';

/** A Platt scaling. */
export interface Calibration {
  readonly slope: number;
  readonly intercept: number;
}

/** Judged picks of one score. */
export interface ScoredCount {
  readonly score: number;
  /** Picks that found a true centre, and picks that did not. */
  readonly hits: number;
  readonly misses: number;
}

const NEWTON_STEPS = 50;
/** Scores are kept this far from 0 and 1, where logits are infinite. */
const SMALLEST = 1e-7;

/** What is known of a scaling before picks are judged: normal distributions of slope and intercept. */
export interface CalibrationPrior extends Calibration {
  readonly slopeSd: number;
  readonly interceptSd: number;
}

/** Almost nothing is known; enough to keep the fit finite where scores separate hits from misses. */
const NOTHING_KNOWN: CalibrationPrior = {
  slope: 1,
  intercept: 0,
  slopeSd: Math.sqrt(1e3),
  interceptSd: Math.sqrt(1e3),
};
const BINS = 10;

/** Of a score; of one closer to 0 or 1 than 1e-7 that of 1e-7 from there. */
export function logit(score: number): number {
  const kept = Math.min(1 - SMALLEST, Math.max(SMALLEST, score));
  return Math.log(kept / (1 - kept));
}

/** The score of a logit. */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** The probability for a score; it grows with the score. Null leaves scores as they are. */
export function calibrate(calibration: Calibration | null, score: number): number {
  return calibration ? sigmoid(calibration.slope * logit(score) + calibration.intercept) : score;
}

/** Hits and misses of each score of a curve. */
export function countsOf(curve: readonly CurvePoint[]): ScoredCount[] {
  return curve.map(({ threshold, kept, found }, i) => {
    const before = curve[i - 1] ?? { kept: 0, found: 0 };
    const hits = found - before.found;
    return { score: threshold, hits, misses: kept - before.kept - hits };
  });
}

/** Newton's steps are at most 1 long: where groups hardly overlap they would overshoot. */
function limited(step: number): number {
  return Math.max(-1, Math.min(1, step));
}

/**
 * Fits slope and intercept by Newton's method. As Platt did, hits count as (n + 1) / (n + 2) and misses as 1 / (n + 2), with n
 * the number of either: few picks, or groups that do not overlap, must not make scores of 0 and 1.
 *
 * @param prior - what is known before; almost nothing by default
 * @returns null where nothing is known before and there are no hits or no misses, or where scores do not help
 */
export function fitCalibration(
  counts: readonly ScoredCount[],
  prior: CalibrationPrior = NOTHING_KNOWN,
): Calibration | null {
  const total = (of: (count: ScoredCount) => number) => counts.reduce((sum, count) => sum + of(count), 0);
  const [allHits, allMisses] = [total(({ hits }) => hits), total(({ misses }) => misses)];
  if ((allHits === 0 || allMisses === 0) && prior === NOTHING_KNOWN) return null;
  const [hit, miss] = [(allHits + 1) / (allHits + 2), 1 / (allMisses + 2)];
  let { slope, intercept } = prior;
  const [slopeWeight, interceptWeight] = [1 / prior.slopeSd ** 2, 1 / prior.interceptSd ** 2];
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [gs, gi] = [slopeWeight * (slope - prior.slope), interceptWeight * (intercept - prior.intercept)];
    let [hss, hsi, hii] = [slopeWeight, 0, interceptWeight];
    for (const { score, hits, misses } of counts) {
      const z = logit(score);
      const p = sigmoid(slope * z + intercept);
      const error = p * (hits + misses) - (hit * hits + miss * misses);
      const weight = p * (1 - p) * (hits + misses);
      gs += error * z;
      gi += error;
      hss += weight * z * z;
      hsi += weight * z;
      hii += weight;
    }
    const determinant = hss * hii - hsi * hsi;
    slope -= limited((hii * gs - hsi * gi) / determinant);
    intercept -= limited((hss * gi - hsi * gs) / determinant);
  }
  return slope > 0 && Number.isFinite(slope + intercept) ? { slope, intercept } : null;
}

/**
 * Expected calibration error: the mean difference between probability and share of hits over ten bins of probability,
 * weighted by their picks (Guo et al. 2017). 0 without picks.
 */
export function calibrationError(calibration: Calibration | null, counts: readonly ScoredCount[]): number {
  const bins = Array.from({ length: BINS }, () => ({ picks: 0, hits: 0, probability: 0 }));
  for (const { score, hits, misses } of counts) {
    const probability = calibrate(calibration, score);
    const bin = bins[Math.min(BINS - 1, Math.floor(BINS * probability))];
    bin.picks += hits + misses;
    bin.hits += hits;
    bin.probability += probability * (hits + misses);
  }
  const picks = bins.reduce((sum, bin) => sum + bin.picks, 0);
  return bins.reduce((sum, bin) => sum + Math.abs(bin.probability - bin.hits), 0) / Math.max(1, picks);
}

/** The calibration error of a fit on picks that it was not fitted to: every second one, both ways. */
export function crossCalibrationError(counts: readonly ScoredCount[], prior?: CalibrationPrior): number {
  const half = (remainder: number) => counts.filter((_, i) => i % 2 === remainder);
  const error = (fitted: number, judged: number) => calibrationError(fitCalibration(half(fitted), prior), half(judged));
  return (error(0, 1) + error(1, 0)) / 2;
}
