import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { calibrate, calibrationError, countsOf, crossCalibrationError, fitCalibration } from './calibration.js';
import { fMeasure, precisionRecall } from './curve.js';
import { choosePoint, expectedThreshold, thresholdRange } from './threshold.js';

/** Picks whose score is too sure: a pick of score s is a particle with probability `calibrate(TRUE, s)`. */
const TRUE = { slope: 0.5, intercept: -0.4 };
const source = random(3);
const HITS = Array.from({ length: 4000 }, () => {
  const score = source.uniform();
  return { score, hit: source.uniform() < calibrate(TRUE, score) };
});
const TRUTH = HITS.filter(({ hit }) => hit).length + 100;
const CURVE = precisionRecall(HITS, TRUTH);

describe('calibration', () => {
  it('finds the scaling that made the picks, within 0.1', () => {
    const found = fitCalibration(countsOf(CURVE));
    expect(found?.slope).toBeCloseTo(TRUE.slope, 1);
    expect(found?.intercept).toBeCloseTo(TRUE.intercept, 1);
  });

  it('lowers the calibration error on picks it was not fitted to from above 0.1 to below 0.03', () => {
    const counts = countsOf(CURVE);
    expect(calibrationError(null, counts)).toBeGreaterThan(0.1);
    expect(crossCalibrationError(counts)).toBeLessThan(0.03);
  });

  it('of a few picks stays near what is known before, of many does not', () => {
    const prior = { slope: 1, slopeSd: 0.2, intercept: -2, interceptSd: 0.5 };
    const few = [{ score: 0.9, hits: 3, misses: 0 }];
    expect(fitCalibration(few)).toBeNull();
    const near = fitCalibration(few, prior);
    expect(Math.abs((near?.intercept ?? 0) - prior.intercept)).toBeLessThan(prior.interceptSd);
    expect(fitCalibration(countsOf(CURVE), prior)?.intercept).toBeCloseTo(TRUE.intercept, 1);
  });

  it('keeps order; without one scores stay', () => {
    expect(calibrate(TRUE, 0.4)).toBeLessThan(calibrate(TRUE, 0.41));
    expect(calibrate(null, 0.3)).toBe(0.3);
  });

  it('is not made of hits alone, of misses alone, or of scores that mislead', () => {
    expect(fitCalibration([{ score: 0.5, hits: 3, misses: 0 }])).toBeNull();
    expect(fitCalibration([{ score: 0.5, hits: 0, misses: 3 }])).toBeNull();
    const misleading = fitCalibration([
      { score: 0.9, hits: 0, misses: 50 },
      { score: 0.1, hits: 50, misses: 0 },
    ]);
    expect(misleading).toBeNull();
  });

  it('stays away from 0 and 1 where scores separate hits from misses', () => {
    const found = fitCalibration([
      { score: 0.9, hits: 50, misses: 0 },
      { score: 0.1, hits: 0, misses: 50 },
    ]);
    expect(found).not.toBeNull();
    expect(calibrate(found, 0.9)).toBeGreaterThan(0.95);
    expect(calibrate(found, 0.9)).toBeLessThan(0.999);
  });
});

describe('threshold', () => {
  it('of F2 is the highest within 0.005 of the best, of F1 the middle one', () => {
    const best = Math.max(...CURVE.map((point) => fMeasure(point, 2)));
    const chosen = choosePoint(CURVE, 2);
    if (!chosen) throw new Error('no threshold');
    expect(fMeasure(chosen, 2)).toBeGreaterThanOrEqual(best - 0.005);
    for (const point of CURVE.filter(({ threshold }) => threshold > chosen.threshold)) {
      expect(fMeasure(point, 2)).toBeLessThan(best - 0.005);
    }
    const f1 = choosePoint(CURVE, 1);
    const bestF1 = Math.max(...CURVE.map((point) => fMeasure(point, 1)));
    expect(f1 && fMeasure(f1, 1)).toBeGreaterThan(bestF1 - 0.006);
    expect(f1?.threshold).toBeGreaterThan(chosen.threshold);
    expect(choosePoint([], 2)).toBeNull();
  });

  it('has a range that holds it, and is narrower for more picks', () => {
    const width = ([low, high]: [number, number]) => high - low;
    const range = thresholdRange(CURVE, TRUTH, 2, random(1));
    const chosen = choosePoint(CURVE, 2)?.threshold ?? 0;
    expect(range[0]).toBeLessThanOrEqual(chosen + 0.02);
    expect(range[1]).toBeGreaterThanOrEqual(chosen - 0.02);
    const few = HITS.slice(0, 100);
    const fewTruth = few.filter(({ hit }) => hit).length + 3;
    expect(width(thresholdRange(precisionRecall(few, fewTruth), fewTruth, 2, random(1)))).toBeGreaterThan(width(range));
  });
});

describe('expectedThreshold', () => {
  it('is where the best F1 of the picks themselves is, for probabilities that are right', () => {
    const threshold = expectedThreshold(countsOf(CURVE), TRUE, 100, 1);
    const f1At = (lowest: number) => {
      const kept = CURVE.findLast((point) => calibrate(TRUE, point.threshold) >= lowest);
      return kept ? fMeasure(kept, 1) : 0;
    };
    const best = Math.max(...CURVE.map((point) => fMeasure(point, 1)));
    expect(f1At(threshold)).toBeGreaterThan(best - 0.005);
  });

  it('is lower for F2', () => {
    const of = (beta: 1 | 2) => expectedThreshold(countsOf(CURVE), TRUE, 100, beta);
    expect(of(2)).toBeLessThan(of(1));
  });
});
