import { describe, expect, it } from 'vitest';
import type { Image } from '../core/micrograph.js';
import { noiseImage } from '../testing/helpers.js';
import { cutFrame, isInFrame, isWhole, mirrorOutside, recordedFrame } from './frame.js';

const [WIDTH, HEIGHT] = [200, 160];
const SEED = 3;
const INSIDE = { left: 30, top: 12, right: 189, bottom: 149 };

/** Noise with a border of one value. */
function filled(): Image {
  const image = noiseImage(WIDTH, HEIGHT, SEED);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) if (!isInFrame({ x, y }, INSIDE, 0)) image.pixels[y * WIDTH + x] = 3;
  return image;
}

describe('recordedFrame', () => {
  it('finds where a border of streaks ends', () => {
    const { pixels } = noiseImage(WIDTH, HEIGHT, SEED);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < INSIDE.left; x++) pixels[y * WIDTH + x] = pixels[y * WIDTH + INSIDE.left];
    expect(recordedFrame({ pixels, width: WIDTH, height: HEIGHT })).toEqual({
      ...{ left: INSIDE.left, top: 0, right: WIDTH - 1, bottom: HEIGHT - 1 },
    });
  });

  it('finds where a border of one value ends, on all sides', () => {
    const frame = recordedFrame(filled());
    for (const side of ['left', 'top', 'right', 'bottom'] as const)
      expect(Math.abs(frame[side] - INSIDE[side])).toBeLessThanOrEqual(1);
  });

  it('takes noise, an image of one value and an empty field for recorded as a whole', () => {
    const noise = noiseImage(WIDTH, HEIGHT, SEED);
    const flat = { ...noise, pixels: new Float32Array(WIDTH * HEIGHT) };
    expect(isWhole(recordedFrame(noise), noise)).toBe(true);
    expect(isWhole(recordedFrame(flat), flat)).toBe(true);
  });
});

describe('mirrorOutside', () => {
  it('leaves the inside, and mirrors it outside', () => {
    const image = filled();
    const before = cutFrame(image, INSIDE).pixels;
    mirrorOutside(image, INSIDE);
    const at = (x: number, y: number) => image.pixels[y * WIDTH + x];
    expect(cutFrame(image, INSIDE).pixels).toEqual(before);
    expect([at(29, 50), at(0, 50), at(50, 11), at(199, 159)]).toEqual([
      at(31, 50),
      at(60, 50),
      at(50, 13),
      at(179, 139),
    ]);
  });
});

describe('cutFrame', () => {
  it('gives the image itself where the frame is all of it', () => {
    const image = noiseImage(WIDTH, HEIGHT, SEED);
    expect(cutFrame(image, recordedFrame(image))).toBe(image);
  });
});

describe('isInFrame', () => {
  it('keeps an edge from every side', () => {
    const inside = (x: number, y: number) => isInFrame({ x, y }, INSIDE, 10);
    expect([inside(40, 22), inside(179, 139), inside(39, 22), inside(40, 140)]).toEqual([true, true, false, false]);
  });
});
