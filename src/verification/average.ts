/** The average image around picks: what they have in common. */

import type { Image } from '../core/micrograph.js';
import { isInside, type Point } from '../core/particle.js';
import { extract } from '../imaging/pad.js';
import { resample, toResampled } from '../imaging/resample.js';
import { robustStatistics } from '../imaging/statistics.js';

/** Side of the average in its own pixels, and in diameters. */
const SIDE = 64;
const DIAMETERS = 3;

/** A micrograph with centres in full-size pixels. */
interface PickedImage {
  readonly image: Image;
  readonly points: readonly Point[];
}

/**
 * Averages the surroundings of picks over micrographs, each brought to median 0 and standard deviation 1.
 *
 * @param diameter - of the particle in full-size pixels; the average is three diameters wide
 * @returns an image of 64 x 64 pixels; zeros where no pick lies inside
 */
export function averageImage(picked: readonly PickedImage[], diameter: number): Image {
  const factor = (DIAMETERS * diameter) / SIDE;
  const sums = new Float64Array(SIDE * SIDE);
  let count = 0;
  for (const { image, points } of picked) {
    const small = resample(image, factor);
    const { median, sd } = robustStatistics(small.pixels);
    for (const point of points.filter((one) => isInside(one, image.width, image.height, 0))) {
      const start = (x: number) => Math.round(toResampled(x, factor)) - SIDE / 2;
      const { pixels } = extract(small, start(point.x), start(point.y), SIDE, SIDE);
      for (let i = 0; i < sums.length; i++) sums[i] += (pixels[i] - median) / (sd || 1);
      count++;
    }
  }
  return { pixels: Float32Array.from(sums, (sum) => sum / Math.max(1, count)), width: SIDE, height: SIDE };
}
