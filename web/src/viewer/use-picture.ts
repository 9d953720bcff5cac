/** The grey values of a micrograph on a canvas: tiles, contrast, filters. */

import { type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import type { ApiMicrographDetail } from '../../../src/server/api.js';
import { filterOf, openRanges, type Range } from './greys.js';
import { openPainter, type Painter } from './painter.js';
import type { Display } from './settings.js';
import { openTiles, type Size, type Tiles, type View } from './tiles.js';

/** Until a tile has come to count greys in. */
const FIRST_RANGE: Range = { low: 0.2, high: 0.8 };

/** What the viewer needs to know. */
export interface PictureState {
  readonly failed: boolean;
  readonly tiles: Tiles;
  /** Changes when tiles come. */
  readonly arrived: number;
}

/** @param diameter - of the particle in full-size pixels, or null */
export function usePicture(
  canvas: RefObject<HTMLCanvasElement | null>,
  detail: ApiMicrographDetail,
  display: Display,
  diameter: number | null,
  { view, size }: { readonly view: View; readonly size: Size },
): PictureState {
  const [arrived, setArrived] = useState(0);
  const [failed, setFailed] = useState(false);
  const [restored, setRestored] = useState(0);
  const painter = useRef<Painter | null>(null);
  const lastRange = useRef(FIRST_RANGE);

  const tiles = useMemo(() => {
    setFailed(false);
    lastRange.current = FIRST_RANGE;
    return openTiles(
      detail,
      () => setArrived((count) => count + 1),
      () => setFailed(true),
    );
  }, [detail]);
  useEffect(() => () => tiles.close(), [tiles]);
  const rangeOf = useMemo(() => openRanges(tiles), [tiles]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a graphics card that was lost and is back starts with nothing.
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    painter.current = openPainter(element);
    const lost = (event: Event) => event.preventDefault();
    const back = () => setRestored((count) => count + 1);
    element.addEventListener('webglcontextlost', lost);
    element.addEventListener('webglcontextrestored', back);
    return () => {
      element.removeEventListener('webglcontextlost', lost);
      element.removeEventListener('webglcontextrestored', back);
    };
  }, [canvas, restored]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `arrived` counts the tiles that have come.
  useEffect(() => {
    const element = canvas.current;
    if (!element || !painter.current || size.width === 0) return;
    const isDenoised = display.denoised && painter.current.denoises;
    const filter = filterOf(display.lowpass / (detail.pixelSize ?? 1), isDenoised ? diameter : null);
    const pixels = painter.current.pixelsFor(view, filter);
    const seen = tiles.inView(view, size, pixels);
    const range = rangeOf(tiles.levelFor(pixels), filter, display.clip) ?? lastRange.current;
    lastRange.current = range;
    painter.current.paint(seen, { view, size, full: detail, filter, range, inverted: display.inverted });
    element.dataset.tiles = String(seen.length);
  }, [tiles, rangeOf, view, size, arrived, restored, display, diameter, detail]);

  return { failed, tiles, arrived };
}
