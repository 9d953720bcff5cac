import { describe, expect, it } from 'vitest';
import type { Image } from '../core/micrograph.js';
import { random } from '../core/random.js';
import { resample } from '../imaging/resample.js';
import { binned, levelCount, openPyramid, TILE } from './pyramid.js';

function noise(width: number, height: number): Image {
  const source = random(4);
  return { pixels: Float32Array.from({ length: width * height }, () => source.normal()), width, height };
}

describe('binned', () => {
  it.each([2, 4, 16])('gives the same as resample by %i, also where sides are no multiple', (factor) => {
    const image = noise(131, 97);
    const [fast, plain] = [binned(image, factor), resample(image, factor)];
    expect([fast.width, fast.height]).toEqual([plain.width, plain.height]);
    fast.pixels.forEach((value, i) => {
      expect(value).toBeCloseTo(plain.pixels[i], 5);
    });
  });
});

describe('a pyramid', () => {
  it('has as many levels as it takes for the whole to fit into a tile', () => {
    expect([levelCount(TILE, TILE), levelCount(TILE + 1, 10), levelCount(8192, 8192)]).toEqual([1, 2, 5]);
  });

  it('gives tiles that cover the image, and none beyond it', () => {
    const { tile } = openPyramid(noise(700, 600));
    expect(tile(0, 1, 1)).toMatchObject({ width: 700 - TILE, height: 600 - TILE });
    expect(tile(1, 0, 0)).toMatchObject({ width: 350, height: 300 });
    for (const [level, x, y] of [
      [0, 2, 0],
      [0, 0, 2],
      [1, 1, 0],
      [2, 0, 0],
    ])
      expect(tile(level, x, y)).toBeNull();
  });

  it('puts the median in the middle of the grey values', () => {
    const { pixels } = openPyramid(noise(512, 512)).tile(0, 0, 0) ?? { pixels: new Uint8Array() };
    expect(pixels.reduce((a, b) => a + b) / pixels.length).toBeCloseTo(127.5, 0);
  });
});
