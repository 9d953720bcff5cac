/** Tiles of a micrograph: asked for as they come into view, kept, and drawn; coarser ones stand in for those that are missing. */

import type { ApiMicrographDetail } from '../../../src/server/api.js';
import { address } from '../api.js';

/** From full-size pixels to pixels of the screen: screen = k * full + (x, y). */
export interface View {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

const MOST_TILES = 400;

/** The tiles of one micrograph at one resolution. */
export interface Tiles {
  /** Draws what is in view. */
  draw(context: CanvasRenderingContext2D, view: View): void;
  /** Cumulative shares of the 256 grey values, of the coarsest level; null until it is there. */
  shares(): Float64Array | null;
}

/**
 * @param lowpass - in full-size pixels; 0: none
 * @param arrived - called when there is something new to draw
 * @param failed - called once if a tile cannot be had
 */
export function openTiles(
  detail: ApiMicrographDetail,
  lowpass: number,
  arrived: () => void,
  failed: () => void,
): Tiles {
  const { id, width, height, levels, tile } = detail;
  const images = new Map<string, HTMLImageElement>();
  let cumulative: Float64Array | null = null;

  function imageOf(level: number, x: number, y: number): HTMLImageElement | null {
    const key = `${level} ${x} ${y}`;
    const known = images.get(key);
    if (known) {
      images.delete(key);
      images.set(key, known);
      return known.complete && known.naturalWidth > 0 ? known : null;
    }
    const image = new Image();
    image.onload = arrived;
    image.onerror = failed;
    image.src = address('/api/tile', { id, level, x, y, lowpass });
    images.set(key, image);
    const oldest = images.keys().next().value;
    if (images.size > MOST_TILES && oldest !== undefined) images.delete(oldest);
    return null;
  }

  function drawLevel(context: CanvasRenderingContext2D, level: number, { k, x, y }: View): void {
    const side = tile * 2 ** level;
    const { clientWidth, clientHeight } = context.canvas;
    const first = (offset: number) => Math.max(0, Math.floor(-offset / k / side));
    const last = (offset: number, screen: number, full: number) =>
      Math.min(Math.ceil(full / side) - 1, Math.floor((screen - offset) / k / side));
    for (let row = first(y); row <= last(y, clientHeight, height); row++) {
      for (let column = first(x); column <= last(x, clientWidth, width); column++) {
        const image = imageOf(level, column, row);
        if (!image) continue;
        const scale = k * 2 ** level;
        const [left, top] = [x + k * column * side, y + k * row * side];
        context.drawImage(image, left, top, image.naturalWidth * scale, image.naturalHeight * scale);
      }
    }
  }

  return {
    draw(context, view) {
      const wanted = Math.floor(Math.log2(1 / (view.k * devicePixelRatio)) + 0.25);
      const level = Math.min(levels - 1, Math.max(0, wanted));
      drawLevel(context, levels - 1, view);
      if (level < levels - 1) drawLevel(context, level, view);
    },
    shares() {
      const image = images.get(`${levels - 1} 0 0`);
      if (!cumulative && image?.complete && image.naturalWidth > 0) cumulative = sharesOf(image);
      return cumulative;
    },
  };
}

function sharesOf(image: HTMLImageElement): Float64Array {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const shares = new Float64Array(256);
  if (!context) return shares;
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) shares[data[i]]++;
  for (let i = 1; i < 256; i++) shares[i] += shares[i - 1];
  return shares.map((count) => count / shares[255]);
}

/** The CSS filter that cuts off a share of the darkest and of the brightest pixels. */
export function contrastFilter(shares: Float64Array | null, clip: number, inverted: boolean): string {
  const at = (share: number) => (shares ? shares.findIndex((value) => value >= share) / 255 : share);
  const [low, high] = [at(clip), Math.max(at(clip) + 1 / 255, at(1 - clip))];
  const brightness = 1 / (high + low);
  const contrast = (high + low) / (high - low);
  return `brightness(${brightness}) contrast(${contrast})${inverted ? ' invert(1)' : ''}`;
}
