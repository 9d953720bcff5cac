import { describe, expect, it } from 'vitest';
import { blur } from '../imaging/blur.js';
import { wholeFrame } from '../imaging/frame.js';
import { noiseImage } from '../testing/helpers.js';
import {
  areaInDiameters,
  LARGEST_DISTANCE,
  lookAtScores,
  spectrumDistance,
  spectrumOf,
  unusualIn,
  usualDensity,
  usualOf,
} from './usual.js';

const spectrum = (seed: number) => spectrumOf(noiseImage(256, 256, seed));
/** A field of 100 squares of a diameter with so many particles of a score, among candidates of a low one. */
const field = (particles: number, score: number) => ({
  scores: [...Array<number>(particles).fill(score), ...Array<number>(50).fill(0.01)],
  threshold: 0.3,
  area: 100,
});
const USUAL = usualOf([1, 2, 3].map(spectrum), [field(20, 0.9), field(30, 0.8)]);
if (!USUAL) throw new Error('nothing is usual');

describe('spectrumOf', () => {
  it('of noise is about 1 in every band, whatever the part of the image', () => {
    const [low, ...rest] = spectrumOf(noiseImage(700, 300, 5));
    expect(Math.abs(low)).toBeLessThan(1);
    for (const value of rest) expect(Math.abs(value)).toBeLessThan(0.5);
  });

  it('is near the usual ones for another field of the kind, far for a filtered one', () => {
    expect(spectrumDistance(spectrum(4), USUAL.spectrum)).toBeLessThan(LARGEST_DISTANCE);
    const filtered = spectrumOf(blur(noiseImage(256, 256, 4), 1.5));
    expect(spectrumDistance(filtered, USUAL.spectrum)).toBeGreaterThan(2 * LARGEST_DISTANCE);
  });
});

describe('usualOf', () => {
  it('holds the range of counts and strengths of the micrographs', () => {
    expect(USUAL.density).toEqual({ low: 0.2, high: 0.3 });
    expect(usualDensity(USUAL)).toBeCloseTo(0.25, 9);
    expect(USUAL.strength.low).toBeLessThan(USUAL.strength.high);
  });

  it('is nothing without micrographs', () => {
    expect(usualOf([], [])).toBeNull();
  });
});

describe('unusualIn', () => {
  const words = (particles: number, score: number) =>
    unusualIn(lookAtScores(field(particles, score), usualDensity(USUAL)), USUAL);

  it('says nothing of a micrograph like the others', () => {
    expect(words(25, 0.85)).toBeNull();
    expect(words(60, 0.9)).toBeNull();
  });

  it.each([
    [25, 0.4, 'scores are lower than usual'],
    [100, 0.9, 'many particles'],
    [3, 0.99999, 'scores are lower than usual'],
  ])('says what is unusual of %d particles with a score of %d', (particles, score, expected) => {
    expect(words(particles, score)).toBe(expected);
  });

  it('says that particles are few where their scores are as high as ever', () => {
    const usual = { ...USUAL, strength: { low: -20, high: 20 } };
    expect(unusualIn(lookAtScores(field(6, 0.99), usualDensity(usual)), usual)).toBe('few particles');
  });
});

describe('areaInDiameters', () => {
  it('leaves the edge out', () => {
    expect(areaInDiameters(wholeFrame({ width: 121, height: 61 }), 10, 10)).toBe(40);
  });
});
