/** What a person did, to be undone and done again: groups of label changes, excluded regions, the diameter, names. */

import type { Region } from '../../src/core/regions.js';
import type { ApiLabelChange, ApiLabels, ApiPoint } from '../../src/server/api.js';

/** One thing that a person did. */
export type Deed =
  | {
      readonly kind: 'labels';
      /** The micrograph that is shown when it is undone; changes may be on others, too. */
      readonly id: string;
      readonly changes: readonly ApiLabelChange[];
      /** Deeds of one stroke are one. */
      readonly stroke?: number;
    }
  | {
      readonly kind: 'mask';
      readonly id: string;
      readonly before: readonly Region[];
      readonly after: readonly Region[];
    }
  /** Micrographs were excluded, or included again; those that were so already are not among them. */
  | { readonly kind: 'excluded'; readonly ids: readonly string[]; readonly excluded: boolean }
  | { readonly kind: 'renamed'; readonly before: string; readonly after: string }
  /** A model or a set of picks went into the trash, or came back from there; `id` is its place there. */
  | { readonly kind: 'deleted' | 'restored'; readonly name: string; readonly id: string }
  | { readonly kind: 'diameter'; readonly before: number | null; readonly after: number | null };

/** What was done, and what was undone. */
export interface History {
  readonly past: readonly Deed[];
  readonly future: readonly Deed[];
}

export const NO_HISTORY: History = { past: [], future: [] };

/** Adds a deed; one of the same stroke as the last joins it. What was undone cannot be done again then. */
export function withDeed({ past }: History, deed: Deed): History {
  const last = past.at(-1);
  const joins =
    last?.kind === 'labels' && deed.kind === 'labels' && deed.stroke !== undefined && last.stroke === deed.stroke;
  if (!joins) return { past: [...past, deed], future: [] };
  return { past: [...past.slice(0, -1), { ...last, changes: [...last.changes, ...deed.changes] }], future: [] };
}

/** Takes the last deed back; null where there is none. */
export function undone({ past, future }: History): { readonly history: History; readonly deed: Deed } | null {
  const last = past.at(-1);
  if (!last) return null;
  return { history: { past: past.slice(0, -1), future: [...future, last] }, deed: inverse(last) };
}

/** Does again what was taken back last; null where there is nothing. */
export function redone({ past, future }: History): { readonly history: History; readonly deed: Deed } | null {
  const next = future.at(-1);
  if (!next) return null;
  return { history: { past: [...past, next], future: future.slice(0, -1) }, deed: next };
}

function inverse(deed: Deed): Deed {
  switch (deed.kind) {
    case 'diameter':
      return { ...deed, before: deed.after, after: deed.before };
    case 'mask':
      return { ...deed, before: deed.after, after: deed.before };
    case 'renamed':
      return { ...deed, before: deed.after, after: deed.before };
    case 'excluded':
      return { ...deed, excluded: !deed.excluded };
    case 'deleted':
      return { ...deed, kind: 'restored' };
    case 'restored':
      return { ...deed, kind: 'deleted' };
    case 'labels': {
      const changes = deed.changes.toReversed();
      return { ...deed, changes: changes.map((one) => ({ ...one, add: one.remove, remove: one.add })) };
    }
  }
}

/** The changes that lead from some labels of a micrograph to others; null where they are the same. */
export function difference(before: ApiLabels, after: ApiLabels): Deed | null {
  const key = ({ x, y }: ApiPoint) => `${x} ${y}`;
  const without = (points: readonly ApiPoint[], others: readonly ApiPoint[]) => {
    const known = new Set(others.map(key));
    return points.filter((point) => !known.has(key(point)));
  };
  const change = (kind: ApiLabelChange['kind'], name: 'particles' | 'negatives'): ApiLabelChange => ({
    ...{ id: after.id, kind },
    add: without(after[name], before[name]),
    remove: without(before[name], after[name]),
  });
  const changes = [change('particle', 'particles'), change('negative', 'negatives')].filter(
    ({ add, remove }) => add.length + remove.length > 0,
  );
  return changes.length === 0 ? null : { kind: 'labels', id: after.id, changes };
}

/** The changes on several micrographs as one deed; null where there are none. */
export function differences(before: readonly ApiLabels[], after: readonly ApiLabels[]): Deed | null {
  const deeds = after.flatMap((labels, i) => difference(before[i], labels) ?? []);
  const changes = deeds.flatMap((deed) => (deed.kind === 'labels' ? deed.changes : []));
  return changes.length === 0 ? null : { kind: 'labels', id: changes[0].id, changes };
}
