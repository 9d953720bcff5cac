/**
 * Uneven ground: over carbon edges, crystalline or thick ice and aggregates, structures wider than a particle are strong
 * beside those of a particle's size. Both are taken from the same grey values, so the measure knows neither exposure nor
 * detector.
 */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { blur, blurInto } from '../imaging/blur.js';
import { resample, toResampled } from '../imaging/resample.js';
import { percentile } from '../imaging/statistics.js';

/** Bands in particle diameters: wide structures lie between `middle` and `coarse`, particles between `fine` and `middle`. */
const SIGMA_DIAMETERS = { fine: 1 / 6, middle: 1, coarse: 3, window: 2 } as const;
/** Standard deviation in pixels that the finest blur still has after binning. */
const FINEST_SIGMA = 2;
/** The limit is this percentile of the labelled particles of the most uneven micrograph, times a margin. */
const LIMIT_PERCENT = 98;
/** Parts of the margin that shrink with more micrographs and with more particles, and what remains. */
const MARGIN = { least: 1, micrographs: 2, particles: 20 } as const;

/** Where more than this share of a micrograph is uneven it is bad as a whole, and what looks even between is not trusted. */
const MOST_UNEVEN = 0.5;

/** Unevenness at some pixels of the grey values it was made of. */
export interface UnevennessMap extends Image {
  /** Pixels of the grey values per pixel of the map. */
  readonly binning: number;
}

/**
 * Local standard deviation of wide structures over that of structures of a particle's size. All of it is smooth, so it is made
 * of binned grey values: of a quarter of the pixels, or fewer.
 *
 * @param grey - resampled grey values
 * @param diameter - of the particle in pixels of `grey`
 */
export function unevennessMap(grey: Image, diameter: number): UnevennessMap {
  const binning = Math.max(1, Math.floor((SIGMA_DIAMETERS.fine * diameter) / FINEST_SIGMA));
  const binned = resample(grey, binning);
  const sigma = (diameters: number) => (diameters * diameter) / binning;
  const fine = blur(binned, sigma(SIGMA_DIAMETERS.fine)).pixels;
  const middle = blur(binned, sigma(SIGMA_DIAMETERS.middle)).pixels;
  const coarse = blur(binned, sigma(SIGMA_DIAMETERS.coarse)).pixels;
  const power = (upper: Float32Array, lower: Float32Array) => {
    const pixels = new Float32Array(upper.length);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (upper[i] - lower[i]) ** 2;
    blurInto(pixels, { ...binned, pixels }, sigma(SIGMA_DIAMETERS.window));
    return pixels;
  };
  const wide = power(middle, coarse);
  const particle = power(fine, middle);
  const pixels = new Float32Array(wide.length);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.sqrt(Math.max(0, wide[i]) / Math.max(particle[i], Number.MIN_VALUE));
  }
  return { ...binned, pixels, binning };
}

/**
 * Values of an unevenness map at points in full-size pixels.
 *
 * @param factor - full-size pixels per pixel of the grey values
 */
export function unevennessAt(
  { pixels, width, height, binning }: UnevennessMap,
  factor: number,
  points: readonly Point[],
): number[] {
  const index = (x: number, n: number) => Math.max(0, Math.min(n - 1, Math.round(toResampled(x, factor * binning))));
  return points.map(({ x, y }) => pixels[index(y, height) * width + index(x, width)]);
}

/** Which points (full-size pixels) lie on ground below a limit: none where most of the micrograph lies above it. */
export function onEvenGround(
  map: UnevennessMap,
  factor: number,
  points: readonly Point[],
  limit: number,
): readonly boolean[] {
  let uneven = 0;
  for (let i = 0; i < map.pixels.length; i++) if (map.pixels[i] > limit) uneven++;
  const trusted = uneven <= MOST_UNEVEN * map.pixels.length;
  return unevennessAt(map, factor, points).map((value) => trusted && value <= limit);
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
