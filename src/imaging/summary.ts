/** Statistics of many pixels, image by image. */

import type { Image } from '../core/micrograph.js';
import { percentile, sampleFinite } from './statistics.js';

/** What is known of the pixels of one or more images. */
export interface PixelSummary {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly sd: number;
  readonly notFinite: number;
  /** Counts of sampled pixels in equal bins between the 0.1 and 99.9 percentiles. */
  readonly histogram: { readonly low: number; readonly high: number; readonly counts: readonly number[] };
}

const BINS = 40;
/** Pixels of each image that the histogram looks at. */
const SAMPLE = 1 << 16;
/** Sampled pixels in all. */
const MOST = 1 << 20;

/** Collects statistics over images; `add` them one by one. */
export function summarisePixels(): { add(image: Image): void; result(): PixelSummary } {
  let [count, notFinite, min, max, sum, squares] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  const samples: number[] = [];
  return {
    add({ pixels }) {
      for (const value of pixels) {
        if (!Number.isFinite(value)) {
          notFinite++;
          continue;
        }
        count++;
        if (value < min) min = value;
        if (value > max) max = value;
        sum += value;
        squares += value * value;
      }
      if (samples.length < MOST) for (const value of sampleFinite(pixels, SAMPLE)) samples.push(value);
    },
    result() {
      const mean = sum / count;
      const sd = Math.sqrt(Math.max(0, squares / count - mean * mean));
      const [low, high] = [percentile(samples, 0.1), percentile(samples, 99.9)];
      const counts = new Array<number>(BINS).fill(0);
      for (const value of samples) {
        const bin = Math.floor((BINS * (value - low)) / (high - low || 1));
        if (bin >= 0 && bin < BINS) counts[bin]++;
      }
      return { count, min, max, mean, sd, notFinite, histogram: { low, high, counts } };
    },
  };
}
