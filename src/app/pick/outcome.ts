/** What became of one micrograph, and of all of a run. */

import { FILTER_WORDS, FILTERS, type Filter } from '../../core/words.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import type { RunRecord } from '../../storage/run-history.js';
import type { RunEvent } from '../events.js';

/** What became of one micrograph. */
export interface Outcome {
  readonly micrograph: string;
  readonly particles?: number;
  readonly removed?: Partial<Record<Filter, number>>;
  readonly files?: readonly string[];
  readonly warnings?: readonly string[];
  /** What is unusual in the picks, in words. */
  readonly unusual?: string | null;
  readonly error?: string;
}

/** What became of a micrograph that another process picked. */
export function outcomeOf({ path }: InputMicrograph, record: RunRecord): Outcome {
  const { particles, removed, state, reason, unusual } = record;
  if (state === 'failed') return { micrograph: path, error: reason ?? 'unknown' };
  return { micrograph: path, particles: particles ?? 0, removed: removed ?? {}, unusual };
}

/** What filters left out, in words. */
export function describeRemoved(removed: Partial<Record<string, number>>): string {
  const counts = FILTERS.map((filter) => [removed[filter] ?? 0, FILTER_WORDS[filter]] as const);
  return (
    counts
      .filter(([count]) => count > 0)
      .map(([count, reason]) => `${count} ${reason}`)
      .join(', ') || 'none'
  );
}

/** The outcomes of a run. */
export interface Outcomes {
  /** Of earlier processes on the same folder. */
  readonly earlier: readonly Outcome[];
  readonly outcomes: readonly Outcome[];
  readonly total: number;
}

/** Unusual micrographs that are named. */
const SHOWN = 3;

/** The sum of a run, as it is told. */
export function summaryOf(
  { earlier, outcomes, total }: Outcomes,
  seconds: number,
  out: string,
): Extract<RunEvent, { kind: 'summary' }> {
  const good = [...earlier, ...outcomes].filter(({ error }) => error === undefined);
  const sum = (count: (outcome: Outcome) => number | undefined) =>
    good.reduce((all, outcome) => all + (count(outcome) ?? 0), 0);
  const unusual = good.flatMap(({ micrograph, unusual: words }) => (words ? [{ micrograph, words }] : []));
  return {
    ...{ kind: 'summary', micrographs: good.length, before: earlier.length },
    particles: sum((outcome) => outcome.particles),
    removed: Object.fromEntries(FILTERS.map((filter) => [filter, sum((outcome) => outcome.removed?.[filter])])),
    ...{ unusual: unusual.length, unusualExamples: unusual.slice(0, SHOWN) },
    failed: outcomes.flatMap(({ micrograph, error }) => (error === undefined ? [] : [{ micrograph, reason: error }])),
    ...{ unfinished: total - earlier.length - outcomes.length, seconds, out },
  };
}
