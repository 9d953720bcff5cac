import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxDifference, noiseImage } from '../testing/helpers.js';
import { boxDeviation, boxDeviations, deviationRangeOf, medianDeviation } from './deviation.js';
import { findPeaks, suppressClose } from './peaks.js';
import { choosePreparation, factorFor, prepare } from './prepare.js';
import type { ScoreMap } from './score-map.js';

function scoreMap(width: number, height: number, values: [number, number, number][], step = 1, factor = 1): ScoreMap {
  const pixels = new Float32Array(width * height);
  for (const [x, y, value] of values) pixels[y * width + x] = value;
  return { pixels, width, height, step, origin: 0, factor };
}

describe('findPeaks', () => {
  it('finds local maxima above the threshold, to a fraction of a step, in full-size pixels', () => {
    const map = scoreMap(
      9,
      9,
      [
        [2, 3, 0.75],
        [3, 3, 0.5],
        [7, 7, 0.25],
      ],
      3,
      2,
    );
    expect(findPeaks(map, 0.5)).toEqual([{ x: 2 * (3 * 2.25 + 0.5) - 0.5, y: 2 * 9.5 - 0.5, score: 0.75 }]);
    expect(findPeaks(map, 0.25).map(({ score }) => score)).toEqual([0.75, 0.25]);
  });

  it('finds peaks at edges and corners, without wrapping to the next row', () => {
    const map = scoreMap(50, 50, [
      [49, 25, 0.9],
      [0, 26, 0.8],
      [0, 0, 0.7],
      [49, 49, 0.6],
    ]);
    expect(
      findPeaks(map, 0.5)
        .map(({ score }) => Number(score.toFixed(1)))
        .sort(),
    ).toEqual([0.6, 0.7, 0.8, 0.9]);
    expect(suppressClose(findPeaks(map, 0.5), 5)).toHaveLength(4);
  });

  it('takes one peak of a plateau of two', () => {
    expect(
      findPeaks(
        scoreMap(5, 5, [
          [2, 2, 1],
          [3, 2, 1],
        ]),
        0.5,
      ),
    ).toHaveLength(1);
  });
});

describe('suppressClose', () => {
  const particles = fc.array(
    fc.record({
      x: fc.integer({ min: 0, max: 60 }),
      y: fc.integer({ min: 0, max: 60 }),
      score: fc.constantFrom(0.25, 0.5, 1),
    }),
    { maxLength: 60 },
  );

  it('keeps the best of each neighbourhood, whatever the order of the input', () => {
    fc.assert(
      fc.property(particles, fc.integer({ min: 1, max: 20 }), (list, distance) => {
        const kept = suppressClose(list, distance);
        expect(suppressClose([...list].reverse(), distance)).toEqual(kept);
        for (const one of list) {
          const near = (other: { x: number; y: number }) => Math.hypot(one.x - other.x, one.y - other.y) < distance;
          expect(
            kept.some((other) => other.score >= one.score && (near(other) || (other.x === one.x && other.y === one.y))),
          ).toBe(true);
        }
        kept.forEach((a, i) => {
          for (const b of kept.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThanOrEqual(distance);
        });
      }),
    );
  });
});

describe('prepare', () => {
  it('chooses a factor so that 1.5 diameters fill the box, whole where nearly whole', () => {
    expect(choosePreparation(108, 40, 1.5).factor).toBe(4);
    expect(choosePreparation(61, 40, 1.5).factor).toBeCloseTo((1.5 * 61) / 40, 12);
    expect(choosePreparation(108, 272, 1.5).factor).toBeCloseTo(162 / 272, 12);
  });

  it('corrects the factor for another pixel size, and wants one where the model has one', () => {
    const preparation = choosePreparation(108, 40, 1.5);
    expect(factorFor(preparation, 1.77, 3.54)).toBe(2);
    expect(factorFor(preparation, 1.77, 1.7702)).toBe(4);
    expect(factorFor(preparation, null, 3.54)).toBe(4);
    expect(() => factorFor(preparation, 1.77, null)).toThrow(/--pixel-size/);
    for (const wrong of [100, 0.01, 1e30])
      expect(() => factorFor(preparation, 1.77, wrong)).toThrow(/too far from that of the model/);
  });

  it('refuses to blow a micrograph up beyond all measure', () => {
    const image = noiseImage(1000, 1000, 1);
    expect(() => prepare(image, choosePreparation(4, 1024, 1.5), 0.005)).toThrow(/would be too large.*1000x1000/);
  });

  it('equals the documented preprocessing in NumPy, max |d| < 1e-4', () => {
    const golden = JSON.parse(readFileSync('test/fixtures/prepare.json', 'utf8'));
    const [width, height] = [61, 50];
    const pixels = Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return 100 + 0.5 * x + 10 * Math.sin(x * 0.7) * Math.cos(y * 0.9) + ((x * 7 + y * 13) % 5);
    });
    const preparation = { factor: 2.5, backgroundSigma: 4, varianceSigma: 8, limit: 6 };
    const { image } = prepare({ pixels, width, height }, preparation, 2.5);
    expect([image.width, image.height]).toEqual([golden.width, golden.height]);
    expect(maxDifference(image.pixels, golden.values)).toBeLessThan(1e-4);
  });
});

describe('standard deviation of boxes', () => {
  it('is that of the pixels in the box, also at the edge and far from zero', () => {
    const image = noiseImage(40, 30, 1);
    const shifted = { ...image, pixels: image.pixels.map((value) => 2 * value + 30_000) };
    const values: number[] = [];
    for (let y = 6; y < 14; y++) for (let x = 16; x < 24; x++) values.push(shifted.pixels[y * 40 + x]);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const expected = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(boxDeviation(shifted, { x: 19.5, y: 9.5 }, 8)).toBeCloseTo(expected, 3);
    expect(boxDeviation(shifted, { x: 39, y: 29 }, 8)).toBeGreaterThan(1);
    expect(boxDeviation(shifted, { x: 39, y: 29 }, 8)).toBeLessThan(3);
  });

  it('relative to the median box does not depend on exposure', () => {
    const image = noiseImage(64, 64, 2);
    const brighter = { ...image, pixels: image.pixels.map((value) => 7 * value + 100) };
    const points = [
      { x: 20, y: 20 },
      { x: 40, y: 30 },
    ];
    expect(
      maxDifference(boxDeviations(image, 1, points, 16, 'median'), boxDeviations(brighter, 1, points, 16, 'median')),
    ).toBeLessThan(1e-4);
    expect(boxDeviations(brighter, 1, points, 16, 'grey')[0]).toBeCloseTo(
      7 * boxDeviations(image, 1, points, 16, 'grey')[0],
      3,
    );
    expect(medianDeviation(image, 16)).toBeCloseTo(1, 1);
  });

  it('allows the 2nd to 98th percentile, widened by a quarter', () => {
    const values = Array.from({ length: 101 }, (_, i) => 1 + i / 100);
    const range = deviationRangeOf(values);
    expect(range?.min).toBeCloseTo(1.02 - 0.12, 6);
    expect(range?.max).toBeCloseTo(1.98 + 0.12, 6);
    expect(deviationRangeOf([])).toBeNull();
  });
});
