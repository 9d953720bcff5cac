/** Hot, dead and missing pixels of a detector, replaced by a local median before anything else sees them. */

import type { Image } from '../micrograph.js';
import { medianInPlace, robustStatistics } from './statistics.js';

/** A pixel further from the median than this many robust standard deviations is taken for a detector defect. */
const OUTLIER_SD = 8;
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
  for (let i = 0; i < pixels.length; i++) {
    // Only a finite number less itself is 0: some ten times faster than asking.
    if (pixels[i] - pixels[i] !== 0) count++;
  }
  return count;
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
  for (let i = 0; i < pixels.length; i++) {
    const deviation = Math.abs(pixels[i] - median);
    if (deviation <= limit || (sd === 0 && Number.isFinite(deviation))) continue;
    const local = localMedian(image, i % width, Math.floor(i / width), median);
    if (!Number.isFinite(pixels[i])) repairs.notFinite++;
    else if (Math.abs(pixels[i] - local) > limit) repairs.outliers++;
    else continue;
    replacements.push([i, local]);
  }
  for (const [i, value] of replacements) pixels[i] = value;
  return repairs;
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
