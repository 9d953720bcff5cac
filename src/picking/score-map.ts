/** The score map: the network's score at every position of a prepared image, computed band by band. */

import { blurInto } from '../imaging/blur.js';
import { toFullSize } from '../imaging/resample.js';
import type { Image } from '../micrograph.js';
import type { Architecture } from '../network/architecture.js';
import { buildDenseStages, bytesOfStage, type DenseStage, densePositions, type Turns } from '../network/dense-graph.js';
import type { Weights } from '../network/parameters.js';
import type { Engine, LoadedStage, Session } from '../runtime/engine.js';
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
  /**
   * The mean score of the quarter turns at every position of the grid; every centre can be scored.
   *
   * @param give - true: the image's memory is given away, and the image is empty afterwards
   */
  score(image: PreparedImage, give?: boolean): Promise<ScoreMap>;
  /** Frees the network's session. */
  release(): Promise<void>;
}

/** How a scorer works. */
export interface ScorerOptions {
  /** Prepared pixels between positions; 1 by default. */
  step?: number;
  /** Quarter turns that are averaged; all four by default. */
  turns?: Turns;
  /** Bytes that the maps of the network may take; 256 MiB by default. The engine takes up to two and a half times as much. */
  mapBytes?: number;
}

/** Bytes for maps unless something else is asked for. */
export const MAP_BYTES = 256 * 2 ** 20;

const DEFAULTS = { step: 1, turns: 4, mapBytes: MAP_BYTES } as const;
/** Seams that are computed twice may cost this much before the graph is cut into stages, whose maps are copied instead. */
const LARGEST_OVERLAP = 2;

/** Makes a scorer; its sessions live in the engine until it is released. */
export async function openScorer(
  engine: Engine,
  architecture: Architecture,
  weights: Weights,
  options: ScorerOptions = {},
): Promise<Scorer> {
  const { mapBytes, ...grid } = { ...DEFAULTS, ...options };
  const { box } = architecture;
  const { step } = grid;
  const before = Math.floor((box - 1) / 2);
  const whole = buildDenseStages(architecture, weights, { ...grid, staged: false });
  const loaded = new Map<boolean, Promise<readonly LoadedGraph[]>>();
  const load = (staged: boolean) => {
    const known = loaded.get(staged);
    if (known) return known;
    const stages = staged ? buildDenseStages(architecture, weights, { ...grid, staged }) : whole;
    const loading = loadAll(engine, stages);
    loaded.set(staged, loading);
    return loading;
  };
  await load(false);
  return {
    async score(image, give = false) {
      const { factor, ...pixels } = image;
      const size = { width: image.width + box - 1, height: image.height + box - 1 };
      const staged = overlapOf(whole[0], size, mapBytes) > LARGEST_OVERLAP;
      const stages = withRows(await load(staged), size, mapBytes);
      const scores = await engine.runInBands(stages, pixels, { before, after: box - 1 - before }, give);
      return { ...scores, step, origin: (box - 1) / 2 - before, factor };
    },
    async release() {
      for (const stages of loaded.values()) for (const { session } of await stages) await session.release();
      loaded.clear();
    },
  };
}

type Size = Pick<Image, 'width' | 'height'>;
type Stage = Omit<DenseStage, 'graph'>;
type LoadedGraph = Stage & { readonly session: Session };

async function loadAll(engine: Engine, stages: readonly DenseStage[]): Promise<LoadedGraph[]> {
  const loaded: LoadedGraph[] = [];
  for (const { graph, ...stage } of stages) {
    loaded.push({ ...stage, session: await engine.load(graph, stages.length === 1) });
  }
  return loaded;
}

/** Rows of output for which the maps of a stage fit the memory; at least one. */
function rowsThatFit(stage: Stage, width: number, bytes: number): number {
  let [fit, beyond] = [1, 2];
  while (bytesOfStage(stage, beyond, width) <= bytes) [fit, beyond] = [beyond, 2 * beyond];
  while (beyond - fit > 1) {
    const middle = (fit + beyond) >> 1;
    if (bytesOfStage(stage, middle, width) <= bytes) fit = middle;
    else beyond = middle;
  }
  return fit;
}

/** How many times the rows of an image are computed on average, in bands of one stage. */
function overlapOf(stage: Stage, { width, height }: Size, bytes: number): number {
  const rows = rowsThatFit(stage, width, bytes);
  const inBand = stage.extent + (rows - 1) * stage.stride;
  return inBand >= height ? 1 : inBand / (rows * stage.stride);
}

/** Stages with the rows that each makes at a time: about the same number each time, within the memory. */
function withRows(stages: readonly LoadedGraph[], { width, height }: Size, bytes: number): LoadedStage[] {
  let [columns, rows] = [width, height];
  return stages.map((stage) => {
    const { extent, stride, session } = stage;
    const largest = rowsThatFit(stage, columns, bytes / stages.length);
    [columns, rows] = [densePositions(columns, extent, stride), densePositions(rows, extent, stride)];
    return { session, extent, stride, rows: Math.ceil(rows / Math.ceil(rows / largest)) };
  });
}

/** Smooths a map, in place, with a Gaussian of so many prepared pixels; 0 leaves it as it is. */
export function smooth(map: ScoreMap, sigma: number): ScoreMap {
  if (sigma > 0) blurInto(map.pixels, map, sigma / map.step);
  return map;
}

/** Full-size coordinate of a column or row of the map. */
export function mapToFullSize(map: ScoreMap, index: number): number {
  return toFullSize(map.origin + map.step * index, map.factor);
}
