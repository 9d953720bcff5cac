/** Which picks are shown, from which score on, and what is known of them. */

import { useCallback, useEffect, useMemo, useState } from 'react';
import type { ApiPick, ApiProject, ApiScores } from '../../src/server/api.js';
import { api, latest } from './api.js';
import type { PicksOf } from './use-order.js';

/** Counts over all micrographs are fetched once decisions pause for so long. */
const SETTLE_MS = 300;

/** The picks that are shown. */
export interface PickState {
  /** Name of the set; null: there are none yet. */
  readonly set: string | null;
  readonly threshold: number;
  /** The threshold that is stored. */
  readonly kept: number;
  /** Of the micrograph that is shown. */
  readonly picks: readonly ApiPick[];
  /** A set that these picks are compared with, and its particles on the micrograph that is shown; null: none. */
  readonly other: { readonly set: string; readonly picks: readonly ApiPick[] } | null;
  readonly scores: ApiScores | null;
  readonly picksOf: PicksOf;
  /** Shows another set. */
  choose(set: string | null): void;
  compareWith(set: string | null): void;
  /** Tries another threshold. */
  move(threshold: number): void;
}

/**
 * @param changed - something that differs whenever picks or decisions do
 * @param first - set that is shown at first; null: the last
 */
export function usePicks(
  project: ApiProject | null,
  current: string | null,
  changed: readonly unknown[],
  first: string | null,
  onError: (error: Error) => void,
): PickState {
  const [chosen, choose] = useState(first);
  const [picks, setPicks] = useState<readonly ApiPick[]>([]);
  const [against, compareWith] = useState<string | null>(null);
  const [otherPicks, setOtherPicks] = useState<readonly ApiPick[]>([]);
  const [scores, setScores] = useState<ApiScores | null>(null);
  const [moved, setMoved] = useState<{ readonly set: string; readonly threshold: number } | null>(null);
  const sets = project?.pickSets ?? [];
  const set = sets.find(({ name }) => name === chosen)?.name ?? sets.at(-1)?.name ?? null;
  const kept = sets.find(({ name }) => name === set)?.threshold ?? 0.5;
  const threshold = moved && moved.set === set ? moved.threshold : kept;

  // biome-ignore lint/correctness/useExhaustiveDependencies: picks of another micrograph are not shown until its own have come.
  useEffect(() => setPicks([]), [current]);
  useEffect(() => {
    if (set === null || current === null) return setPicks([]);
    return latest(api.picks(set, current), setPicks, onError);
  }, [set, current, onError, ...changed]);

  useEffect(() => {
    if (set === null) return setScores(null);
    let stop = () => {};
    const timer = setTimeout(() => {
      stop = latest(api.scores(set), setScores, onError);
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [set, onError, ...changed]);

  const compared = sets.find(({ name }) => name === against && name !== set) ?? null;
  const comparedName = compared?.name ?? null;
  useEffect(() => {
    setOtherPicks([]);
    if (comparedName === null || current === null) return;
    return latest(api.picks(comparedName, current), setOtherPicks, onError);
  }, [comparedName, current, onError, ...changed]);
  const other = useMemo(
    () =>
      compared && {
        set: compared.name,
        picks: otherPicks.filter((pick) => !pick.filter && pick.counts >= compared.threshold),
      },
    [compared, otherPicks],
  );

  const picksOf = useCallback((id: string) => scores?.kept[id]?.[Math.round(100 * threshold)], [scores, threshold]);
  const move = (to: number) => {
    if (set !== null) setMoved({ set, threshold: to });
  };
  return { set, threshold, kept, picks, other, scores, picksOf, choose, compareWith, move };
}
