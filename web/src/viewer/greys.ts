/** Which grey values of a micrograph become black and white once it is filtered. */

import type { Tile, Tiles } from './tiles.js';

/** Filters that are applied to what is shown; standard deviations of Gaussians in full-size pixels. */
export interface Filter {
  /** Of the low-pass; 0: none. */
  readonly smooth: number;
  /** Of what is subtracted as background; 0: none. */
  readonly background: number;
}

/** Grey values from 0 to 1 between which the screen goes from black to white. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** A Gaussian passes half of the amplitude at this many of its standard deviations' inverse: sigma = resolution * this. */
const SIGMA_OF_RESOLUTION = Math.sqrt(Math.LN2 / 2) / Math.PI;
/** Band-pass that shows particles best, in particle diameters. */
const DENOISED = { smooth: 1 / 20, background: 0.6 };
/** Side of the part that greys are counted in. */
const SAMPLE = 320;

/**
 * @param lowpass - resolution in full-size pixels; 0: none
 * @param diameter - of the particle, where the background is to go and noise with it; null: neither
 */
export function filterOf(lowpass: number, diameter: number | null): Filter {
  const smooth = lowpass * SIGMA_OF_RESOLUTION;
  if (diameter === null) return { smooth, background: 0 };
  return { smooth: Math.max(smooth, DENOISED.smooth * diameter), background: DENOISED.background * diameter };
}

/** Finds ranges, and keeps them: a range holds for a whole level of a micrograph, so that nothing flickers as it is moved. */
export function openRanges(tiles: Tiles): (level: number, filter: Filter, clip: number) => Range | null {
  const sorted = new Map<string, Float32Array>();
  return (level, filter, clip) => {
    const key = `${level} ${filter.smooth} ${filter.background}`;
    let values = sorted.get(key);
    if (!values) {
      const tile = tiles.middle(level);
      if (!tile) return null;
      values = filteredGreys(tile, filter).sort();
      sorted.set(key, values);
    }
    const at = (share: number) => values[Math.round(share * (values.length - 1))];
    return { low: at(clip), high: Math.max(at(1 - clip), at(clip) + 1e-4) };
  };
}

function filteredGreys({ bitmap, level }: Tile, { smooth, background }: Filter): Float32Array {
  const [width, height] = [Math.min(SAMPLE, bitmap.width), Math.min(SAMPLE, bitmap.height)];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return Float32Array.of(0, 1);
  context.drawImage(bitmap, -Math.floor((bitmap.width - width) / 2), -Math.floor((bitmap.height - height) / 2));
  const { data } = context.getImageData(0, 0, width, height);
  const grey = Float32Array.from({ length: width * height }, (_, i) => data[4 * i] / 255);
  const scale = 2 ** -level;
  const fine = blurred(grey, width, height, smooth * scale);
  if (background === 0) return fine;
  const wide = blurred(grey, width, height, background * scale);
  return fine.map((value, i) => value - wide[i]);
}

/** Gaussian blur as three means over boxes, along rows and then along columns; mirrored nowhere: the edge counts less. */
export function blurred(pixels: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const reach = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  if (reach < 1) return pixels.slice();
  let now = pixels;
  for (let pass = 0; pass < 3; pass++) {
    now = boxMeans(now, width, height, reach, 1, width);
    now = boxMeans(now, height, width, reach, width, 1);
  }
  return now;
}

function boxMeans(
  from: Float32Array,
  length: number,
  lines: number,
  reach: number,
  step: number,
  nextLine: number,
): Float32Array {
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++) {
    const start = line * nextLine;
    let [sum, count] = [0, 0];
    for (let i = -reach; i < length; i++) {
      if (i + reach < length) {
        sum += from[start + (i + reach) * step];
        count++;
      }
      if (i - reach - 1 >= 0) {
        sum -= from[start + (i - reach - 1) * step];
        count--;
      }
      if (i >= 0) to[start + i * step] = sum / count;
    }
  }
  return to;
}
