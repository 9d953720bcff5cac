/**
 * How large the particles under labels are, by their mean image: around a particle lies a fringe of the opposite sign, for the image is out of
 * focus, and where the fringe ends the background begins.
 */

import { blur } from '../imaging/blur.js';
import type { Patient } from './doctor.js';

/** Diameters up to which rings around the centres are averaged, and rings in one diameter. */
const REACH = 3;
const RINGS = 20;
/** The background is what is wider than this, in diameters. */
const BACKGROUND_DIAMETERS = 6;
/** Rings further out than this, in diameters, show the noise of the mean: labels have neighbours anywhere there. */
const NOISE_FROM = 2;
/** The fringe differs from the background by this share of the strongest ring at the least, and by so many times the noise. */
const LEAST_SHARE = 0.12;
const LEAST_NOISE = 5;
/** The strongest ring must differ by so many times the noise. */
const CLEAR_NOISE = 6;
/** The fringe ends where it has fallen to this share of its strongest ring: what is fainter may be a halo of any width. */
const END_SHARE = 0.4;
/** Where the fringe of a particle ends, in its diameters: 0.62 to 0.88 on seven sets, with diameters as their annotators gave them. */
const FRINGE = 0.73;

/**
 * Estimates the diameter of the particles under labels.
 *
 * @param patients - micrographs with labels
 * @param diameter - as it is taken to be, in pixels of the patients' images
 * @returns the diameter in the same pixels; null where the mean image is too noisy, or shows no fringe
 */
export function labelSize(patients: readonly Patient[], diameter: number): number | null {
  const profile = meanProfile(patients, diameter);
  const noise = deviation(profile.slice(NOISE_FROM * RINGS));
  // Rings near the centre are means of fewer pixels.
  const clear = profile.map(
    (value, ring) => Math.abs(value) * Math.min(1, Math.sqrt((ring + 0.5) / (NOISE_FROM * RINGS))),
  );
  const peak = strongestOf(clear, (value) => value);
  if (!(clear[peak] >= CLEAR_NOISE * noise)) return null;
  const least = Math.max(LEAST_SHARE * Math.abs(profile[peak]), LEAST_NOISE * noise);
  const opposite = (value: number) => -Math.sign(profile[peak]) * value;
  const outside = profile.map((value, ring) => (ring > peak ? opposite(value) : 0));
  const fringe = strongestOf(outside, (value) => value);
  if (outside[fringe] < least) return null;
  const end = outside.findIndex((value, ring) => ring > fringe && value < END_SHARE * outside[fringe]);
  return end < 0 ? null : (end / RINGS / FRINGE) * diameter;
}

function strongestOf(profile: readonly number[], strength: (value: number) => number): number {
  return profile.reduce((best, value, ring) => (strength(value) > strength(profile[best]) ? ring : best), 0);
}

/** Mean value in rings around the labels, the background taken out; from the centre to `REACH` diameters. */
function meanProfile(patients: readonly Patient[], diameter: number): number[] {
  const [sums, counts] = [new Float64Array(REACH * RINGS), new Float64Array(REACH * RINGS)];
  const reach = Math.ceil(REACH * diameter);
  for (const { image, particles } of patients) {
    const { pixels, width, height } = image;
    const background = blur(image, BACKGROUND_DIAMETERS * diameter).pixels;
    const sd = deviation(pixels) || 1;
    for (const { x, y } of particles) {
      for (let v = Math.max(0, Math.ceil(y - reach)); v <= Math.min(height - 1, y + reach); v++) {
        for (let u = Math.max(0, Math.ceil(x - reach)); u <= Math.min(width - 1, x + reach); u++) {
          const ring = Math.floor((Math.hypot(u - x, v - y) / diameter) * RINGS);
          if (ring >= sums.length) continue;
          sums[ring] += (pixels[v * width + u] - background[v * width + u]) / sd;
          counts[ring]++;
        }
      }
    }
  }
  return Array.from(sums, (sum, ring) => sum / Math.max(1, counts[ring]));
}

function deviation(values: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2;
  return Math.sqrt(squares / Math.max(1, values.length));
}
