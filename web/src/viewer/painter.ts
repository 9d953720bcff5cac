/** Paints the grey values of a micrograph: on the graphics card where there is one, else on a plain canvas. */

import { canvasPainter } from './canvas-painter.js';
import { glPainter } from './gl-painter.js';
import type { Filter, Range } from './greys.js';
import type { Size, Tile, View } from './tiles.js';

/** What is painted. */
export interface Sight {
  readonly view: View;
  /** Of the screen, in CSS pixels. */
  readonly size: Size;
  /** Of the micrograph, in full-size pixels. */
  readonly full: Size;
  readonly filter: Filter;
  readonly range: Range;
  readonly inverted: boolean;
}

/** Paints micrographs on one canvas. */
export interface Painter {
  /** Whether it can take the background out. */
  readonly denoises: boolean;
  /** Pixels that a full-size pixel should take where tiles are drawn: fewer where they are blurred afterwards. */
  pixelsFor(view: View, filter: Filter): number;
  paint(tiles: readonly Tile[], sight: Sight): void;
}

/** Opens the best painter that the browser has. */
export function openPainter(canvas: HTMLCanvasElement): Painter {
  return glPainter(canvas) ?? canvasPainter(canvas);
}

/** Gives a canvas its size on the screen. */
export function fitCanvas(canvas: HTMLCanvasElement, { width, height }: Size): void {
  const [own, tall] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== own || canvas.height !== tall) [canvas.width, canvas.height] = [own, tall];
}
