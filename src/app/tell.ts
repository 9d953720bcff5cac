/** How work tells what it does: it prints nothing itself, so every face can show it in its own way. */

import type { RunEvent, Tell } from './events.js';

/** Tells something worth knowing. */
export function note(tell: Tell, text: string): void {
  tell({ kind: 'note', text });
}

/** Tells something that may be wrong. */
export function warn(tell: Tell, text: string): void {
  tell({ kind: 'warning', text });
}

/** Tells how far a loop is: call the result with what is done, and what is at hand. */
export function startProgress(tell: Tell, what: string, total: number): (done: number, at?: string) => void {
  const update = (done: number, at = '') => tell({ kind: 'progress', what, done, total, at });
  update(0);
  return update;
}

/** Lets what was told be shown: in the middle of long computations that never wait. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** How work ended. */
export interface Ended {
  /** Why files could not be used, in words. */
  readonly failed: readonly string[];
}

/** What every piece of work is given beside its settings. */
export interface Work {
  readonly tell: Tell;
  /** Asks the work to end in order. */
  readonly signal: AbortSignal;
}

/**
 * Turns work that tells into a stream of what it tells; the stream returns what the work returns. Whoever leaves the stream early asks the work to
 * end, and waits for it.
 *
 * @param signal - asks the work to end, too
 */
export async function* eventsOf<Result>(
  work: (work: Work) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<RunEvent, Result, void> {
  const left = new AbortController();
  const told: RunEvent[] = [];
  let wake = () => {};
  let isOver = false;
  const tell = (event: RunEvent) => {
    told.push(event);
    wake();
  };
  const ending = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const result = work({ tell, signal: ending }).finally(() => {
    isOver = true;
    wake();
  });
  // It is thrown to whoever reads the stream; nobody may be waiting for it yet.
  result.catch(() => {});
  try {
    for (;;) {
      for (let event = told.shift(); event; event = told.shift()) yield event;
      if (isOver) return await result;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    left.abort();
    await result.catch(() => {});
  }
}
