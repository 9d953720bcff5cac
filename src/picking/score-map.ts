/** The score map: the network's score at every position of a prepared image, computed band by band. */

import { blankImage, type Image } from '../core/micrograph.js';
import { blurInto } from '../imaging/blur.js';
import { extract, windowPositions } from '../imaging/pad.js';
import { toFullSize } from '../imaging/resample.js';
import type { Architecture } from '../network/architecture.js';
import { buildDenseStages, type DenseStage, type Turns } from '../network/dense-graph.js';
import type { Weights } from '../network/parameters.js';
import type { Engine, Session } from '../runtime/engine.js';
import type { PreparedImage } from './prepare.js';
import { planScoring, type StageShape } from './score-plan.js';

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
   * @param give - true: the image's memory may be given away, and the image be empty afterwards
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
  const graphs = {
    whole: buildDenseStages(architecture, weights, { ...grid, staged: false }),
    staged: buildDenseStages(architecture, weights, { ...grid, staged: true }),
  };
  const loaded = { whole: loadAll(engine, graphs.whole), staged: lazily(() => loadAll(engine, graphs.staged)) };
  await loaded.whole;
  return {
    async score(image, give = false) {
      const { factor, pixels, width, height } = image;
      const size = { width: width + box - 1, height: height + box - 1 };
      const plan = planScoring(graphs, size, { box, step, bytes: mapBytes });
      const sessions = await (plan.staged ? loaded.staged.get() : loaded.whole);
      const stages = sessions.map((session, i) => ({ ...session, rows: plan.rows[i] }));
      const columns = windowPositions(size.width, box, step);
      const whole = plan.columns >= columns;
      const scores = whole
        ? await engine.runInBands(stages, { pixels, width, height }, { before, after: box - 1 - before }, give)
        : blankImage(columns, windowPositions(size.height, box, step));
      for (let left = 0; !whole && left < columns; left += plan.columns) {
        const panelWidth = (Math.min(plan.columns, columns - left) - 1) * step + box;
        const panel = extract(image, left * step - before, -before, panelWidth, size.height);
        copyInto(scores, await engine.runInBands(stages, panel, { before: 0, after: 0 }, true), left);
      }
      return { ...scores, step, origin: (box - 1) / 2 - before, factor };
    },
    async release() {
      const stages = [...(await loaded.whole), ...((await loaded.staged.made()) ?? [])];
      for (const { session } of stages) await session.release();
    },
  };
}

/** Makes something when it is first asked for. */
function lazily<T>(make: () => Promise<T>) {
  let made: Promise<T> | undefined;
  return {
    get() {
      made ??= make().catch((error) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    made: () => made,
  };
}

/** Copies an image into a larger one of the same height. */
function copyInto(target: Image, part: Image, left: number): void {
  for (let y = 0; y < part.height; y++) {
    target.pixels.set(part.pixels.subarray(y * part.width, (y + 1) * part.width), y * target.width + left);
  }
}

type LoadedGraph = StageShape & { readonly session: Session };

async function loadAll(engine: Engine, stages: readonly DenseStage[]): Promise<LoadedGraph[]> {
  const loaded: LoadedGraph[] = [];
  for (const { graph, ...stage } of stages) {
    loaded.push({ ...stage, session: await engine.load(graph, stages.length === 1) });
  }
  return loaded;
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
