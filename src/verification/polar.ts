/** Images on rings around a centre, where turning is a shift: angles are searched by correlating Fourier series. */

import FFT from 'fft.js';
import type { Image } from '../core/micrograph.js';

/** Angles on each ring: a power of two, for the transform. */
export const ANGLES = 128;
const FREQUENCIES = ANGLES / 2 + 1;

/** Fourier series of an image along each ring, innermost first: real and imaginary parts by turns. */
export type Rings = Float32Array;

/** The best turn of an image onto another, as a fraction of the product of all pixels. */
export interface Turn {
  /** In radians, counter-clockwise with the first row at the top. */
  readonly angle: number;
  /** Sum over the disc of the product of both images. */
  readonly product: number;
}

/** What turns images of one size. */
export interface PolarTools {
  /** The rings of an image around its centre (pixel side / 2) plus a shift in pixels. */
  rings(image: Image, dx: number, dy: number): Rings;
  /** Sum of squares over the disc. */
  power(rings: Rings): number;
  /** The turn of `image` that fits `reference` best. */
  bestTurn(reference: Rings, image: Rings): Turn;
}

/** @param radius - of the largest ring in pixels */
export function polarTools(radius: number): PolarTools {
  const count = Math.floor(radius);
  const fft = new FFT(ANGLES);
  const [cosines, sines] = [new Float64Array(ANGLES), new Float64Array(ANGLES)];
  for (let a = 0; a < ANGLES; a++) {
    cosines[a] = Math.cos((2 * Math.PI * a) / ANGLES);
    sines[a] = Math.sin((2 * Math.PI * a) / ANGLES);
  }
  const values = new Float64Array(ANGLES);
  const spectrum = fft.createComplexArray();
  const product = fft.createComplexArray();
  const correlation = fft.createComplexArray();
  return {
    rings(image, dx, dy) {
      const rings = new Float32Array(count * 2 * FREQUENCIES);
      const [x, y] = [image.width / 2 + dx, image.height / 2 + dy];
      for (let ring = 0; ring < count; ring++) {
        // Half a pixel off the centre, so that the first ring is one too.
        const r = ring + 0.5;
        for (let a = 0; a < ANGLES; a++) values[a] = at(image, x + r * cosines[a], y - r * sines[a]);
        fft.realTransform(spectrum, values);
        rings.set(spectrum.slice(0, 2 * FREQUENCIES), ring * 2 * FREQUENCIES);
      }
      return rings;
    },
    power(rings) {
      return weighted(rings, rings, null);
    },
    bestTurn(reference, image) {
      weighted(reference, image, product);
      fft.completeSpectrum(product);
      fft.inverseTransform(correlation, product);
      let best = 0;
      for (let a = 1; a < ANGLES; a++) if (correlation[2 * a] > correlation[2 * best]) best = a;
      return { angle: (2 * Math.PI * best) / ANGLES, product: correlation[2 * best] };
    },
  };

  /** Sums reference times the conjugate of image over the rings, each with its area; returns the product without a turn. */
  function weighted(reference: Rings, image: Rings, into: number[] | null): number {
    let total = 0;
    for (let k = 0; k < FREQUENCIES; k++) {
      let [re, im] = [0, 0];
      for (let ring = 0; ring < count; ring++) {
        const i = ring * 2 * FREQUENCIES + 2 * k;
        const weight = ((ring + 0.5) * 2 * Math.PI) / ANGLES;
        re += weight * (reference[i] * image[i] + reference[i + 1] * image[i + 1]);
        im += weight * (reference[i + 1] * image[i] - reference[i] * image[i + 1]);
      }
      if (into) [into[2 * k], into[2 * k + 1]] = [re, im];
      total += (k === 0 || k === FREQUENCIES - 1 ? 1 : 2) * re;
    }
    return total / ANGLES;
  }
}

/** Value between pixels; 0 beyond the edges. */
export function at({ pixels, width, height }: Image, x: number, y: number): number {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  if (i < 0 || j < 0 || i >= width - 1 || j >= height - 1) return 0;
  const [a, b] = [x - i, y - j];
  const k = j * width + i;
  const above = pixels[k] + a * (pixels[k + 1] - pixels[k]);
  const below = pixels[k + width] + a * (pixels[k + width + 1] - pixels[k + width]);
  return above + b * (below - above);
}
