/** The micrographs of the list as thumbnails, side by side. Only rows in view exist. */

import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { counted } from '../../../src/core/words.js';
import type { ApiMicrograph } from '../../../src/server/api.js';
import { address } from '../api.js';
import { type PicksOf, statusOf } from '../use-order.js';
import { useShortNames } from '../use-short-names.js';

interface MosaicProps {
  /** In the order of the list. */
  readonly micrographs: readonly ApiMicrograph[];
  readonly current: string | null;
  readonly picksOf: PicksOf;
  onSelect(id: string): void;
}

/** Room for a thumbnail of 192 pixels with its words. */
const [WIDTH_PX, HEIGHT_PX] = [208, 244];
const OVERSCAN = 2;
/** Characters of a name that a tile has room for. */
const NAME = 26;

export function Mosaic({ micrographs, current, picksOf, onSelect }: MosaicProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(WIDTH_PX);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const columns = Math.max(1, Math.floor(width / WIDTH_PX));
  const rows = useVirtualizer({
    count: Math.ceil(micrographs.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT_PX,
    overscan: OVERSCAN,
  });
  const shorten = useShortNames(micrographs, NAME);
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
  };
  function keyed(event: KeyboardEvent, at: number): void {
    const step = steps[event.key];
    if (step === undefined || !micrographs[at + step]) return;
    event.preventDefault();
    rows.scrollToIndex(Math.floor((at + step) / columns), { align: 'auto' });
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-at="${at + step}"]`)?.focus());
  }
  return (
    <section className="mosaic" ref={scroller} aria-label="Mosaic of micrographs">
      <div className="all" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <div key={index} className="mosaic-row" style={{ transform: `translateY(${start}px)` }}>
            {micrographs.slice(index * columns, (index + 1) * columns).map((one, i) => {
              const [at, picks] = [index * columns + i, picksOf(one.id)];
              const status = statusOf(one, picks);
              return (
                <button
                  key={one.id}
                  type="button"
                  data-at={at}
                  className={`mosaic-tile ${one.id === current ? 'current' : ''} ${status}`}
                  title={one.id}
                  onClick={() => onSelect(one.id)}
                  onKeyDown={(event) => keyed(event, at)}
                >
                  <img alt="" loading="lazy" src={address('api/thumbnail', { id: one.id })} />
                  <span>{shorten(one.id)}</span>
                  <span>
                    {status}
                    {picks !== undefined && `, ${counted(picks, 'pick')}`}
                  </span>
                </button>
              );
            })}
          </div>
        ))}
      </div>
      {micrographs.length === 0 && <p className="hint">No micrograph matches.</p>}
    </section>
  );
}
