/** What `pick` shows: each micrograph as it is done, then the sum. */

import { counted, FILTER_WORDS, FILTERS, type Filter } from '../core/words.js';
import { duration, note, print, printEvent } from './console.js';

/** Unusual micrographs that are named. */
const SHOWN = 3;

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

/** What filters left out, in words. */
export function describeRemoved(removed: Partial<Record<Filter, number>>): string {
  const counts = FILTERS.map((filter) => [removed[filter] ?? 0, FILTER_WORDS[filter]] as const);
  return (
    counts
      .filter(([count]) => count > 0)
      .map(([count, reason]) => `${count} ${reason}`)
      .join(', ') || 'none'
  );
}

/** Shows one micrograph. */
export function report(outcome: Outcome, done: number, total: number, json: boolean): void {
  if (json) {
    printEvent({ kind: 'micrograph', ...outcome });
    return;
  }
  for (const warning of outcome.warnings ?? []) note(`warning: ${outcome.micrograph}: ${warning}`);
  if (outcome.error === undefined && !process.stderr.isTTY)
    print(`${done}/${total} ${outcome.micrograph}: ${counted(outcome.particles ?? 0, 'particle')}`);
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
    const unusual = good.filter((outcome) => outcome.unusual).length;
    const counts = { micrographs: good.length, before: earlier.length, particles, removed, unusual };
    printEvent({ kind: 'summary', ...counts, failed, unfinished, seconds });
    return;
  }
  print(
    `${counted(particles, 'particle')} in ${counted(good.length, 'micrograph')} in ${duration(seconds)}, written to ${out}`,
  );
  print(`candidates left out: ${describeRemoved(removed)}`);
  const unusual = good.filter((outcome) => outcome.unusual);
  if (unusual.length > 0) {
    print(`unusual in count or scores: ${unusual.length} of ${counted(good.length, 'micrograph')}, for example`);
    for (const { micrograph, unusual: words } of unusual.slice(0, SHOWN)) print(`  ${micrograph}: ${words}`);
    print(`deepem status ${out} lists them`);
  }
  if (unfinished > 0) print(`not reached: ${counted(unfinished, 'micrograph')}; the same command goes on`);
  if (failed.length > 0) print(`could not be picked: ${counted(failed.length, 'micrograph')}`);
  for (const { reason } of failed) print(`  ${reason}`);
}
