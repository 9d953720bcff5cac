/**
 * The part of a micrograph that was recorded. Motion correction shifts frames over each other and fills the border with a constant, or
 * repeats the last row or column: neighbouring rows there hardly differ, whatever their values.
 */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { mirror } from './pad.js';
import { medianInPlace } from './statistics.js';

/** Columns and rows, first and last. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Neighbouring rows of a border differ by less than this share of what rows inside differ. */
const LEAST_DIFFERENCE = 0.05;
/** Rows and columns inside that are compared with their neighbours, and pixels of each. */
const SAMPLES = 64;
const PIXELS = 512;
/** Places along a side at which it is looked what part of an area is excluded. */
const GRID = 64;
/** More than this share of the rows or columns is never taken for a border: something else is wrong then. */
const LARGEST_BORDER = 0.4;

/** Finds the recorded part; the whole image where nothing was filled in. */
export function recordedFrame(image: Image): Frame {
  const { width, height } = image;
  const [left, right] = recordedLines(width, (x) => difference(image, x, x + 1, 'column'));
  const [top, bottom] = recordedLines(height, (y) => difference(image, y, y + 1, 'row'));
  return { left, top, right, bottom };
}

/** The frame that is all of an image. */
export function wholeFrame({ width, height }: { readonly width: number; readonly height: number }): Frame {
  return { left: 0, top: 0, right: width - 1, bottom: height - 1 };
}

/** True where a centre is at least `edge` pixels away from every side of a frame. */
export function isInFrame({ x, y }: Point, { left, top, right, bottom }: Frame, edge: number): boolean {
  return x >= left + edge && y >= top + edge && x <= right - edge && y <= bottom - edge;
}

/** Cuts a frame out; the image itself where the frame is all of it. */
export function cutFrame<I extends Image>(image: I, frame: Frame): I {
  if (isWhole(frame, image)) return image;
  const { left, top, right, bottom } = frame;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const pixels = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * image.width + left;
    pixels.set(image.pixels.subarray(start, start + width), y * width);
  }
  return { ...image, pixels, width, height };
}

/** Cuts out the middle, at most so many pixels wide and high. */
export function cutMiddle<I extends Image>(image: I, side: number): I {
  const [columns, rows] = [Math.min(image.width, side), Math.min(image.height, side)];
  const [left, top] = [(image.width - columns) >> 1, (image.height - rows) >> 1];
  return cutFrame(image, { left, top, right: left + columns - 1, bottom: top + rows - 1 });
}

/**
 * Area of a frame without its edge, in square pixels; 1 at the least.
 *
 * @param isExcluded - whether a place does not count; null: every place does
 */
export function areaInside(
  { left, top, right, bottom }: Frame,
  edge: number,
  isExcluded: ((place: Point) => boolean) | null = null,
): number {
  const [width, height] = [Math.max(1, right - left - 2 * edge), Math.max(1, bottom - top - 2 * edge)];
  if (!isExcluded) return width * height;
  let open = 0;
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const [x, y] = [(column + 0.5) / GRID, (row + 0.5) / GRID];
      if (!isExcluded({ x: left + edge + x * width, y: top + edge + y * height })) open++;
    }
  }
  return Math.max(1, (open / GRID ** 2) * width * height);
}

/** Replaces what lies outside a frame by the mirrored inside, in place, as the preparation mirrors at every edge. */
export function mirrorOutside({ pixels, width, height }: Image, frame: Frame): void {
  const column = Int32Array.from(
    { length: width },
    (_, x) => frame.left + mirror(x - frame.left, frame.right - frame.left + 1),
  );
  for (let y = 0; y < height; y++) {
    const row = frame.top + mirror(y - frame.top, frame.bottom - frame.top + 1);
    if (row !== y) for (let x = 0; x < width; x++) pixels[y * width + x] = pixels[row * width + column[x]];
    else for (const x of outside(width, frame)) pixels[y * width + x] = pixels[y * width + column[x]];
  }
}

/** Columns outside a frame. */
function* outside(width: number, { left, right }: Frame): Generator<number> {
  for (let x = 0; x < left; x++) yield x;
  for (let x = right + 1; x < width; x++) yield x;
}

/** Whether a frame is all of an image. */
export function isWhole({ left, top, right, bottom }: Frame, { width, height }: Image): boolean {
  return left === 0 && top === 0 && right === width - 1 && bottom === height - 1;
}

/** First and last line that were recorded. */
function recordedLines(count: number, differenceAt: (line: number) => number): [number, number] {
  const inside = Float64Array.from({ length: Math.min(SAMPLES, count - 1) }, (_, i) =>
    differenceAt(Math.floor(((i + 0.5) * (count - 1)) / Math.min(SAMPLES, count - 1))),
  );
  const least = LEAST_DIFFERENCE * medianInPlace(inside);
  const most = Math.floor(LARGEST_BORDER * count);
  let first = 0;
  while (first < most && differenceAt(first) < least) first++;
  let last = count - 1;
  while (count - 1 - last < most && differenceAt(last - 1) < least) last--;
  return first >= most || count - 1 - last >= most ? [0, count - 1] : [first, last];
}

/** Mean absolute difference of two neighbouring rows or columns, over some of their pixels. */
function difference({ pixels, width, height }: Image, a: number, b: number, kind: 'row' | 'column'): number {
  const length = kind === 'row' ? width : height;
  const stride = Math.max(1, Math.floor(length / PIXELS));
  const at = (line: number, i: number) => pixels[kind === 'row' ? line * width + i : i * width + line];
  let sum = 0;
  for (let i = 0; i < length; i += stride) sum += Math.abs(at(a, i) - at(b, i));
  return sum;
}
