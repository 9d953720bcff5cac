/**
 * Many marks, drawn once: where the whole micrograph is small enough on the screen, its marks are kept as a picture, which is then moved about. While
 * the view is zoomed the picture is stretched, and drawn again when the zoom pauses.
 */

import { drawMarks, type MarkGroup } from './overlay.js';
import type { Size, View } from './tiles.js';

/** Fewer marks are drawn every time. */
const MANY = 1000;
/** Pixels of the largest picture that is kept. */
const MOST_PIXELS = 8e6;
/** While pictures follow one another faster than this, the last one is stretched. */
const PAUSE_MS = 150;
/** A picture is stretched up to this factor, either way. */
const MOST_STRETCH = 2;

interface Kept {
  readonly canvas: HTMLCanvasElement;
  readonly groups: readonly MarkGroup[];
  readonly diameter: number;
  readonly k: number;
  /** Around the micrograph, in CSS pixels: marks reach over its edges. */
  readonly margin: number;
  readonly at: number;
}

/** Draws marks, and keeps what it has drawn. */
export interface MarkLayer {
  /** @returns milliseconds after which it should be drawn again, because it is only stretched; null: it is right */
  draw(
    context: CanvasRenderingContext2D,
    view: View,
    full: Size,
    groups: readonly MarkGroup[],
    diameter: number,
  ): number | null;
}

export function openMarkLayer(): MarkLayer {
  let kept: Kept | null = null;

  function render(full: Size, k: number, groups: readonly MarkGroup[], diameter: number): Kept {
    const margin = Math.ceil((k * diameter) / 2) + 6;
    const canvas = kept?.canvas ?? document.createElement('canvas');
    canvas.width = Math.ceil((k * full.width + 2 * margin) * devicePixelRatio);
    canvas.height = Math.ceil((k * full.height + 2 * margin) * devicePixelRatio);
    const context = canvas.getContext('2d');
    context?.scale(devicePixelRatio, devicePixelRatio);
    const size = { width: canvas.width / devicePixelRatio, height: canvas.height / devicePixelRatio };
    if (context) drawMarks(context, { k, x: margin, y: margin }, groups, diameter, size);
    return { canvas, groups, diameter, k, margin, at: performance.now() };
  }

  return {
    draw(context, view, full, groups, diameter) {
      const count = groups.reduce((sum, { points }) => sum + points.length, 0);
      const pixels = view.k ** 2 * full.width * full.height * devicePixelRatio ** 2;
      if (count < MANY || pixels > MOST_PIXELS) {
        const { clientWidth: width, clientHeight: height } = context.canvas;
        drawMarks(context, view, groups, diameter, { width, height });
        return null;
      }
      const isSame = kept?.groups === groups && kept.diameter === diameter;
      const stretch = isSame && kept ? view.k / kept.k : 0;
      const isFresh = kept !== null && performance.now() - kept.at < PAUSE_MS;
      const mayStretch = isFresh && stretch > 1 / MOST_STRETCH && stretch < MOST_STRETCH;
      if (!kept || !(stretch === 1 || mayStretch)) kept = render(full, view.k, groups, diameter);
      const scale = view.k / kept.k;
      const whole = (place: number) => Math.round(place * devicePixelRatio) / devicePixelRatio;
      context.drawImage(
        kept.canvas,
        whole(view.x - kept.margin * scale),
        whole(view.y - kept.margin * scale),
        (kept.canvas.width / devicePixelRatio) * scale,
        (kept.canvas.height / devicePixelRatio) * scale,
      );
      return scale === 1 ? null : PAUSE_MS;
    },
  };
}
