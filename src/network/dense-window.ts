/** Geometry of the dense graph: how its layers move over their maps. */

import { windowPositions } from '../imaging/pad.js';
import { coarsening, type Layer } from './architecture.js';
import { gcd } from './cost.js';
import { windowKind } from './layers.js';

/** The grid on which a layer of the dense graph works. */
export interface Grid {
  /** Pixels between neighbours in the map of the box graph. */
  spacing: number;
  /** Pixels between neighbours in the map of the dense graph. */
  step: number;
  /** True until the first layer with kernels: all turns then share one input. */
  shared: boolean;
  /** Maps behind those of all turns that only fill the engine's block. */
  fillers: number;
}

/** The grid behind a layer. `step` is that between positions of the scores. */
export function nextGrid(layer: Layer, grid: Grid, step: number): Omit<Grid, 'fillers'> {
  switch (windowKind(layer)) {
    case 'pool': {
      const spacing = grid.spacing * coarsening(layer);
      return { ...grid, spacing, step: gcd(step, spacing) };
    }
    case 'kernel':
      return { ...grid, shared: false };
    case 'whole':
      return { spacing: step, step, shared: false };
    case undefined:
      return grid;
  }
}

/** How a layer moves over its maps: lengths in pixels of its input. */
export interface Window {
  readonly size: number;
  readonly dilation: number;
  readonly stride: number;
  /** Maps that it reads and writes, as they are stored. */
  readonly inputs: number;
  readonly outputs: number;
  /** Maps of its input's size that wait beside it to be added later. */
  readonly waiting: number;
}

/**
 * Bytes of the maps inside a stage: the most that a layer reads and writes together.
 *
 * @param rows - of its output
 * @param width - of its input
 */
export function bytesOfStage(
  { windows }: { readonly windows: readonly Window[] },
  rows: number,
  width: number,
): number {
  const widths = [width];
  for (const { size, dilation, stride } of windows) {
    widths.push(windowPositions(widths[widths.length - 1], (size - 1) * dilation + 1, stride));
  }
  let [after, most] = [rows, 0];
  for (let i = windows.length - 1; i >= 0; i--) {
    const { size, dilation, stride, inputs, outputs, waiting } = windows[i];
    const before = (after - 1) * stride + (size - 1) * dilation + 1;
    most = Math.max(most, (inputs + waiting) * before * widths[i] + outputs * after * widths[i + 1]);
    after = before;
  }
  return Float32Array.BYTES_PER_ELEMENT * most;
}

/** What one pixel of the last window's output is made of, in pixels before the first. */
export function reach(windows: readonly Window[]): { extent: number; stride: number } {
  let [extent, stride] = [1, 1];
  for (const window of windows.toReversed()) {
    extent = (extent - 1) * window.stride + (window.size - 1) * window.dilation + 1;
    stride *= window.stride;
  }
  return { extent, stride };
}
