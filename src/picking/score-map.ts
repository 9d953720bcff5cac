/** The score map: the network's score at every position of a prepared image, computed tile by tile. */

import { blur } from '../imaging/blur.js';
import { extract, padByReflection } from '../imaging/pad.js';
import { toFullSize } from '../imaging/resample.js';
import type { Image } from '../micrograph.js';
import type { Architecture } from '../network/architecture.js';
import { denseBytesPerPixel } from '../network/cost.js';
import { buildDenseGraph, densePositions, type Turns } from '../network/dense-graph.js';
import type { Weights } from '../network/parameters.js';
import type { Engine } from '../runtime/engine.js';
import type { PreparedImage } from './prepare.js';

/** Scores on a regular grid. */
export interface ScoreMap extends Image {
  /** Prepared pixels between neighbours. */
  readonly step: number;
  /** Prepared coordinate of the first row and column. */
  readonly origin: number;
  /** Full-size pixels per prepared pixel. */
  readonly factor: number;
}

/** Scores whole images with one network. */
export interface Scorer {
  /** The mean score of the four quarter turns at every position of the grid; every centre can be scored. */
  score(image: PreparedImage): Promise<ScoreMap>;
  /** Frees the network's session. */
  release(): Promise<void>;
}

/** How a scorer works. */
export interface ScorerOptions {
  /** Prepared pixels between positions; 1 by default. */
  step?: number;
  /** Quarter turns that are averaged; all four by default. */
  turns?: Turns;
  /** Bytes that the maps of one tile may take; 256 MiB by default. */
  tileBytes?: number;
}

const DEFAULTS = { step: 1, turns: 4, tileBytes: 256 * 2 ** 20 } as const;

/** Makes a scorer; its session lives in the engine until it is released. */
export async function openScorer(
  engine: Engine,
  architecture: Architecture,
  weights: Weights,
  options: ScorerOptions = {},
): Promise<Scorer> {
  const { step, turns, tileBytes } = { ...DEFAULTS, ...options };
  const { box } = architecture;
  const session = await engine.load(buildDenseGraph(architecture, weights, step, turns));
  const before = Math.floor((box - 1) / 2);
  const largest = tilePositions(architecture, step, turns, tileBytes);
  return {
    async score(image) {
      const padded = padByReflection(image, before, box - 1 - before);
      const width = densePositions(padded.width, box, step);
      const height = densePositions(padded.height, box, step);
      const pixels = new Float32Array(width * height);
      const [tileColumns, tileRows] = [evenly(width, largest), evenly(height, largest)];
      for (let top = 0; top < height; top += tileRows) {
        for (let left = 0; left < width; left += tileColumns) {
          const [columns, rows] = [Math.min(tileColumns, width - left), Math.min(tileRows, height - top)];
          const [w, h] = [columns, rows].map((positions) => (positions - 1) * step + box);
          const part = extract(padded, left * step, top * step, w, h);
          const { scores } = await session.run({ image: { dims: [1, 1, h, w], data: part.pixels } });
          for (let row = 0; row < rows; row++) {
            pixels.set(scores.data.subarray(row * columns, (row + 1) * columns), (top + row) * width + left);
          }
        }
      }
      return { pixels, width, height, step, origin: (box - 1) / 2 - before, factor: image.factor };
    },
    release: () => session.release(),
  };
}

/** Positions of the tiles into which `count` are divided: about equal, none larger than `largest`. */
function evenly(count: number, largest: number): number {
  return Math.ceil(count / Math.ceil(count / largest));
}

/** Positions along a tile's side so that the maps of its layers fit the memory. */
function tilePositions(architecture: Architecture, step: number, turns: number, tileBytes: number): number {
  const side = Math.floor(Math.sqrt(tileBytes / denseBytesPerPixel(architecture, step, turns)));
  return Math.max(1, Math.floor((side - architecture.box) / step) + 1, Math.ceil(architecture.box / step));
}

/** Smooths a map with a Gaussian of so many prepared pixels; 0 leaves it as it is. */
export function smooth(map: ScoreMap, sigma: number): ScoreMap {
  return sigma === 0 ? map : { ...map, ...blur(map, sigma / map.step) };
}

/** Full-size coordinate of a column or row of the map. */
export function mapToFullSize(map: ScoreMap, index: number): number {
  return toFullSize(map.origin + map.step * index, map.factor);
}
