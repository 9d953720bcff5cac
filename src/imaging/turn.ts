/** Squares cut out of an image at any angle and scale. */

import type { Image } from '../core/micrograph.js';
import { extract } from './pad.js';

/** A square of an image that was turned and enlarged about the square's centre. */
export interface TurnedSquare {
  /** First column and row of the square before it is turned. */
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Radians, from the x towards the y axis. */
  readonly angle: number;
  /** Pixels of the image a pixel of the square. */
  readonly zoom: number;
}

/** Where a point of the square, given from the square's centre, lies in the image, from the same centre. */
export function turnedOffset(
  { angle, zoom }: Pick<TurnedSquare, 'angle' | 'zoom'>,
  dx: number,
  dy: number,
): { x: number; y: number } {
  const along = zoom * Math.cos(angle);
  const across = zoom * Math.sin(angle);
  return { x: along * dx - across * dy, y: across * dx + along * dy };
}

/**
 * Cuts a turned square by cubic convolution, which keeps more of the fine noise than linear interpolation; beyond the edges
 * the image is reflected.
 */
export function cutTurnedInto(target: Float32Array, image: Image, square: TurnedSquare): void {
  const { left, top, side } = square;
  const half = (side - 1) / 2;
  const along = turnedOffset(square, 1, 0);
  for (let row = 0; row < side; row++) {
    const start = turnedOffset(square, -half, row - half);
    for (let column = 0; column < side; column++) {
      const x = left + half + start.x + column * along.x;
      const y = top + half + start.y + column * along.y;
      target[row * side + column] = sampleCubic(image, x, y);
    }
  }
}

/** The value of an image between its pixels. */
function sampleCubic(image: Image, x: number, y: number): number {
  const { pixels, width, height } = image;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const inside = x0 >= 1 && y0 >= 1 && x0 + 2 < width && y0 + 2 < height;
  if (!inside) return interpolate(extract(image, x0 - 1, y0 - 1, 4, 4).pixels, 0, 4, x - x0, y - y0);
  return interpolate(pixels, (y0 - 1) * width + x0 - 1, width, x - x0, y - y0);
}

/** Between the middle pixels of 4 x 4, the first of which is at `at`: u along a row, v along a column, 0 to 1. */
function interpolate(pixels: Float32Array, at: number, width: number, u: number, v: number): number {
  return (
    outer(1 - v) * interpolateRow(pixels, at, u) +
    inner(1 - v) * interpolateRow(pixels, at + width, u) +
    inner(v) * interpolateRow(pixels, at + 2 * width, u) +
    outer(v) * interpolateRow(pixels, at + 3 * width, u)
  );
}

function interpolateRow(pixels: Float32Array, at: number, u: number): number {
  return (
    outer(1 - u) * pixels[at] + inner(1 - u) * pixels[at + 1] + inner(u) * pixels[at + 2] + outer(u) * pixels[at + 3]
  );
}

/** Weight of one of the two nearest pixels, 1 - t from the point (Keys 1981, equation 15 with a = -1/2). */
function inner(t: number): number {
  return ((-1.5 * t + 2) * t + 0.5) * t;
}

/** Weight of one of the two next ones, 2 - t from the point. */
function outer(t: number): number {
  return (0.5 * t - 0.5) * t * t;
}
