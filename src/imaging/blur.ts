/**
 * A wide Gaussian as three running means along rows and columns: the cost does not depend on its width.
 * Source: P. Kovesi, "Fast almost-Gaussian filtering" (2010). Beyond the edges the image is reflected.
 *
 * Rows are taken four at a time, side by side in a small buffer, so that their sums do not wait for each other and the three
 * means stay in the cache; the result is written turned over, so that the columns are the rows of the second round.
 */

import type { Image } from '../core/micrograph.js';

const PASSES = 3;
/** Rows whose sums run side by side. */
const LANES = 4;
/** Rows that are written at a time. */
const BLOCK = 4 * LANES;

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
  const result = { ...image, pixels: new Float32Array(image.pixels.length) };
  blurInto(result.pixels, image, sigma);
  return result;
}

/** As `blur`, into memory that may be that of the image itself: a large image then takes half of the memory. */
export function blurInto(target: Float32Array, { pixels, width, height }: Image, sigma: number): void {
  const radius = windowRadius(sigma);
  const alongRows = new Float32Array(pixels.length);
  blurRows(alongRows, pixels, width, height, Math.min(radius, width - 1));
  blurRows(target, alongRows, height, width, Math.min(radius, height - 1));
}

/** Three running means along each row; entry (x, y) of the result is at `x * height + y`. */
function blurRows(result: Float32Array, pixels: Float32Array, width: number, height: number, radius: number): void {
  const lanes = new Float32Array(LANES * (width + 2 * radius));
  const block = Array.from({ length: BLOCK / LANES }, () => new Float32Array(LANES * width));
  for (let top = 0; top < height; top += BLOCK) {
    for (const [i, means] of block.entries()) {
      takeLanes(means, pixels, width, height, top + LANES * i);
      for (let pass = 0; pass < PASSES; pass++) {
        reflectLanes(lanes, means, width, radius);
        meanOfLanes(means, lanes, width, radius);
      }
    }
    giveLanes(result, block, width, height, top);
  }
}

/** Rows side by side; those beyond the last are the last. */
function takeLanes(lanes: Float32Array, pixels: Float32Array, width: number, height: number, top: number): void {
  const row = (lane: number) => Math.min(top + lane, height - 1) * width;
  const [a, b, c, d] = [row(0), row(1), row(2), row(3)];
  for (let x = 0; x < width; x++) {
    const at = LANES * x;
    lanes[at] = pixels[a + x];
    lanes[at + 1] = pixels[b + x];
    lanes[at + 2] = pixels[c + x];
    lanes[at + 3] = pixels[d + x];
  }
}

/** Writes a block of lanes as columns: many at a time, because columns lie far apart in memory. */
function giveLanes(
  result: Float32Array,
  block: readonly Float32Array[],
  width: number,
  height: number,
  top: number,
): void {
  const rows = Math.min(BLOCK, height - top);
  const [a, b, c, d] = block;
  for (let x = 0; x < width; x++) {
    const column = x * height + top;
    const at = LANES * x;
    if (rows === BLOCK) {
      give(result, column, a, at);
      give(result, column + LANES, b, at);
      give(result, column + 2 * LANES, c, at);
      give(result, column + 3 * LANES, d, at);
    } else {
      for (let row = 0; row < rows; row++) result[column + row] = block[Math.floor(row / LANES)][at + (row % LANES)];
    }
  }
}

function give(target: Float32Array, to: number, lanes: Float32Array, from: number): void {
  target[to] = lanes[from];
  target[to + 1] = lanes[from + 1];
  target[to + 2] = lanes[from + 2];
  target[to + 3] = lanes[from + 3];
}

/** Copies lanes, and reflects them beyond both ends, the edge pixel repeated (… 1 0 0 1 2 …). */
function reflectLanes(target: Float32Array, source: Float32Array, width: number, radius: number): void {
  target.set(source, LANES * radius);
  for (let i = 0; i < radius; i++) {
    for (let lane = 0; lane < LANES; lane++) {
      target[LANES * (radius - 1 - i) + lane] = source[LANES * i + lane];
      target[LANES * (radius + width + i) + lane] = source[LANES * (width - 1 - i) + lane];
    }
  }
}

/** Running means of lanes that reach `radius` beyond both ends. */
function meanOfLanes(target: Float32Array, source: Float32Array, width: number, radius: number): void {
  const window = LANES * (2 * radius + 1);
  const scale = 1 / (2 * radius + 1);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < window - LANES; i += LANES) {
    a += source[i];
    b += source[i + 1];
    c += source[i + 2];
    d += source[i + 3];
  }
  for (let left = 0, right = window - LANES; left < LANES * width; left += LANES, right += LANES) {
    a += source[right];
    b += source[right + 1];
    c += source[right + 2];
    d += source[right + 3];
    target[left] = a * scale;
    target[left + 1] = b * scale;
    target[left + 2] = c * scale;
    target[left + 3] = d * scale;
    a -= source[left];
    b -= source[left + 1];
    c -= source[left + 2];
    d -= source[left + 3];
  }
}
