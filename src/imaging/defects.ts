/** Hot, dead and missing pixels of a detector, replaced by a local median before anything else sees them. */

import type { Image } from '../core/micrograph.js';
import { medianInPlace, robustStatistics } from './statistics.js';

/** A pixel further from the median than this many robust standard deviations is taken for a detector defect. */
const OUTLIER_SD = 8;
/** Pixels that are looked at together. */
const BLOCK = 8;
/** Half the side of the window whose median replaces a defect. */
const HALF_WINDOW = 2;

/** What was replaced. */
export interface Repairs {
  /** NaN and infinite pixels. */
  notFinite: number;
  /** Pixels beyond 8 robust standard deviations that differ from their surroundings. */
  outliers: number;
}

/** Counts NaN and infinite pixels. */
export function countNotFinite(pixels: Float32Array): number {
  let count = 0;
  for (let start = 0; start < pixels.length; start += BLOCK) {
    if (distanceOfBlock(pixels, start, 0) < Number.POSITIVE_INFINITY) continue;
    for (const value of pixels.subarray(start, start + BLOCK)) if (!Number.isFinite(value)) count++;
  }
  return count;
}

/**
 * Squared distance of eight pixels from a value: NaN where one is missing or NaN. Eight sums side by side are four times
 * faster than a comparison for each pixel.
 */
function distanceOfBlock(pixels: Float32Array, i: number, value: number): number {
  const a = pixels[i] - value;
  const b = pixels[i + 1] - value;
  const c = pixels[i + 2] - value;
  const d = pixels[i + 3] - value;
  const e = pixels[i + 4] - value;
  const f = pixels[i + 5] - value;
  const g = pixels[i + 6] - value;
  const h = pixels[i + 7] - value;
  return a * a + b * b + (c * c + d * d) + (e * e + f * f + (g * g + h * h));
}

/**
 * Replaces NaN, infinite, hot and dead pixels by the median of the 5x5 pixels around them, in place.
 *
 * A bright pixel in a bright neighbourhood (ice, gold) has its own value as the median, and stays.
 */
export function repairDefects(image: Image): Repairs {
  const { pixels, width } = image;
  const { median, sd } = robustStatistics(pixels);
  const limit = OUTLIER_SD * sd;
  const repairs: Repairs = { notFinite: 0, outliers: 0 };
  const replacements: [number, number][] = [];
  for (const i of pixelsBeyond(pixels, median, limit)) {
    if (sd === 0 && Number.isFinite(pixels[i])) continue;
    const local = localMedian(image, i % width, Math.floor(i / width), median);
    if (!Number.isFinite(pixels[i])) repairs.notFinite++;
    else if (Math.abs(pixels[i] - local) > limit) repairs.outliers++;
    else continue;
    replacements.push([i, local]);
  }
  for (const [i, value] of replacements) pixels[i] = value;
  return repairs;
}

/** Indices of pixels that are further than `limit` from `value`, or not finite. */
function* pixelsBeyond(pixels: Float32Array, value: number, limit: number): Generator<number> {
  for (let start = 0; start < pixels.length; start = nextBlockBeyond(pixels, start + BLOCK, value, limit)) {
    const end = Math.min(start + BLOCK, pixels.length);
    for (let i = start; i < end; i++) if (!(Math.abs(pixels[i] - value) <= limit)) yield i;
  }
}

/** Start of the next block that may hold such a pixel. A function of its own: a loop in a generator is slow. */
function nextBlockBeyond(pixels: Float32Array, from: number, value: number, limit: number): number {
  let start = from;
  while (start < pixels.length && distanceOfBlock(pixels, start, value) <= limit * limit) start += BLOCK;
  return start;
}

function localMedian({ pixels, width, height }: Image, x: number, y: number, fallback: number): number {
  const values = new Float32Array((2 * HALF_WINDOW + 1) ** 2);
  let count = 0;
  for (let v = Math.max(0, y - HALF_WINDOW); v <= Math.min(height - 1, y + HALF_WINDOW); v++) {
    for (let u = Math.max(0, x - HALF_WINDOW); u <= Math.min(width - 1, x + HALF_WINDOW); u++) {
      const value = pixels[v * width + u];
      if (Number.isFinite(value)) values[count++] = value;
    }
  }
  return count === 0 ? fallback : medianInPlace(values.subarray(0, count));
}
