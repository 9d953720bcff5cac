/** The labels of the micrograph that is shown, saved at every change, with undo and redo over all micrographs. */

import { useCallback, useEffect, useState } from 'react';
import type { ApiLabelChange, ApiLabels, ApiPoint } from '../../src/server/api.js';
import { api, latest } from './api.js';

const NONE = { particles: [] as readonly ApiPoint[], negatives: [] as readonly ApiPoint[] };

/** Labels, and what can be done with them. */
export interface LabelState {
  readonly labels: Omit<ApiLabels, 'id'>;
  change(change: ApiLabelChange): void;
  undo(): void;
  redo(): void;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Takes labels that another tab or the server has changed. */
  take(labels: ApiLabels): void;
}

/** @param failed - told why a change could not be saved */
export function useLabels(id: string | null, failed: (error: Error) => void): LabelState {
  const [labels, setLabels] = useState<ApiLabels | null>(null);
  const [past, setPast] = useState<readonly ApiLabelChange[]>([]);
  const [future, setFuture] = useState<readonly ApiLabelChange[]>([]);

  const take = useCallback(
    (taken: ApiLabels) => {
      if (taken.id === id) setLabels(taken);
    },
    [id],
  );

  useEffect(() => {
    setLabels(null);
    return id === null ? undefined : latest(api.labels(id), take, failed);
  }, [id, take, failed]);

  const save = useCallback(
    (change: ApiLabelChange) => {
      setLabels((before) => (before?.id === change.id ? applied(before, change) : before));
      api.change(change).then(take, (error: Error) => {
        failed(error);
        api.labels(change.id).then(take, () => {});
      });
    },
    [take, failed],
  );

  const change = (one: ApiLabelChange) => {
    save(one);
    setPast([...past, one]);
    setFuture([]);
  };
  const undo = () => {
    const last = past.at(-1);
    if (!last) return;
    save(inverse(last));
    setPast(past.slice(0, -1));
    setFuture([...future, last]);
  };
  const redo = () => {
    const next = future.at(-1);
    if (!next) return;
    save(next);
    setFuture(future.slice(0, -1));
    setPast([...past, next]);
  };
  const shown = labels?.id === id ? labels : NONE;
  return { labels: shown, change, undo, redo, canUndo: past.length > 0, canRedo: future.length > 0, take };
}

function inverse(change: ApiLabelChange): ApiLabelChange {
  return { ...change, add: change.remove, remove: change.add };
}

/** Shown at once, before the server has answered. */
function applied(labels: ApiLabels, { kind, add, remove }: ApiLabelChange): ApiLabels {
  const key = kind === 'particle' ? 'particles' : 'negatives';
  const same = (a: ApiPoint, b: ApiPoint) => Math.hypot(a.x - b.x, a.y - b.y) < 0.5;
  const kept = labels[key].filter((point) => !remove.some((other) => same(point, other)));
  return { ...labels, [key]: [...kept, ...add] };
}
