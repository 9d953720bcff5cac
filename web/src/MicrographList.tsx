/** The micrographs: thumbnails, state and counts; sorted and filtered; arrows move through them. Only rows in view exist. */

import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from 'react';
import { counted } from '../../src/core/words.js';
import type { ApiMicrograph } from '../../src/server/api.js';
import { address } from './api.js';
import { type Order, type OrderState, type PicksOf, STATUSES, type Status, statusOf } from './use-order.js';
import { useShortNames } from './use-short-names.js';

interface MicrographListProps {
  readonly micrographs: readonly ApiMicrograph[];
  readonly orderState: OrderState;
  readonly current: string | null;
  readonly picksOf: PicksOf;
  onSelect(id: string): void;
  onRefresh(): void;
  /** The edge of the list. */
  readonly children: ReactNode;
}

const ROW_PX = 74;
/** Rows that exist above and below those in view. */
const OVERSCAN = 12;
/** Characters of a name that a row has room for. */
const NAME = 20;

export function MicrographList(props: MicrographListProps) {
  const { micrographs, orderState, current, picksOf, onSelect, onRefresh } = props;
  const { wanted, want, shown } = orderState;
  const list = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => list.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const shorten = useShortNames(micrographs, NAME);
  const at = useMemo(() => shown.findIndex(({ id }) => id === current), [shown, current]);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' });
  }, [at, rows]);

  function keyed(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = shown[at + step];
    if (!next) return;
    onSelect(next.id);
    list.current?.focus();
  }

  return (
    <nav className="micrographs" aria-label="Micrographs">
      <div className="controls">
        <input
          type="search"
          placeholder="Search"
          aria-label="Search micrographs"
          value={wanted.search}
          onChange={(event) => want({ search: event.target.value })}
        />
        <button type="button" title="Look for new micrographs" onClick={onRefresh}>
          Refresh
        </button>
        <select
          aria-label="Show micrographs"
          value={wanted.filter}
          onChange={(event) => want({ filter: event.target.value as Status | 'all' })}
        >
          <option value="all">all {micrographs.length}</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
        <select
          aria-label="Sort micrographs"
          value={wanted.order}
          onChange={(event) => want({ order: event.target.value as Order })}
        >
          <option value="name">by name</option>
          <option value="labels">by labels</option>
          <option value="picks">by picks</option>
        </select>
      </div>
      <div
        className="rows"
        ref={list}
        role="listbox"
        aria-label="Micrographs"
        aria-activedescendant={at < 0 ? undefined : `row-${at}`}
        tabIndex={0}
        onKeyDown={keyed}
      >
        <div className="all" role="presentation" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <Row
              key={shown[index].id}
              id={`row-${index}`}
              micrograph={shown[index]}
              name={shorten(shown[index].id)}
              picks={picksOf(shown[index].id)}
              selected={index === at}
              top={start}
              onSelect={() => onSelect(shown[index].id)}
            />
          ))}
        </div>
        {shown.length === 0 && <p className="hint">No micrograph matches.</p>}
      </div>
      {props.children}
    </nav>
  );
}

interface RowProps {
  /** Of the element. */
  readonly id: string;
  readonly micrograph: ApiMicrograph;
  readonly name: string;
  readonly picks: number | undefined;
  readonly selected: boolean;
  readonly top: number;
  onSelect(): void;
}

function Row({ id: element, micrograph, name, picks, selected, top, onSelect }: RowProps) {
  const status = statusOf(micrograph, picks);
  const { id, labels, negatives, failed } = micrograph;
  const counts = [
    labels > 0 && counted(labels, 'label'),
    negatives > 0 && `${negatives} rejected`,
    picks !== undefined && counted(picks, 'pick'),
  ];
  return (
    <div
      id={element}
      className="row"
      role="option"
      data-id={id}
      aria-selected={selected}
      tabIndex={-1}
      style={{ height: ROW_PX, transform: `translateY(${top}px)` }}
      onClick={onSelect}
      onKeyDown={(event) => event.key === 'Enter' && onSelect()}
      title={failed === null ? id : `${id}: ${failed}`}
    >
      <img loading="lazy" src={address('api/thumbnail', { id })} alt="" width={64} height={64} />
      <div>
        <span className="name">{name}</span>
        <span className={`status ${status}`}>{status}</span>
        {failed === null ? (
          <span className="counts">{counts.filter(Boolean).join(', ')}</span>
        ) : (
          <span className="reason">{failed}</span>
        )}
      </div>
    </div>
  );
}
