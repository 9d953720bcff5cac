/**
 * Scaling a square image by cutting its Fourier transform, as RELION does: the centre, pixel side / 2, stays the centre. Sides may
 * be any number, so the two transforms and the cut are one matrix for each axis.
 */

import type { Image } from '../core/micrograph.js';

/**
 * Makes a function that scales images of `from` pixels to `to` pixels (at most `from`, both even). Mean values stay.
 */
export function fourierScaler(from: number, to: number): (image: Image) => Image {
  const matrix = scalingMatrix(from, to);
  const rows = new Float64Array(to * from);
  return ({ pixels }) => {
    multiplyRows(rows, matrix, pixels, from, to);
    const scaled = new Float32Array(to * to);
    for (let y = 0; y < to; y++) {
      for (let x = 0; x < to; x++) {
        let sum = 0;
        for (let k = 0; k < from; k++) sum += rows[y * from + k] * matrix[x * from + k];
        scaled[y * to + x] = sum;
      }
    }
    return { pixels: scaled, width: to, height: to };
  };
}

/** Entry (j, k): what pixel k of the large image adds to pixel j of the small one, over all frequencies that both have. */
function scalingMatrix(from: number, to: number): Float64Array {
  const matrix = new Float64Array(to * from);
  for (let j = 0; j < to; j++) {
    for (let k = 0; k < from; k++) {
      const turn = 2 * Math.PI * (j / to - k / from);
      let sum = 1;
      for (let f = 1; f < to / 2; f++) sum += 2 * Math.cos(f * turn);
      matrix[j * from + k] = (sum + Math.cos((to / 2) * turn)) / from;
    }
  }
  return matrix;
}

function multiplyRows(rows: Float64Array, matrix: Float64Array, pixels: Float32Array, from: number, to: number): void {
  rows.fill(0);
  for (let j = 0; j < to; j++) {
    for (let y = 0; y < from; y++) {
      const weight = matrix[j * from + y];
      for (let x = 0; x < from; x++) rows[j * from + x] += weight * pixels[y * from + x];
    }
  }
}
