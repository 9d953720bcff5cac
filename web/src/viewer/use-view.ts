/** Pan and zoom of the viewer, by d3-zoom: wheel, drag, pinch, and from the keyboard. */

import { select } from 'd3-selection';
import { type D3ZoomEvent, zoom, zoomIdentity } from 'd3-zoom';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { ApiPoint } from '../../../src/server/api.js';
import type { View } from './tiles.js';

/** Screen pixels a full-size pixel may take, at the most; and how much of the screen the smallest image fills. */
const LARGEST = 16;
const SMALLEST_SHARE = 0.25;

/** The view and what moves it. */
export interface ViewControl {
  readonly view: View;
  fit(): void;
  zoomBy(factor: number): void;
  panBy(dx: number, dy: number): void;
  /** Brings a place to the middle, close enough to see a particle. */
  show(place: ApiPoint, k: number): void;
}

/**
 * @param drags - whether dragging from a place on the canvas moves the view: else it is for a tool, and only the wheel zooms
 */
export function useView(
  canvas: RefObject<HTMLCanvasElement | null>,
  size: { readonly width: number; readonly height: number } | null,
  drags: (at: { readonly x: number; readonly y: number }, view: View) => boolean,
): ViewControl {
  const [view, setView] = useState<View>({ k: 1, x: 0, y: 0 });
  const latest = useRef({ drags, view });
  latest.current = { drags, view };
  const behaviour = useRef(zoom<HTMLCanvasElement, unknown>());

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    behaviour.current
      .filter((event: MouseEvent | TouchEvent) => {
        if (event.type === 'wheel') return true;
        if ('touches' in event && event.touches.length > 1) return true;
        const { clientX, clientY } = 'touches' in event ? event.touches[0] : event;
        const { left, top } = element.getBoundingClientRect();
        return latest.current.drags({ x: clientX - left, y: clientY - top }, latest.current.view);
      })
      .clickDistance(4)
      .on('zoom', ({ transform: { k, x, y } }: D3ZoomEvent<HTMLCanvasElement, unknown>) => setView({ k, x, y }));
    const selection = select(element).call(behaviour.current).on('dblclick.zoom', null);
    return () => {
      selection.on('.zoom', null);
    };
  }, [canvas]);

  const fit = useCallback(() => {
    const element = canvas.current;
    if (!element || !size) return;
    const { clientWidth, clientHeight } = element;
    const k = Math.min(clientWidth / size.width, clientHeight / size.height);
    const [x, y] = [(clientWidth - k * size.width) / 2, (clientHeight - k * size.height) / 2];
    behaviour.current.scaleExtent([k * SMALLEST_SHARE, LARGEST]);
    select(element).call(behaviour.current.transform, zoomIdentity.translate(x, y).scale(k));
  }, [canvas, size]);

  const on = (act: (element: HTMLCanvasElement) => void) => {
    if (canvas.current) act(canvas.current);
  };
  return {
    view,
    fit,
    zoomBy: (factor) => on((element) => select(element).call(behaviour.current.scaleBy, factor)),
    panBy: (dx, dy) => on((element) => select(element).call(behaviour.current.translateBy, dx / view.k, dy / view.k)),
    show: (place, k) =>
      on((element) => {
        const x = element.clientWidth / 2 - k * (place.x + 0.5);
        const y = element.clientHeight / 2 - k * (place.y + 0.5);
        select(element).call(behaviour.current.transform, zoomIdentity.translate(x, y).scale(k));
      }),
  };
}
