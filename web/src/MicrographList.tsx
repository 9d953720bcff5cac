/** The micrographs: thumbnails, state and counts; sorted and filtered; arrows move through them. */

import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { ApiMicrograph } from '../../src/server/api.js';
import { counted } from '../../src/words.js';
import { address } from './api.js';

/** State of a micrograph, the one that matters most. */
export type Status = 'failed' | 'checked' | 'labelled' | 'picked' | 'new';

const STATUSES: readonly Status[] = ['new', 'labelled', 'picked', 'checked', 'failed'];
type Order = 'name' | 'labels' | 'picks';

interface MicrographListProps {
  readonly micrographs: readonly ApiMicrograph[];
  readonly current: string | null;
  /** Picks above the threshold, or undefined where there are none yet. */
  picksOf(id: string): number | undefined;
  onSelect(id: string): void;
  onRefresh(): void;
}

/** Rows beyond these are reached by searching: a browser is slow with thousands of them. */
const MOST_ROWS = 1000;

export function statusOf(micrograph: ApiMicrograph, picks: number | undefined): Status {
  if (micrograph.failed !== null) return 'failed';
  if (micrograph.checked) return 'checked';
  if (micrograph.labels + micrograph.negatives > 0) return 'labelled';
  return picks === undefined ? 'new' : 'picked';
}

export function MicrographList({ micrographs, current, picksOf, onSelect, onRefresh }: MicrographListProps) {
  const [order, setOrder] = useState<Order>('name');
  const [filter, setFilter] = useState<Status | 'all'>('all');
  const [search, setSearch] = useState('');
  const list = useRef<HTMLDivElement>(null);

  const wanted = micrographs.filter((one) => {
    const named = one.id.toLowerCase().includes(search.toLowerCase());
    return named && (filter === 'all' || statusOf(one, picksOf(one.id)) === filter);
  });
  const keys: Readonly<Record<Order, (one: ApiMicrograph) => number>> = {
    name: () => 0,
    labels: ({ labels }) => -labels,
    picks: ({ id }) => -(picksOf(id) ?? -1),
  };
  const shown = [...wanted].sort((a, b) => keys[order](a) - keys[order](b)).slice(0, MOST_ROWS);

  useEffect(() => {
    const row = current === null ? null : list.current?.querySelector(`[data-id="${CSS.escape(current)}"]`);
    row?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  function keyed(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = shown[shown.findIndex(({ id }) => id === current) + step];
    if (!next) return;
    onSelect(next.id);
    list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(next.id)}"]`)?.focus();
  }

  return (
    <nav className="micrographs" aria-label="Micrographs">
      <div className="controls">
        <input
          type="search"
          placeholder="Search"
          aria-label="Search micrographs"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <button type="button" title="Look for new micrographs" onClick={onRefresh}>
          Refresh
        </button>
        <select
          aria-label="Show micrographs"
          value={filter}
          onChange={(event) => setFilter(event.target.value as Status | 'all')}
        >
          <option value="all">all {micrographs.length}</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
        <select aria-label="Sort micrographs" value={order} onChange={(event) => setOrder(event.target.value as Order)}>
          <option value="name">by name</option>
          <option value="labels">by labels</option>
          <option value="picks">by picks</option>
        </select>
      </div>
      <div className="rows" ref={list} role="listbox" aria-label="Micrographs" tabIndex={-1} onKeyDown={keyed}>
        {shown.map((one) => (
          <Row
            key={one.id}
            micrograph={one}
            picks={picksOf(one.id)}
            selected={one.id === current}
            onSelect={() => onSelect(one.id)}
          />
        ))}
        {shown.length === 0 && <p className="hint">No micrograph matches.</p>}
        {wanted.length > shown.length && <p className="hint">{wanted.length - shown.length} more; use the search.</p>}
      </div>
    </nav>
  );
}

interface RowProps {
  readonly micrograph: ApiMicrograph;
  readonly picks: number | undefined;
  readonly selected: boolean;
  onSelect(): void;
}

function Row({ micrograph, picks, selected, onSelect }: RowProps) {
  const status = statusOf(micrograph, picks);
  const { id, labels, negatives, failed } = micrograph;
  const counts = [
    labels > 0 && counted(labels, 'label'),
    negatives > 0 && `${negatives} rejected`,
    picks !== undefined && counted(picks, 'pick'),
  ];
  return (
    <div
      className="row"
      role="option"
      data-id={id}
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      onClick={onSelect}
      onKeyDown={(event) => event.key === 'Enter' && onSelect()}
      title={failed ?? id}
    >
      <img loading="lazy" src={address('/api/thumbnail', { id })} alt="" width={64} height={64} />
      <div>
        <span className="name">{id}</span>
        <span className={`status ${status}`}>{status}</span>
        <span className="counts">{counts.filter(Boolean).join(', ')}</span>
        {failed !== null && <span className="reason">{failed}</span>}
      </div>
    </div>
  );
}
