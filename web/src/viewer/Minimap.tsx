/** The whole micrograph, small, with what is in view: shown once that is a part; a click or drag goes there. */

import { type PointerEvent, useEffect, useRef } from 'react';
import type { ApiMicrographDetail, ApiPoint } from '../../../src/server/api.js';
import { address } from '../api.js';
import type { Size, View } from './tiles.js';

interface MinimapProps {
  readonly detail: ApiMicrographDetail;
  readonly view: View;
  readonly size: Size;
  /** Brings a place to the middle. */
  onGo(place: ApiPoint): void;
}

const LONGER_SIDE = 130;

export function Minimap({ detail: { id, width, height }, view, size, onGo }: MinimapProps) {
  const box = useRef<HTMLDivElement>(null);
  const scale = LONGER_SIDE / Math.max(width, height);
  const inView = {
    left: Math.max(0, -view.x / view.k),
    top: Math.max(0, -view.y / view.k),
    right: Math.min(width, (size.width - view.x) / view.k),
    bottom: Math.min(height, (size.height - view.y) / view.k),
  };
  const isWhole = inView.right - inView.left > 0.99 * width && inView.bottom - inView.top > 0.99 * height;
  const go = (event: PointerEvent) => {
    if (event.buttons !== 1 || !box.current) return;
    const { left, top } = box.current.getBoundingClientRect();
    onGo({ x: (event.clientX - left) / scale, y: (event.clientY - top) / scale });
  };
  useEffect(() => {
    // A wheel over the map is not meant for the page.
    const stop = (event: Event) => event.preventDefault();
    box.current?.addEventListener('wheel', stop, { passive: false });
  }, []);
  if (isWhole || size.width === 0) return null;
  return (
    <div
      ref={box}
      className="minimap"
      aria-hidden="true"
      style={{ width: width * scale, height: height * scale }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <img alt="" draggable={false} src={address('api/thumbnail', { id })} />
      <div
        style={{
          left: inView.left * scale,
          top: inView.top * scale,
          width: Math.max(2, (inView.right - inView.left) * scale),
          height: Math.max(2, (inView.bottom - inView.top) * scale),
        }}
      />
    </div>
  );
}
