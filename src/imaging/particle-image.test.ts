import { describe, expect, it } from 'vitest';
import { noiseImage } from '../testing/helpers.js';
import { fourierScaler } from './fourier-scale.js';
import { boxFits, cutParticle, invert, normaliseBackground } from './particle-image.js';

/** A wave of so many periods across an image, with its crest at the centre, pixel side / 2. */
function wave(side: number, periods: number) {
  const pixels = Float32Array.from({ length: side * side }, (_, i) =>
    Math.cos((2 * Math.PI * periods * ((i % side) - side / 2)) / side),
  );
  return { pixels, width: side, height: side };
}

describe('fourierScaler', () => {
  it.each([
    [60, 24],
    [64, 32],
    [100, 98],
    [30, 30],
  ])('scales %i to %i: waves that fit stay, the centre stays the centre, others vanish', (from, to) => {
    const scale = fourierScaler(from, to);
    const low = scale(wave(from, 5)).pixels;
    wave(to, 5).pixels.forEach((value, i) => {
      expect(low[i]).toBeCloseTo(value, 5);
    });
    const high = from > to ? scale(wave(from, to / 2 + 1)).pixels : [];
    for (const value of high) expect(Math.abs(value)).toBeLessThan(1e-5);
  });

  it('keeps the mean', () => {
    const image = noiseImage(40, 40, 3);
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(fourierScaler(40, 18)(image).pixels)).toBeCloseTo(mean(image.pixels), 5);
  });
});

describe('a particle', () => {
  const image = noiseImage(50, 40, 1);

  it('lies at pixel side / 2 of its box, rounded to whole pixels', () => {
    const { pixels } = cutParticle(image, { x: 20.4, y: 15.6 }, 8);
    expect(pixels[4 * 8 + 4]).toBe(image.pixels[16 * 50 + 20]);
  });

  it('fits where its box does', () => {
    expect(boxFits({ x: 4, y: 4 }, 8, image)).toBe(true);
    expect(boxFits({ x: 46, y: 36 }, 8, image)).toBe(true);
    expect(boxFits({ x: 47, y: 36 }, 8, image)).toBe(false);
    expect(boxFits({ x: 4, y: 3.4 }, 8, image)).toBe(false);
  });

  it('is inverted, and its background brought to mean 0 and deviation 1', () => {
    const { pixels } = normaliseBackground(invert(cutParticle(image, { x: 20, y: 20 }, 32)));
    const outside = [...pixels].filter((_, i) => Math.hypot((i % 32) - 16, Math.floor(i / 32) - 16) > 12);
    const mean = outside.reduce((sum, value) => sum + value, 0) / outside.length;
    const variance = outside.reduce((sum, value) => sum + (value - mean) ** 2, 0) / outside.length;
    expect([mean, variance].map((value) => Number(value.toFixed(4)) + 0)).toEqual([0, 1]);
  });
});
