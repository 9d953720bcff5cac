/**
 * The paper's standard-deviation filter (Fig. S2): on carbon and contamination the raw grey values of a box vary more, or
 * less, than around a particle. As in the paper they are those of the binned micrograph. They are taken relative to the
 * micrograph's median box, so that the range found in training holds for micrographs of another exposure.
 */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { toResampled } from '../imaging/resample.js';
import { medianInPlace, percentile } from '../imaging/statistics.js';

/** Lowest and highest standard deviation of a particle's box. */
export interface DeviationRange {
  readonly min: number;
  readonly max: number;
  /** `median`: relative to the median box of the micrograph; `grey`: raw grey values, as in the paper. */
  readonly unit: 'median' | 'grey';
}

/** Share of the range of the training positives that is left out at each end, and by which it is widened in all. */
const OUTER_PERCENT = 2;
const WIDENING = 0.25;
/** Boxes along the longer side of the grid whose median is the unit. */
const GRID = 24;

/** Standard deviation of the raw grey values in a square box around a point, cut at the image's edges. */
export function boxDeviation({ pixels, width, height }: Image, { x, y }: Point, box: number): number {
  const left = Math.max(0, Math.min(width - 2, Math.round(x - (box - 1) / 2)));
  const top = Math.max(0, Math.min(height - 2, Math.round(y - (box - 1) / 2)));
  const right = Math.max(left + 2, Math.min(width, left + box));
  const bottom = Math.max(top + 2, Math.min(height, top + box));
  const origin = pixels[top * width + left];
  let sum = 0;
  let squares = 0;
  for (let v = top; v < bottom; v++) {
    for (let u = left; u < right; u++) {
      const value = pixels[v * width + u] - origin;
      sum += value;
      squares += value * value;
    }
  }
  const count = (right - left) * (bottom - top);
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

/** Median standard deviation of boxes on a grid over the image. */
export function medianDeviation(image: Image, box: number): number {
  const spacing = Math.max(1, (Math.max(image.width, image.height) - box) / GRID);
  const values: number[] = [];
  for (let y = (box - 1) / 2; y <= Math.max((box - 1) / 2, image.height - box / 2); y += spacing) {
    for (let x = (box - 1) / 2; x <= Math.max((box - 1) / 2, image.width - box / 2); x += spacing) {
      values.push(boxDeviation(image, { x, y }, box));
    }
  }
  return medianInPlace(Float64Array.from(values));
}

/**
 * Standard deviations of boxes in a unit: `median` makes the median box of the image 1.
 *
 * @param grey - resampled grey values
 * @param factor - full-size pixels per pixel of `grey`
 * @param points - in full-size pixels
 * @param box - side in pixels of `grey`
 */
export function boxDeviations(
  grey: Image,
  factor: number,
  points: readonly Point[],
  box: number,
  unit: DeviationRange['unit'],
): number[] {
  const one = unit === 'grey' ? 1 : Math.max(medianDeviation(grey, box), Number.MIN_VALUE);
  return points.map(({ x, y }) => {
    return boxDeviation(grey, { x: toResampled(x, factor), y: toResampled(y, factor) }, box) / one;
  });
}

/** The range of the training positives: 2nd to 98th percentile, widened by a quarter of its width; null without any finite ones. */
export function deviationRangeOf(deviations: readonly number[]): DeviationRange | null {
  if (deviations.length === 0) return null;
  const low = percentile(deviations, OUTER_PERCENT);
  const high = percentile(deviations, 100 - OUTER_PERCENT);
  if (!Number.isFinite(high - low)) return null;
  const margin = (WIDENING * (high - low)) / 2;
  return { min: Math.max(0, low - margin), max: high + margin, unit: 'median' };
}
