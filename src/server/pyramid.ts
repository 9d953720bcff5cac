/** A micrograph for display: halved again and again, cut into tiles, grey values from a range that suits each level. */

import { blur } from '../imaging/blur.js';
import { extract } from '../imaging/pad.js';
import { resample } from '../imaging/resample.js';
import { robustStatistics } from '../imaging/statistics.js';
import type { Image } from '../micrograph.js';

/** Side of a tile. */
export const TILE = 512;
/** Grey 0 to 255 is the median plus or minus this many standard deviations; the page narrows it. */
const RANGE = 5;
/** Side of the part that a level's range is taken from. */
const SAMPLE = 1024;
/** A Gaussian passes half of the amplitude at this many of its standard deviations' inverse: sigma = resolution * this. */
const SIGMA_OF_RESOLUTION = Math.sqrt(Math.LN2 / 2) / Math.PI;

/** Levels of a micrograph: 0 is full size, each further one half of the last. */
export interface Pyramid {
  readonly levels: readonly Image[];
  /** Tile in column `x` and row `y` of a level, as 8-bit grey; smaller at the right and lower edges. */
  tile(level: number, x: number, y: number, lowpass: number): GreyImage | null;
}

/** 8-bit grey values. */
export interface GreyImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Halvings until an image of these sides fits into one tile. */
export function levelCount(width: number, height: number): number {
  return 1 + Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / TILE)));
}

/** Makes all levels; takes 4/3 of the image's memory. */
export function makePyramid(image: Image): Pyramid {
  const levels = [image];
  for (let i = 1; i < levelCount(image.width, image.height); i++) levels.push(resample(levels[i - 1], 2));
  const ranges = new Map<string, Range>();
  const rangeOf = (level: number, sigma: number) => {
    const key = `${level} ${sigma}`;
    const known = ranges.get(key) ?? displayRange(levels[level], sigma);
    ranges.set(key, known);
    return known;
  };
  return {
    levels,
    tile(level, x, y, lowpass) {
      const whole = levels[level];
      const [left, top] = [x * TILE, y * TILE];
      if (!whole || left >= whole.width || top >= whole.height) return null;
      const [width, height] = [Math.min(TILE, whole.width - left), Math.min(TILE, whole.height - top)];
      const sigma = (lowpass * SIGMA_OF_RESOLUTION) / 2 ** level;
      return toGrey(blurred(whole, { left, top, width, height }, sigma), rangeOf(level, sigma));
    },
  };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A part of an image as it is after a blur of the whole. */
function blurred(image: Image, { left, top, width, height }: Part, sigma: number): Image {
  const margin = Math.ceil(3 * sigma);
  const wide = extract(image, left - margin, top - margin, width + 2 * margin, height + 2 * margin);
  return margin === 0 ? wide : extract(blur(wide, sigma), margin, margin, width, height);
}

function displayRange(image: Image, sigma: number): Range {
  const [width, height] = [Math.min(SAMPLE, image.width), Math.min(SAMPLE, image.height)];
  const left = Math.floor((image.width - width) / 2);
  const top = Math.floor((image.height - height) / 2);
  const { median, sd } = robustStatistics(blurred(image, { left, top, width, height }, sigma).pixels);
  return { low: median - RANGE * (sd || 1), high: median + RANGE * (sd || 1) };
}

function toGrey({ pixels, width, height }: Image, { low, high }: Range): GreyImage {
  const scale = 255 / (high - low);
  return { pixels: Uint8Array.from(pixels, (v) => Math.min(255, Math.max(0, (v - low) * scale + 0.5))), width, height };
}
