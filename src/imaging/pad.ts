/** Boxes and borders. */

import type { Image } from '../core/micrograph.js';

/** Index reflected into 0..n-1 without repeating the edge pixel (… 2 1 0 1 2 …), for any distance. */
export function mirror(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const folded = ((i % period) + period) % period;
  return folded < n ? folded : period - folded;
}

/** Number of places of a window along a side: one every `step` pixels from 0 while it fits. */
export function windowPositions(side: number, window: number, step: number): number {
  return side < window ? 0 : Math.floor((side - window) / step) + 1;
}

/** A part of an image, reflected where it reaches beyond the edges. */
export function extract(image: Image, left: number, top: number, width: number, height: number): Image {
  const pixels = new Float32Array(width * height);
  extractInto(pixels, 0, image, left, top, width, height);
  return { pixels, width, height };
}

/** As `extract`, into an array from `offset` on. */
export function extractInto(
  target: Float32Array,
  offset: number,
  image: Image,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  const inside = left >= 0 && left + width <= image.width;
  for (let y = 0; y < height; y++) {
    const source = mirror(top + y, image.height) * image.width;
    const row = offset + y * width;
    if (inside) target.set(image.pixels.subarray(source + left, source + left + width), row);
    else for (let x = 0; x < width; x++) target[row + x] = image.pixels[source + mirror(left + x, image.width)];
  }
}
