/**
 * Uneven ground: over carbon edges, crystalline or thick ice and aggregates, structures wider than a particle are strong
 * beside those of a particle's size. Both are taken from the same grey values, so the measure knows neither exposure nor
 * detector.
 */

import { blur } from '../imaging/blur.js';
import { toResampled } from '../imaging/resample.js';
import { percentile } from '../imaging/statistics.js';
import type { Image } from '../micrograph.js';
import type { Point } from '../particle.js';

/** Bands in particle diameters: wide structures lie between `middle` and `coarse`, particles between `fine` and `middle`. */
const SIGMA_DIAMETERS = { fine: 1 / 6, middle: 1, coarse: 3, window: 2 } as const;
/** The limit is this percentile of the labelled particles of the most uneven micrograph, times a margin. */
const LIMIT_PERCENT = 98;
/** Parts of the margin that shrink with more micrographs and with more particles, and what remains. */
const MARGIN = { least: 1, micrographs: 2, particles: 20 } as const;

/**
 * Local standard deviation of wide structures over that of structures of a particle's size, at every pixel.
 *
 * @param grey - resampled grey values
 * @param diameter - of the particle in pixels of `grey`
 */
export function unevennessMap(grey: Image, diameter: number): Image {
  const [fine, middle, coarse] = [SIGMA_DIAMETERS.fine, SIGMA_DIAMETERS.middle, SIGMA_DIAMETERS.coarse].map(
    (sigma) => blur(grey, sigma * diameter).pixels,
  );
  const power = (upper: Float32Array, lower: Float32Array) => {
    const squares = upper.map((value, i) => (value - lower[i]) ** 2);
    return blur({ ...grey, pixels: squares }, SIGMA_DIAMETERS.window * diameter).pixels;
  };
  const wide = power(middle, coarse);
  const particle = power(fine, middle);
  const pixels = wide.map((value, i) => Math.sqrt(Math.max(0, value) / Math.max(particle[i], Number.MIN_VALUE)));
  return { ...grey, pixels };
}

/** Values of an unevenness map at points in full-size pixels. */
export function unevennessAt({ pixels, width, height }: Image, factor: number, points: readonly Point[]): number[] {
  const index = (x: number, n: number) => Math.max(0, Math.min(n - 1, Math.round(toResampled(x, factor))));
  return points.map(({ x, y }) => pixels[index(y, height) * width + index(x, width)]);
}

/**
 * The highest unevenness of a particle; null without labels. Ground differs from micrograph to micrograph, so few of them, or
 * few labels, leave more room.
 *
 * @param byMicrograph - unevenness at the labelled particles of each micrograph
 */
export function unevennessLimitOf(byMicrograph: readonly (readonly number[])[]): number | null {
  const labelled = byMicrograph.filter((values) => values.length > 0);
  if (labelled.length === 0) return null;
  const particles = labelled.reduce((sum, values) => sum + values.length, 0);
  const highest = Math.max(...labelled.map((values) => percentile(values, LIMIT_PERCENT)));
  return highest * (MARGIN.least + MARGIN.micrographs / labelled.length + MARGIN.particles / particles);
}
