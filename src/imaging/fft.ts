/** Two-dimensional Fourier filtering by `fft.js`, which takes powers of two: images are padded with zeros. */

import FFT from 'fft.js';
import type { Image } from '../core/micrograph.js';

function powerOfTwo(side: number): number {
  return 2 ** Math.max(1, Math.ceil(Math.log2(side)));
}

/**
 * Multiplies an image's Fourier transform by a real function of the frequency.
 *
 * @param transfer - factor at a spatial frequency, given by its square in cycles per pixel squared (0..0.5)
 */
export function filterByFrequency(image: Image, transfer: (squaredFrequency: number) => number): Image {
  return filterPair(image, null, transfer)[0];
}

/**
 * As `filterByFrequency`, of two images of one size for the price of one: the second travels as the imaginary part.
 *
 * @returns both, or the first twice where there is no second
 */
export function filterPair(
  image: Image,
  second: Image | null,
  transfer: (squaredFrequency: number) => number,
): [Image, Image] {
  const { width, height } = image;
  const { data, columns, rows } = transformed(image, second);
  for (let v = 0; v < rows; v++) {
    const fy = (v <= rows / 2 ? v : v - rows) / rows;
    for (let u = 0; u < columns; u++) {
      const fx = (u <= columns / 2 ? u : u - columns) / columns;
      const factor = transfer(fx * fx + fy * fy);
      data[2 * (v * columns + u)] *= factor;
      data[2 * (v * columns + u) + 1] *= factor;
    }
  }
  transformBoth(data, columns, rows, 'inverseTransform');
  const part = (offset: number): Image => {
    const pixels = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) pixels[y * width + x] = data[2 * (y * columns + x) + offset];
    }
    return { pixels, width, height };
  };
  const first = part(0);
  return [first, second ? part(1) : first];
}

/**
 * Mean power at each spatial frequency, whatever its direction: value i is that of i / values.length cycles per pixel. White noise of
 * variance 1 has 1 everywhere.
 */
export function radialPower(image: Image): Float64Array {
  const { data, columns, rows } = transformed(image);
  const side = Math.max(columns, rows);
  const [power, counts] = [new Float64Array(side), new Float64Array(side)];
  for (let v = 0; v < rows; v++) {
    const fy = (v <= rows / 2 ? v : v - rows) / rows;
    for (let u = 0; u < columns; u++) {
      const fx = (u <= columns / 2 ? u : u - columns) / columns;
      const at = Math.round(side * Math.hypot(fx, fy));
      const i = 2 * (v * columns + u);
      power[at] += data[i] ** 2 + data[i + 1] ** 2;
      counts[at]++;
    }
  }
  return power.map((sum, i) => sum / Math.max(1, counts[i]) / (image.width * image.height));
}

/** Fourier transform of an image (and of another as the imaginary part), padded with zeros: complex numbers, row by row. */
function transformed(
  { pixels, width, height }: Image,
  second: Image | null = null,
): { data: Float64Array; columns: number; rows: number } {
  const [columns, rows] = [powerOfTwo(width), powerOfTwo(height)];
  const data = new Float64Array(2 * columns * rows);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[2 * (y * columns + x)] = pixels[y * width + x];
      if (second) data[2 * (y * columns + x) + 1] = second.pixels[y * width + x];
    }
  }
  transformBoth(data, columns, rows, 'transform');
  return { data, columns, rows };
}

/** Transforms rows, then columns, of complex numbers in place. */
function transformBoth(
  data: Float64Array,
  columns: number,
  rows: number,
  direction: 'transform' | 'inverseTransform',
): void {
  transformLines(data, columns, rows, 1, columns, direction);
  transformLines(data, rows, columns, columns, 1, direction);
}

function transformLines(
  data: Float64Array,
  length: number,
  lines: number,
  stride: number,
  lineStride: number,
  direction: 'transform' | 'inverseTransform',
): void {
  const fft = new FFT(length);
  const input = fft.createComplexArray();
  const output = fft.createComplexArray();
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      const at = 2 * (line * lineStride + i * stride);
      input[2 * i] = data[at];
      input[2 * i + 1] = data[at + 1];
    }
    fft[direction](output, input);
    for (let i = 0; i < length; i++) {
      const at = 2 * (line * lineStride + i * stride);
      data[at] = output[2 * i];
      data[at + 1] = output[2 * i + 1];
    }
  }
}
