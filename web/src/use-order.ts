/** Which micrographs are listed, and in which order: the list, and next and previous, go by it. */

import { useMemo, useState } from 'react';
import type { ApiMicrograph } from '../../src/server/api.js';

/** State of a micrograph, the one that matters most. */
export type Status = 'failed' | 'excluded' | 'checked' | 'labelled' | 'picked' | 'new';

export const STATUSES: readonly Status[] = ['new', 'labelled', 'picked', 'checked', 'excluded', 'failed'];
export const ORDERS = ['name', 'labels', 'picks'] as const;
export type Order = (typeof ORDERS)[number];

/** Picks above the threshold, or undefined where there are none yet. */
export type PicksOf = (id: string) => number | undefined;

/** What a person has chosen. */
export interface Wanted {
  readonly order: Order;
  readonly filter: Status | 'all';
  readonly search: string;
}

export interface OrderState {
  readonly wanted: Wanted;
  want(change: Partial<Wanted>): void;
  readonly shown: readonly ApiMicrograph[];
}

export function statusOf(micrograph: ApiMicrograph, picks: number | undefined): Status {
  if (micrograph.failed !== null) return 'failed';
  if (micrograph.excluded) return 'excluded';
  if (micrograph.checked) return 'checked';
  if (micrograph.labels + micrograph.negatives > 0) return 'labelled';
  return picks === undefined ? 'new' : 'picked';
}

export function useOrder(micrographs: readonly ApiMicrograph[], picksOf: PicksOf, first: Wanted): OrderState {
  const [wanted, setWanted] = useState(first);
  const shown = useMemo(() => ordered(micrographs, picksOf, wanted), [micrographs, picksOf, wanted]);
  return { wanted, shown, want: (change) => setWanted((before) => ({ ...before, ...change })) };
}

function ordered(micrographs: readonly ApiMicrograph[], picksOf: PicksOf, { order, filter, search }: Wanted) {
  const text = search.toLowerCase();
  const listed = micrographs.filter(
    (one) => one.id.toLowerCase().includes(text) && (filter === 'all' || statusOf(one, picksOf(one.id)) === filter),
  );
  if (order === 'name') return listed;
  const key = order === 'labels' ? ({ labels }: ApiMicrograph) => labels : ({ id }: ApiMicrograph) => picksOf(id) ?? -1;
  return listed.sort((a, b) => key(b) - key(a));
}

/** The micrograph so many places on, or null. */
export function neighbour(shown: readonly ApiMicrograph[], current: string | null, by: 1 | -1): string | null {
  return shown[shown.findIndex(({ id }) => id === current) + by]?.id ?? null;
}

/** The next micrograph without labels that nobody has looked at, from the first again after the last; null: there is none. */
export function nextUnlabelled(shown: readonly ApiMicrograph[], current: string | null): string | null {
  const at = shown.findIndex(({ id }) => id === current);
  const isOpen = ({ labels, negatives, checked, failed }: ApiMicrograph) =>
    labels + negatives === 0 && !checked && failed === null;
  return [...shown.slice(at + 1), ...shown.slice(0, at + 1)].find(isOpen)?.id ?? null;
}
