import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { estimatePrevalence, oddsFactor, timesOdds } from './prevalence.js';

const USUAL = 0.4;
const CANDIDATES = 1000;

/** Probabilities, calibrated for the usual prevalence, of candidates whose scores spread normally around -1.5 or 1.5. */
function probabilities(share: number): number[] {
  const source = random(5);
  return Array.from({ length: CANDIDATES }, (_, i) => {
    const centre = i < share * CANDIDATES ? 1.5 : -1.5;
    const score = centre + source.normal();
    return 1 / (1 + ((1 - USUAL) / USUAL) * Math.exp(-3 * score));
  });
}

describe('estimatePrevalence', () => {
  it.each([0.8, 0.4, 0.1, 0.01])('finds a share of %d from scores that are calibrated for another', (share) => {
    const ratio = estimatePrevalence(probabilities(share), USUAL) / share;
    expect(Math.abs(Math.log(ratio))).toBeLessThan(0.3);
  });

  it('is never 0, so that a particle of 0.999 stays one in an otherwise empty micrograph', () => {
    const values = [0.999, ...Array<number>(200).fill(0.01)];
    expect(timesOdds(0.999, oddsFactor(values, USUAL))).toBeGreaterThan(0.9);
    expect(estimatePrevalence([], USUAL)).toBeCloseTo(USUAL, 6);
  });
});

describe('oddsFactor', () => {
  it('is 1 where a micrograph has a tenth of the usual odds or more, less where it is emptier', () => {
    expect(oddsFactor(probabilities(0.8), USUAL)).toBe(1);
    expect(oddsFactor(probabilities(0.08), USUAL)).toBe(1);
    const share = estimatePrevalence(probabilities(0.02), USUAL);
    expect(oddsFactor(probabilities(0.02), USUAL)).toBeCloseTo((10 * share) / (1 - share) / (0.4 / 0.6), 9);
  });
});

describe('timesOdds', () => {
  it('multiplies odds, and leaves 0 and 1', () => {
    expect(timesOdds(0.5, 1 / 3)).toBeCloseTo(0.25, 12);
    expect([timesOdds(0, 0.1), timesOdds(1, 0.1)]).toEqual([0, 1]);
  });
});
