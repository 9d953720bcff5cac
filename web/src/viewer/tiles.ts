/** Tiles of a micrograph: asked for as they come into view, kept, given up when they are out of view again. */

import type { ApiMicrographDetail } from '../../../src/server/api.js';
import { address } from '../api.js';

/** From full-size pixels to pixels of the screen: screen = k * full + (x, y). */
export interface View {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

/** A tile that has come. */
export interface Tile {
  readonly bitmap: ImageBitmap;
  readonly level: number;
  /** Its corner, in full-size pixels. */
  readonly left: number;
  readonly top: number;
}

/** The tiles of one micrograph. */
export interface Tiles {
  readonly detail: ApiMicrographDetail;
  /**
   * What there is to draw of a view, the coarsest first. Asks for what is missing, and gives up requests that nothing in view needs.
   *
   * @param pixels - pixels that a full-size pixel takes where they are drawn
   */
  inView(view: View, size: Size, pixels: number): readonly Tile[];
  /** The level that suits so many pixels for a full-size pixel. */
  levelFor(pixels: number): number;
  /** A tile in the middle of the micrograph, or null while it has not come. */
  middle(level: number): Tile | null;
  close(): void;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MOST_TILES = 400;

/**
 * @param arrived - called when there is something new to draw
 * @param failed - called if a tile cannot be had
 */
export function openTiles(detail: ApiMicrographDetail, arrived: () => void, failed: () => void): Tiles {
  const { id, width, height, levels, tile: side } = detail;
  const known = new Map<string, Tile>();
  const asked = new Map<string, AbortController>();

  async function ask(key: string, level: number, x: number, y: number): Promise<void> {
    const request = new AbortController();
    asked.set(key, request);
    try {
      const response = await fetch(address('api/tile', { id, level, x, y }), { signal: request.signal });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const bitmap = await createImageBitmap(await response.blob(), { colorSpaceConversion: 'none' });
      if (request.signal.aborted) return bitmap.close();
      const full = side * 2 ** level;
      known.set(key, { bitmap, level, left: x * full, top: y * full });
      forgetOldest();
      arrived();
    } catch {
      if (!request.signal.aborted) failed();
    } finally {
      if (asked.get(key) === request) asked.delete(key);
    }
  }

  function forgetOldest(): void {
    const oldest = known.keys().next().value;
    if (known.size <= MOST_TILES || oldest === undefined) return;
    known.get(oldest)?.bitmap.close();
    known.delete(oldest);
  }

  /** Keys are in use from the oldest to the newest. */
  function take(key: string): Tile | undefined {
    const tile = known.get(key);
    if (tile) {
      known.delete(key);
      known.set(key, tile);
    }
    return tile;
  }

  function columnsAndRows(level: number, view: View, size: Size): [number, number][] {
    const full = side * 2 ** level;
    const first = (offset: number) => Math.max(0, Math.floor(-offset / view.k / full));
    const last = (offset: number, screen: number, all: number) =>
      Math.min(Math.ceil(all / full) - 1, Math.floor((screen - offset) / view.k / full));
    const found: [number, number][] = [];
    for (let y = first(view.y); y <= last(view.y, size.height, height); y++) {
      for (let x = first(view.x); x <= last(view.x, size.width, width); x++) found.push([x, y]);
    }
    return found;
  }

  function levelFor(pixels: number): number {
    return Math.min(levels - 1, Math.max(0, Math.floor(Math.log2(1 / pixels) + 0.25)));
  }

  function middleOf(level: number): [number, number] {
    const full = side * 2 ** level;
    return [Math.floor((width - 1) / 2 / full), Math.floor((height - 1) / 2 / full)];
  }

  return {
    detail,
    levelFor,
    inView(view, size, pixels) {
      const level = levelFor(pixels);
      const wanted = [...new Set([levels - 1, level])].flatMap((one) =>
        [...columnsAndRows(one, view, size), middleOf(one)].map(([x, y]) => ({ key: `${one} ${x} ${y}`, one, x, y })),
      );
      const keys = new Set(wanted.map(({ key }) => key));
      for (const [key, request] of asked) {
        if (keys.has(key)) continue;
        request.abort();
        asked.delete(key);
      }
      for (const { key, one, x, y } of wanted) if (!known.has(key) && !asked.has(key)) ask(key, one, x, y);
      const found = [...keys].flatMap((key) => take(key) ?? []);
      const own = found.filter((tile) => tile.level === level);
      if (found.length === keys.size) return own;
      // Coarser and finer tiles stand in for those that have not come yet.
      const others = [...known.values()].filter((tile) => tile.level !== level);
      return [...others.sort((a, b) => b.level - a.level), ...own];
    },
    middle(level) {
      const [x, y] = middleOf(level);
      return known.get(`${level} ${x} ${y}`) ?? null;
    },
    close() {
      for (const request of asked.values()) request.abort();
      for (const { bitmap } of known.values()) bitmap.close();
      asked.clear();
      known.clear();
    },
  };
}
