/**
 * A wide Gaussian as three running means along rows and columns: the cost does not depend on its width.
 * Source: P. Kovesi, "Fast almost-Gaussian filtering" (2010). Beyond the edges the image is reflected.
 */

import type { Image } from '../micrograph.js';

const PASSES = 3;

/** Odd window of each running mean so that three of them have the variance of the Gaussian. */
function windowRadius(sigma: number): number {
  return Math.max(0, Math.round((Math.sqrt((12 * sigma * sigma) / PASSES + 1) - 1) / 2));
}

/**
 * Blurs an image.
 *
 * @param sigma - standard deviation in pixels
 */
export function blur(image: Image, sigma: number): Image {
  const { width, height } = image;
  let rows = image.pixels;
  const radius = windowRadius(sigma);
  const columnRadius = Math.min(radius, height - 1);
  const rowRadius = Math.min(radius, width - 1);
  for (let pass = 0; pass < PASSES; pass++) {
    rows = meanAlongRows(rows, width, height, rowRadius);
    rows = meanAlongColumns(rows, width, height, columnRadius);
  }
  return { pixels: rows, width, height };
}

/** Index reflected into 0..n-1, the edge pixel repeated (… 1 0 0 1 2 …). */
function reflect(i: number, n: number): number {
  if (i < 0) return -1 - i;
  return i >= n ? 2 * n - 1 - i : i;
}

function meanAlongRows(pixels: Float32Array, width: number, height: number, radius: number): Float32Array {
  const result = new Float32Array(pixels.length);
  const scale = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let x = -radius; x <= radius; x++) sum += pixels[row + reflect(x, width)];
    for (let x = 0; x < width; x++) {
      result[row + x] = sum * scale;
      sum += pixels[row + reflect(x + radius + 1, width)] - pixels[row + reflect(x - radius, width)];
    }
  }
  return result;
}

function meanAlongColumns(pixels: Float32Array, width: number, height: number, radius: number): Float32Array {
  const result = new Float32Array(pixels.length);
  const scale = 1 / (2 * radius + 1);
  const sums = new Float64Array(width);
  for (let y = -radius; y <= radius; y++) {
    const row = reflect(y, height) * width;
    for (let x = 0; x < width; x++) sums[x] += pixels[row + x];
  }
  for (let y = 0; y < height; y++) {
    const entering = reflect(y + radius + 1, height) * width;
    const leaving = reflect(y - radius, height) * width;
    for (let x = 0; x < width; x++) {
      result[y * width + x] = sums[x] * scale;
      sums[x] += pixels[entering + x] - pixels[leaving + x];
    }
  }
  return result;
}
