/**
 * The labels of the micrograph that is shown, saved at every change, with undo and redo of everything that a person did. What the server cannot
 * take now is sent again, in order, until it does.
 */

import { useCallback, useEffect, useRef, useState } from 'react';
import type { Region } from '../../src/core/regions.js';
import type { ApiDecided, ApiLabelChange, ApiLabels, ApiMask, ApiPoint, Decision } from '../../src/server/api.js';
import { api, insist, latest } from './api.js';
import { type Deed, difference, differences, NO_HISTORY, redone, undone, withDeed } from './history.js';
import { useMask } from './use-mask.js';

const NONE = { particles: [] as readonly ApiPoint[], negatives: [] as readonly ApiPoint[] };

/** Labels and excluded regions, and what can be done with them. */
export interface LabelState {
  readonly labels: Omit<ApiLabels, 'id'>;
  /** @param stroke - changes of one stroke are undone together */
  change(change: ApiLabelChange, stroke?: number): void;
  /** Accepts or rejects a pick, or takes that back. */
  decide(id: string, place: ApiPoint, decision: Decision): Promise<void>;
  /** Excluded regions of the micrograph that is shown. */
  readonly regions: readonly Region[];
  /** Replaces them. */
  exclude(regions: readonly Region[]): void;
  takeMask(mask: ApiMask): void;
  /** Decides about many picks at once, as the server was asked to; undone as one. Returns how many were decided about. */
  decideMany(asked: Promise<ApiDecided>): Promise<ApiDecided>;
  /** Makes labels of the picks of a micrograph; returns how many. */
  fromPicks(id: string, set: string, threshold: number): Promise<number>;
  /** Keeps another diameter, for which the general model picks the micrograph; returns the name of these picks. */
  setDiameter(before: number | null, diameter: number, micrograph: string): Promise<string | null>;
  /** Excludes micrographs, or includes them again. */
  excludeMicrographs(ids: readonly string[], excluded: boolean): Promise<void>;
  /** Gives a model and its picks another name. */
  rename(name: string, to: string): Promise<void>;
  /** Deletes a model and its picks. */
  remove(name: string): Promise<void>;
  undo(): void;
  redo(): void;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Changes that the server does not have yet. */
  readonly unsaved: number;
  /** Fetches labels and excluded regions again: another tab may have changed them while the server was out of reach. */
  refresh(): void;
  /** Takes labels that another tab or the server has changed. */
  take(labels: ApiLabels): void;
}

/**
 * @param failed - told why a change could not be saved
 * @param show - shows the micrograph on which something is undone or done again
 */
export function useLabels(id: string | null, failed: (error: Error) => void, show: (id: string) => void): LabelState {
  const [labels, setLabels] = useState<ApiLabels | null>(null);
  const [history, setHistory] = useState(NO_HISTORY);
  const [unsaved, setUnsaved] = useState(0);
  const mask = useMask(id, failed);
  const outbox = useRef<ApiLabelChange[]>([]);
  const isSending = useRef(false);

  const take = useCallback(
    (taken: ApiLabels) => {
      if (taken.id !== id) return;
      setLabels(outbox.current.filter((change) => change.id === id).reduce(applied, taken));
    },
    [id],
  );
  const latestTake = useRef(take);
  latestTake.current = take;

  useEffect(() => {
    setLabels(null);
    return id === null ? undefined : latest(api.labels(id), take, failed);
  }, [id, take, failed]);

  const send = useCallback(async () => {
    if (isSending.current) return;
    isSending.current = true;
    for (let next = outbox.current[0]; next; next = outbox.current[0]) {
      try {
        const now = await insist(() => api.change(next));
        outbox.current.shift();
        latestTake.current(now);
      } catch (error) {
        outbox.current.shift();
        failed(error as Error);
        api.labels(next.id).then(
          (kept) => latestTake.current(kept),
          () => {},
        );
      }
      setUnsaved(outbox.current.length);
    }
    isSending.current = false;
  }, [failed]);

  const save = useCallback(
    (change: ApiLabelChange) => {
      setLabels((before) => (before?.id === change.id ? applied(before, change) : before));
      outbox.current.push(change);
      setUnsaved(outbox.current.length);
      send();
    },
    [send],
  );

  const remember = (deed: Deed | null) => {
    if (deed) setHistory((before) => withDeed(before, deed));
  };
  const perform = (made: ReturnType<typeof undone>) => {
    if (!made) return;
    setHistory(made.history);
    follow(made.deed).catch(failed);
  };
  /** Does again what a deed says. */
  async function follow(deed: Deed): Promise<void> {
    switch (deed.kind) {
      case 'labels':
        for (const change of deed.changes) save(change);
        show(deed.id);
        return;
      case 'mask':
        mask.put({ id: deed.id, regions: deed.after });
        show(deed.id);
        return;
      case 'diameter':
        await api.settings({ diameter: deed.after });
        return;
      case 'excluded':
        await api.exclude(deed.ids, deed.excluded);
        return;
      case 'renamed':
        await api.rename(deed.before, deed.after);
        return;
      case 'deleted':
        await api.remove(deed.name);
        return;
      case 'restored':
        await api.restore(deed.id);
    }
  }
  const shown = labels?.id === id ? labels : NONE;
  return {
    labels: shown,
    change(change, stroke) {
      save(change);
      remember({ kind: 'labels', id: change.id, changes: [change], ...(stroke !== undefined && { stroke }) });
    },
    async decide(on, place, decision) {
      const before = await api.labels(on);
      remember(difference(before, await api.decide(on, place.x, place.y, decision)));
    },
    regions: mask.regions,
    exclude(regions) {
      if (id === null) return;
      mask.put({ id, regions });
      remember({ kind: 'mask', id, before: mask.regions, after: regions });
    },
    takeMask: mask.take,
    async excludeMicrographs(ids, excluded) {
      await api.exclude(ids, excluded);
      remember({ kind: 'excluded', ids, excluded });
    },
    async rename(name, to) {
      await api.rename(name, to);
      remember({ kind: 'renamed', before: name, after: to });
    },
    async remove(name) {
      const { id: place } = await api.remove(name);
      remember({ kind: 'deleted', name, id: place });
    },
    async decideMany(asked) {
      const decided = await asked;
      remember(differences(decided.before, decided.after));
      return decided;
    },
    async fromPicks(on, set, threshold) {
      const before = await api.labels(on);
      const { imported } = await api.labelsFromPicks(on, set, threshold);
      remember(difference(before, await api.labels(on)));
      return imported;
    },
    setDiameter(before, diameter, micrograph) {
      remember({ kind: 'diameter', before, after: diameter });
      return api.setDiameter(diameter, micrograph);
    },
    undo: () => perform(undone(history)),
    redo: () => perform(redone(history)),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    unsaved: unsaved + mask.unsaved,
    refresh() {
      if (id !== null) api.labels(id).then(take, failed);
      mask.refresh();
    },
    take,
  };
}

/** Shown at once, before the server has answered. */
function applied(labels: ApiLabels, { kind, add, remove }: ApiLabelChange): ApiLabels {
  const key = kind === 'particle' ? 'particles' : 'negatives';
  const same = (a: ApiPoint, b: ApiPoint) => Math.hypot(a.x - b.x, a.y - b.y) < 0.5;
  const kept = labels[key].filter((point) => !remove.some((other) => same(point, other)));
  return { ...labels, [key]: [...kept, ...add.filter((point) => !kept.some((other) => same(point, other)))] };
}
