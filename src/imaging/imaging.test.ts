import { describe, expect, it } from 'vitest';
import { maxDifference, noiseImage } from '../testing/helpers.js';
import { blur } from './blur.js';
import { repairDefects } from './defects.js';
import { filterByFrequency } from './fft.js';
import { normalise } from './normalise.js';
import { extract, mirror } from './pad.js';
import { resample, toFullSize, toResampled } from './resample.js';
import { rotateQuarter } from './rotate.js';
import { medianInPlace, percentile, robustStatistics, selectInPlace } from './statistics.js';
import { cutTurnedInto } from './turn.js';

describe('resample', () => {
  it('bins by the mean of whole blocks', () => {
    const image = { pixels: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), width: 5, height: 2 };
    expect(resample(image, 2)).toEqual({ pixels: Float32Array.of(4, 6), width: 2, height: 1 });
  });

  it.each([
    [3, 1e-4],
    [0.5, 1e-4],
    [0.7, 1e-4],
    [1.5, 0.1],
    [4.05, 0.1],
  ])('keeps a ramp a ramp at factor %s: value = full-size coordinate within %s', (factor, tolerance) => {
    const width = 64;
    const image = { pixels: Float32Array.from({ length: width * 40 }, (_, i) => i % width), width, height: 40 };
    const small = resample(image, factor);
    const errors = Array.from(
      { length: small.width - 4 },
      (_, i) => small.pixels[5 * small.width + i + 2] - toFullSize(i + 2, factor),
    );
    for (const error of errors) expect(Math.abs(error)).toBeLessThan(tolerance);
    expect(Math.abs(errors.reduce((a, b) => a + b) / errors.length)).toBeLessThan(0.01);
  });

  it('places binned pixel i at b * i + (b - 1) / 2 and back', () => {
    expect(toFullSize(7, 4)).toBe(29.5);
    expect(toResampled(29.5, 4)).toBe(7);
    expect(toResampled(toFullSize(3.25, 2.7), 2.7)).toBeCloseTo(3.25, 12);
  });
});

describe('turned squares', () => {
  const image = noiseImage(40, 30, 3);
  const cut = (square: { left: number; top: number; side: number; angle: number; zoom: number }) => {
    const target = new Float32Array(square.side ** 2);
    cutTurnedInto(target, image, square);
    return target;
  };

  it.each([
    [5, 7],
    [-4, 25],
  ])('as it stands and by quarter turns is the plain square from %d, %d', (left, top) => {
    const plain = extract(image, left, top, 9, 9).pixels;
    for (const turns of [0, 1, 2, 3]) {
      const turned = cut({ left, top, side: 9, angle: (turns * Math.PI) / 2, zoom: 1 });
      const wanted = Float32Array.from(plain);
      rotateQuarter(wanted, 9, turns);
      expect(maxDifference(turned, wanted)).toBeLessThan(1e-5);
    }
  });

  it('shows a plane exactly at any angle and zoom', () => {
    const plane = {
      width: 40,
      height: 30,
      pixels: Float32Array.from({ length: 1200 }, (_, i) => 2 * (i % 40) - 3 * Math.floor(i / 40)),
    };
    const [left, top, side, angle, zoom] = [14, 9, 8, 0.4, 1.1];
    const target = new Float32Array(side ** 2);
    cutTurnedInto(target, plane, { left, top, side, angle, zoom });
    for (let k = 0; k < target.length; k++) {
      const [dx, dy] = [(k % side) - 3.5, Math.floor(k / side) - 3.5];
      const x = left + 3.5 + zoom * (Math.cos(angle) * dx - Math.sin(angle) * dy);
      const y = top + 3.5 + zoom * (Math.sin(angle) * dx + Math.cos(angle) * dy);
      expect(Math.abs(target[k] - (2 * x - 3 * y))).toBeLessThan(1e-4);
    }
  });
});

describe('blur', () => {
  it('keeps constants, has the variance of its Gaussian and the mean of the image', () => {
    const flat = { pixels: new Float32Array(900).fill(3), width: 30, height: 30 };
    expect(maxDifference(blur(flat, 4).pixels, flat.pixels)).toBeLessThan(1e-5);
    const size = 101;
    const point = { pixels: new Float32Array(size * size), width: size, height: size };
    point.pixels[50 * size + 50] = 1;
    const spread = blur(point, 6).pixels;
    let [sum, variance] = [0, 0];
    spread.forEach((value, i) => {
      sum += value;
      variance += value * ((i % size) - 50) ** 2;
    });
    expect(sum).toBeCloseTo(1, 4);
    expect(Math.sqrt(variance)).toBeCloseTo(6, 0);
  });

  it('takes windows wider than the image', () => {
    const { pixels } = blur(noiseImage(9, 5, 1), 50);
    expect(pixels.every(Number.isFinite)).toBe(true);
  });
});

