/** Images of single particles, in RELION's convention: pixel side / 2 is the centre. */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { extract } from './pad.js';

/** Share of the box within which RELION expects the particle: what is outside is background. */
const PARTICLE_SHARE = 0.75;

/** First column and row of a box around a particle. */
export function boxStart({ x, y }: Point, side: number): { left: number; top: number } {
  return { left: Math.round(x) - side / 2, top: Math.round(y) - side / 2 };
}

/** True where a box lies inside an image. */
export function boxFits(point: Point, side: number, { width, height }: { width: number; height: number }): boolean {
  const { left, top } = boxStart(point, side);
  return left >= 0 && top >= 0 && left + side <= width && top + side <= height;
}

/** Cuts the box around a particle, reflected where it reaches beyond the edges. `side` is even. */
export function cutParticle(image: Image, point: Point, side: number): Image {
  const { left, top } = boxStart(point, side);
  return extract(image, left, top, side, side);
}

/** Multiplies by -1: dark particles become white. */
export function invert({ pixels, width, height }: Image): Image {
  return { pixels: pixels.map((value) => -value), width, height };
}

/** Brings the background, outside a circle of 75 % of the box, to mean 0 and standard deviation 1. */
export function normaliseBackground({ pixels, width, height }: Image): Image {
  const radius = (PARTICLE_SHARE * width) / 2;
  let [count, sum, squares] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (Math.hypot(x - width / 2, y - height / 2) <= radius) continue;
      const value = pixels[y * width + x];
      count++;
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean)) || 1;
  return { pixels: pixels.map((value) => (value - mean) / deviation), width, height };
}
