/** A micrograph for display: halved again and again, cut into tiles, grey values from a range that suits each level. */

import type { Image } from '../core/micrograph.js';
import { extract } from '../imaging/pad.js';
import { resampledSide } from '../imaging/resample.js';
import { robustStatistics } from '../imaging/statistics.js';

/** Side of a tile. */
export const TILE = 512;
/** Grey 0 to 255 is the median plus or minus this many standard deviations; the page narrows it. */
const RANGE = 5;
/** Side of the part that a level's range is taken from. */
const SAMPLE = 1024;

/** A micrograph at every size: level 0 is full size, each further one half of the last. Levels are made when they are asked for. */
export interface Pyramid {
  /** Bytes that it takes. */
  bytes(): number;
  readonly count: number;
  level(i: number): Image;
  /** Tile in column `x` and row `y` of a level, as 8-bit grey; smaller at the right and lower edges. */
  tile(level: number, x: number, y: number): GreyImage | null;
}

/** 8-bit grey values. */
export interface GreyImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Halvings until an image of these sides fits into one tile. */
export function levelCount(width: number, height: number): number {
  return 1 + Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / TILE)));
}

/** Opens a pyramid. */
export function openPyramid(image: Image): Pyramid {
  const levels = new Map<number, Image>([[0, image]]);
  const level = (i: number): Image => {
    const known = levels.get(i) ?? binned(image, 2 ** i);
    levels.set(i, known);
    return known;
  };
  const ranges = new Map<number, Range>();
  const rangeOf = (i: number) => {
    const known = ranges.get(i) ?? displayRange(level(i));
    ranges.set(i, known);
    return known;
  };
  const count = levelCount(image.width, image.height);
  return {
    count,
    level,
    bytes: () => [...levels.values()].reduce((sum, { pixels }) => sum + pixels.byteLength, 0),
    tile(i, x, y) {
      if (i >= count) return null;
      const whole = level(i);
      const [left, top] = [x * TILE, y * TILE];
      if (left >= whole.width || top >= whole.height) return null;
      const [width, height] = [Math.min(TILE, whole.width - left), Math.min(TILE, whole.height - top)];
      return toGrey(extract(whole, left, top, width, height), rangeOf(i));
    },
  };
}

/** Means of squares of pixels: as `resample` by a whole number, a few times faster, so that a large micrograph is there at once. */
export function binned(image: Image, factor: number): Image {
  const [width, height] = [resampledSide(image.width, factor), resampledSide(image.height, factor)];
  const pixels = new Float32Array(width * height);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let row = y * factor; row < Math.min(image.height, (y + 1) * factor); row++) {
      let i = row * image.width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < factor; k++) sum += image.pixels[i++];
        sums[x] += sum;
      }
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = sums[x] / factor ** 2;
  }
  return { pixels, width, height };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function displayRange(image: Image): Range {
  const [width, height] = [Math.min(SAMPLE, image.width), Math.min(SAMPLE, image.height)];
  const left = Math.floor((image.width - width) / 2);
  const top = Math.floor((image.height - height) / 2);
  const { median, sd } = robustStatistics(extract(image, left, top, width, height).pixels);
  return { low: median - RANGE * (sd || 1), high: median + RANGE * (sd || 1) };
}

function toGrey({ pixels, width, height }: Image, { low, high }: Range): GreyImage {
  const scale = 255 / (high - low);
  return { pixels: Uint8Array.from(pixels, (v) => Math.min(255, Math.max(0, (v - low) * scale + 0.5))), width, height };
}
