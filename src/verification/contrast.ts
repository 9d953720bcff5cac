/** How much picks differ from other places of a micrograph: the mean response of a blob filter, against shifted controls. */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { random } from '../core/random.js';
import { blur } from '../imaging/blur.js';
import { resample, toResampled } from '../imaging/resample.js';
import { robustStatistics } from '../imaging/statistics.js';

/** Particle diameter in pixels of the reduced image. */
const DIAMETER = 12;
/** Ratio of the two widths of the difference of Gaussians. */
const RATIO = 1.6;
/** Responses are limited to so many robust standard deviations: ice and carbon do not decide. */
const LIMIT = 3;

/** A blob filter's response, reduced in size. */
export interface ResponseMap {
  readonly response: Image;
  /** Full-size pixels per pixel of the map. */
  readonly factor: number;
}

/** Filters a micrograph for blobs of a diameter, in full-size pixels; dark ones give positive values. */
export function blobResponse(micrograph: Image, diameter: number): ResponseMap {
  const factor = Math.max(1, diameter / DIAMETER);
  const small = resample(micrograph, factor);
  const sigma = diameter / factor / 2 / Math.SQRT2;
  const narrow = blur(small, sigma / Math.sqrt(RATIO));
  const wide = blur(small, sigma * Math.sqrt(RATIO));
  const pixels = wide.pixels.map((value, i) => value - narrow.pixels[i]);
  const { median, sd } = robustStatistics(pixels);
  const scale = sd > 0 ? 1 / sd : 0;
  const limited = pixels.map((value) => Math.max(-LIMIT, Math.min(LIMIT, (value - median) * scale)));
  return { response: { ...small, pixels: limited }, factor };
}

/** Sums of responses: at the picks, and what the controls lead to expect. */
export interface Contrast {
  readonly sum: number;
  readonly expected: number;
  readonly variance: number;
}

/** A displacement of all picks, as shares of the image's sides. */
export interface Shift {
  readonly x: number;
  readonly y: number;
}

/** Controls that a contrast is judged against. */
const CONTROLS = 100;

/** Random displacements for controls, the same for the same seed and stream. */
export function controlShifts(seed: number, stream: number): Shift[] {
  const source = random(seed, stream);
  return Array.from({ length: CONTROLS }, () => ({ x: source.uniform(), y: source.uniform() }));
}

/**
 * Compares the response at picks with that at the same pattern of picks shifted over the image, around its edges.
 *
 * @param shifts - of the controls
 */
export function contrastAt(
  { response, factor }: ResponseMap,
  picks: readonly Point[],
  shifts: readonly Shift[],
): Contrast {
  const { width, height } = response;
  const columns = picks.map(({ x }) => Math.round(toResampled(x, factor)));
  const rows = picks.map(({ y }) => Math.round(toResampled(y, factor)));
  const sumAt = (dx: number, dy: number) => {
    let sum = 0;
    for (let i = 0; i < columns.length; i++) {
      const column = (((columns[i] + dx) % width) + width) % width;
      const row = (((rows[i] + dy) % height) + height) % height;
      sum += response.pixels[row * width + column];
    }
    return sum;
  };
  const controls = shifts.map(({ x, y }) => sumAt(Math.round(x * width), Math.round(y * height)));
  const expected = controls.reduce((sum, value) => sum + value, 0) / controls.length;
  const variance = controls.reduce((sum, value) => sum + (value - expected) ** 2, 0) / (controls.length - 1);
  return { sum: sumAt(0, 0), expected, variance };
}

/** Contrast of several micrographs together, in standard deviations of the controls. */
export function significance(contrasts: readonly Contrast[]): number {
  const total = (value: (contrast: Contrast) => number) => contrasts.reduce((sum, one) => sum + value(one), 0);
  const variance = total((one) => one.variance);
  return variance > 0 ? total((one) => one.sum - one.expected) / Math.sqrt(variance) : 0;
}
