/** What `pick` shows: each micrograph as it is done, then the sum. */

import { FILTERS } from '../picking/selection.js';
import { duration, note, print, printJson } from './console.js';

type Filter = (typeof FILTERS)[number];

/** What each filter leaves out, in words. */
const REASONS: Readonly<Record<Filter, string>> = {
  edge: 'at the edge',
  close: 'too close to a better one',
  deviation: 'by standard deviation',
  uneven: 'on uneven ground',
  sparse: 'unlikely in a nearly empty micrograph',
  overlap: 'overlapping',
};

/** What became of one micrograph. */
export interface Outcome {
  readonly micrograph: string;
  readonly particles?: number;
  readonly removed?: Partial<Record<Filter, number>>;
  readonly files?: readonly string[];
  readonly warnings?: readonly string[];
  readonly error?: string;
}

/** Shows one micrograph. */
export function report(outcome: Outcome, done: number, total: number, json: boolean): void {
  if (json) {
    printJson({ event: 'micrograph', ...outcome });
    return;
  }
  for (const warning of outcome.warnings ?? []) note(`warning: ${outcome.micrograph}: ${warning}`);
  if (outcome.error === undefined && !process.stderr.isTTY)
    print(`${done}/${total} ${outcome.micrograph}: ${outcome.particles} particles`);
}

/** The outcomes of a run. */
export interface Outcomes {
  /** Of earlier processes on the same folder. */
  readonly earlier: readonly Outcome[];
  readonly outcomes: readonly Outcome[];
  readonly total: number;
}

/** Shows the sum of the run. */
export function summarise(
  { earlier, outcomes, total }: Outcomes,
  seconds: number,
  { json, out }: { readonly json?: boolean; readonly out: string },
): void {
  const good = [...earlier, ...outcomes].filter(({ error }) => error === undefined);
  const failed = outcomes.flatMap(({ micrograph, error }) =>
    error === undefined ? [] : [{ micrograph, reason: error }],
  );
  const sum = (count: (outcome: Outcome) => number | undefined) =>
    good.reduce((all, outcome) => all + (count(outcome) ?? 0), 0);
  const removed = Object.fromEntries(FILTERS.map((filter) => [filter, sum((outcome) => outcome.removed?.[filter])]));
  const particles = sum((outcome) => outcome.particles);
  const unfinished = total - earlier.length - outcomes.length;
  if (json) {
    const counts = { micrographs: good.length, before: earlier.length, particles, removed };
    printJson({ event: 'summary', ...counts, failed, unfinished, seconds });
    return;
  }
  print(`${particles} particles in ${good.length} micrographs in ${duration(seconds)}, written to ${out}`);
  const reasons = FILTERS.filter((filter) => removed[filter] > 0).map(
    (filter) => `${removed[filter]} ${REASONS[filter]}`,
  );
  print(`candidates left out: ${reasons.join(', ') || 'none'}`);
  if (unfinished > 0) print(`${unfinished} micrographs were not reached: the same command goes on`);
  if (failed.length > 0) print(`${failed.length} micrographs could not be picked:`);
  for (const { reason } of failed) print(`  ${reason}`);
}
