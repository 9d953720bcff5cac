/**
 * How an image goes through the network within a given memory: whole or in panels beside each other, and each of these in bands of rows.
 * What lies at the seams is computed twice, unless the graph is cut into stages, whose maps are copied instead.
 */

import type { Image } from '../core/micrograph.js';
import { windowPositions } from '../imaging/pad.js';
import type { DenseStage } from '../network/dense-graph.js';
import { bytesOfStage } from '../network/dense-window.js';

/** Width and height in pixels. */
export type Size = Pick<Image, 'width' | 'height'>;
/** What a plan has to know of a stage. */
export type StageShape = Omit<DenseStage, 'graph'>;

/** A way through the network. */
export interface ScorePlan {
  readonly staged: boolean;
  /** Positions along a panel. */
  readonly columns: number;
  /** For each stage the rows that it makes at a time. */
  readonly rows: readonly number[];
}

/** Panels that are tried. */
const PANELS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/** Stages must save at least this factor of computing: copying between them costs so much (measured for all presets). */
const COST_OF_STAGES = 1.6;

/**
 * The way that computes least.
 *
 * @param size - of the image with its margins, at least the box
 * @param step - pixels between positions
 * @param bytes - for the maps of the network
 */
export function planScoring(
  shapes: { readonly whole: readonly StageShape[]; readonly staged: readonly StageShape[] },
  size: Size,
  { box, step, bytes }: { readonly box: number; readonly step: number; readonly bytes: number },
): ScorePlan {
  const positions = windowPositions(size.width, box, step);
  let best: { plan: ScorePlan; cost: number } | undefined;
  for (const staged of [false, true]) {
    for (const panels of PANELS) {
      const columns = Math.ceil(positions / panels);
      const panel = { width: (columns - 1) * step + box, height: size.height };
      const stages = staged ? shapes.staged : shapes.whole;
      const bands = bandsOf(stages, panel, bytes / stages.length);
      const cost = (panel.width / columns) * bands.overlap * (staged ? COST_OF_STAGES : 1);
      if (!best || cost < best.cost) best = { plan: { staged, columns, rows: bands.rows }, cost };
    }
  }
  if (!best) throw new Error('no way to score an image');
  return best.plan;
}

/** Rows that each stage makes at a time: about the same number each time, within the memory; and how often a row is computed. */
function bandsOf(stages: readonly StageShape[], { width, height }: Size, bytes: number) {
  let [columns, rows, overlap] = [width, height, 1];
  const made = stages.map((stage) => {
    const largest = rowsThatFit(stage, columns, bytes);
    const excess = Math.max(1, bytesOfStage(stage, largest, columns) / bytes);
    columns = windowPositions(columns, stage.extent, stage.stride);
    rows = windowPositions(rows, stage.extent, stage.stride);
    const count = Math.ceil(rows / Math.ceil(rows / largest));
    overlap = Math.max(overlap, excess * overlapOf(stage, count, rows));
    return count;
  });
  return { rows: made, overlap };
}

/** Rows of output for which the maps of a stage fit the memory; at least one. */
function rowsThatFit(stage: StageShape, width: number, bytes: number): number {
  let [fit, beyond] = [1, 2];
  while (bytesOfStage(stage, beyond, width) <= bytes) [fit, beyond] = [beyond, 2 * beyond];
  while (beyond - fit > 1) {
    const middle = (fit + beyond) >> 1;
    if (bytesOfStage(stage, middle, width) <= bytes) fit = middle;
    else beyond = middle;
  }
  return fit;
}

/** How many times the rows behind the first layer of a stage are computed on average. */
function overlapOf({ extent, stride, windows: [first] }: StageShape, count: number, rows: number): number {
  if (count >= rows) return 1;
  const behind = (input: number) => windowPositions(input, (first.size - 1) * first.dilation + 1, first.stride);
  return (behind(extent + (count - 1) * stride) * first.stride) / (count * stride);
}