describe('normalise', () => {
  it('removes a gradient and makes the deviation 1 everywhere', () => {
    const image = noiseImage(200, 150, 2);
    image.pixels.forEach((value, i) => {
      const x = i % 200;
      image.pixels[i] = value * (x < 100 ? 1 : 5) + 0.3 * x;
    });
    const { pixels } = normalise(image, { backgroundSigma: 10, varianceSigma: 10, limit: 6 });
    const deviation = (from: number, to: number) => {
      const part = pixels.filter((_, i) => i % 200 >= from && i % 200 < to);
      const mean = part.reduce((a, b) => a + b) / part.length;
      expect(Math.abs(mean)).toBeLessThan(0.1);
      return Math.sqrt(part.reduce((a, b) => a + (b - mean) ** 2, 0) / part.length);
    };
    expect(Math.abs(deviation(10, 50) - 1)).toBeLessThan(0.1);
    expect(Math.abs(deviation(150, 190) - 1)).toBeLessThan(0.1);
  });

  it('limits values and gives zeros for a constant image', () => {
    const image = noiseImage(50, 50, 3);
    image.pixels[1275] = 1000;
    const { pixels } = normalise(image, { backgroundSigma: 5, varianceSigma: 10, limit: 6 });
    expect(Math.max(...pixels)).toBe(6);
    const constant = { pixels: new Float32Array(100).fill(7), width: 10, height: 10 };
    expect(
      [...normalise(constant, { backgroundSigma: 2, varianceSigma: 4, limit: 6 }).pixels].every((v) => v === 0),
    ).toBe(true);
  });
});

describe('repairDefects', () => {
  it('replaces single hot, dead, NaN and infinite pixels and counts them', () => {
    const image = noiseImage(60, 60, 4);
    image.pixels[600] = 500;
    image.pixels[1200] = -500;
    image.pixels[1800] = Number.NaN;
    image.pixels[2400] = Number.POSITIVE_INFINITY;
    expect(repairDefects(image)).toEqual({ notFinite: 2, outliers: 2 });
    expect(image.pixels.every((value) => Math.abs(value) < 5)).toBe(true);
  });

  it('leaves a bright area as it is', () => {
    const image = noiseImage(60, 60, 5);
    for (let y = 20; y < 35; y++) for (let x = 20; x < 35; x++) image.pixels[y * 60 + x] += 100;
    const before = image.pixels.slice();
    expect(repairDefects(image).notFinite).toBe(0);
    expect(image.pixels[27 * 60 + 27]).toBe(before[27 * 60 + 27]);
  });
});

describe('padding and turning', () => {
  it('mirrors without repeating the edge, at any distance', () => {
    expect([-3, -1, 0, 2, 3, 5, 6].map((i) => mirror(i, 3))).toEqual([1, 1, 0, 2, 1, 1, 2]);
    expect(mirror(-7, 1)).toBe(0);
  });

  it('extracts by reflection', () => {
    const image = { pixels: Float32Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2 };
    expect([...extract(image, -1, -1, 4, 3).pixels]).toEqual([5, 4, 5, 6, 2, 1, 2, 3, 5, 4, 5, 6]);
    expect([...extract(image, 1, 0, 2, 1).pixels]).toEqual([2, 3]);
  });

  it('turns counter-clockwise, and four times back', () => {
    const square = Float32Array.of(1, 2, 3, 4);
    rotateQuarter(square, 2, 1);
    expect([...square]).toEqual([2, 4, 1, 3]);
    rotateQuarter(square, 2, 3);
    expect([...square]).toEqual([1, 2, 3, 4]);
  });
});

describe('statistics', () => {
  it('selects ranks as sorting does', () => {
    const values = noiseImage(10, 7, 6).pixels;
    const sorted = values.slice().sort();
    for (const k of [0, 1, 35, 68, 69]) expect(selectInPlace(values.slice(), k)).toBe(sorted[k]);
    expect(() => selectInPlace(values, 70)).toThrow(RangeError);
    expect(medianInPlace(new Float32Array(0))).toBeNaN();
  });

  it('interpolates percentiles', () => {
    expect(percentile([3, 1, 2], 50)).toBe(2);
    expect(percentile([0, 10], 25)).toBe(2.5);
  });

  it('is robust against outliers', () => {
    const { pixels } = noiseImage(200, 200, 7);
    pixels.fill(1e6, 0, 4000);
    const { median, sd } = robustStatistics(pixels);
    expect(Math.abs(median)).toBeLessThan(0.2);
    expect(sd).toBeGreaterThan(0.9);
    expect(sd).toBeLessThan(1.3);
  });
});

it('filterByFrequency: a factor of 1 changes nothing; sizes need not be powers of two', () => {
  const image = noiseImage(37, 21, 8);
  expect(maxDifference(filterByFrequency(image, () => 1).pixels, image.pixels)).toBeLessThan(1e-5);
  expect(
    maxDifference(
      filterByFrequency(image, () => 2).pixels,
      image.pixels.map((v) => 2 * v),
    ),
  ).toBeLessThan(1e-5);
});
