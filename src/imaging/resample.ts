/**
 * Resampling by any factor. Binned pixel i covers the full-size pixels from factor*i to factor*(i+1), so for a whole
 * factor b its centre is full-size b*i + (b-1)/2, and in general factor*(i + 1/2) - 1/2.
 */

import type { Image } from '../core/micrograph.js';

/** Full-size coordinate of resampled coordinate `i`. */
export function toFullSize(i: number, factor: number): number {
  return factor * (i + 0.5) - 0.5;
}

/** Resampled coordinate of full-size coordinate `x`. */
export function toResampled(x: number, factor: number): number {
  return (x + 0.5) / factor - 0.5;
}

/** Side of the resampled image: whole resampled pixels only. */
export function resampledSide(side: number, factor: number): number {
  return Math.max(1, Math.floor(side / factor + 1e-6));
}

/**
 * Resamples an image: mean over the covered area for factors above 1 (binning), linear interpolation below 1.
 *
 * @param factor - full-size pixels per resampled pixel, above 0
 */
export function resample(image: Image, factor: number): Image {
  if (factor === 1) return image;
  if (Number.isInteger(factor)) return bin(image, factor);
  const width = resampledSide(image.width, factor);
  const height = resampledSide(image.height, factor);
  const columns = taps(width, image.width, factor);
  const rows = taps(height, image.height, factor);
  const pixels = new Float32Array(width * height);
  const sums = new Float64Array(image.width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let t = rows.start[y]; t < rows.start[y + 1]; t++) {
      addRow(sums, image.pixels, rows.index[t] * image.width, rows.weight[t]);
    }
    for (let x = 0; x < width; x++) {
      let value = 0;
      for (let t = columns.start[x]; t < columns.start[x + 1]; t++) value += sums[columns.index[t]] * columns.weight[t];
      pixels[y * width + x] = value;
    }
  }
  return { pixels, width, height };
}

/** Means of squares of whole pixels: the same as by taps, several times faster. */
function bin(image: Image, side: number): Image {
  const width = resampledSide(image.width, side);
  const height = resampledSide(image.height, side);
  const pixels = new Float32Array(width * height);
  const sums = new Float64Array(width);
  const [columns, rows] = [Math.min(side, image.width), Math.min(side, image.height)];
  const scale = 1 / (columns * rows);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let v = 0; v < rows; v++) addBins(sums, image.pixels, (side * y + v) * image.width, columns);
    for (let x = 0; x < width; x++) pixels[y * width + x] = sums[x] * scale;
  }
  return { pixels, width, height };
}

/** Adds the sum of `side` pixels to each entry. Four entries go side by side, so that their sums do not wait for each other. */
function addBins(sums: Float64Array, pixels: Float32Array, offset: number, side: number): void {
  const even = sums.length & ~3;
  let at = offset;
  for (let x = 0; x < even; x += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (const end = at + side; at < end; at++) {
      a += pixels[at];
      b += pixels[at + side];
      c += pixels[at + 2 * side];
      d += pixels[at + 3 * side];
    }
    at += 3 * side;
    sums[x] += a;
    sums[x + 1] += b;
    sums[x + 2] += c;
    sums[x + 3] += d;
  }
  for (let x = even; x < sums.length; x++) {
    for (const end = at + side; at < end; at++) sums[x] += pixels[at];
  }
}

function addRow(sums: Float64Array, pixels: Float32Array, offset: number, weight: number): void {
  for (let x = 0; x < sums.length; x++) sums[x] += weight * pixels[offset + x];
}

/** For each output coordinate the input coordinates it is made of and their weights (which sum to 1). */
interface Taps {
  /** Output i uses the entries from start[i] to start[i+1]. */
  start: Int32Array;
  index: number[];
  weight: number[];
}

function taps(outputs: number, inputs: number, factor: number): Taps {
  const result: Taps = { start: new Int32Array(outputs + 1), index: [], weight: [] };
  const add = (index: number, weight: number) => {
    if (weight <= 1e-9) return;
    result.index.push(Math.min(inputs - 1, Math.max(0, index)));
    result.weight.push(weight);
  };
  for (let i = 0; i < outputs; i++) {
    if (factor >= 1) coverArea(i, factor, add);
    else interpolate(toFullSize(i, factor), add);
    result.start[i + 1] = result.index.length;
  }
  return result;
}

function coverArea(i: number, factor: number, add: (index: number, weight: number) => void): void {
  const from = factor * i;
  const to = factor * (i + 1);
  for (let index = Math.floor(from); index < to - 1e-9; index++) {
    add(index, (Math.min(to, index + 1) - Math.max(from, index)) / factor);
  }
}

function interpolate(x: number, add: (index: number, weight: number) => void): void {
  const below = Math.floor(x);
  add(below, 1 - (x - below));
  add(below + 1, x - below);
}
