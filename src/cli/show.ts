/** Shows work: what it tells as words or as JSON lines, Ctrl-C, and the exit code. */

import type { RunEvent, Tell } from '../app/events.js';
import type { Ended } from '../app/tell.js';
import { SOME_FAILED } from '../core/exit-codes.js';
import { type Interruption, note, onInterrupt, type Progress, printJson, startProgress } from './console.js';
import { sayEvent } from './say.js';

/** How work is shown. */
export interface ShowOptions {
  /** A JSON line an event, instead of words. */
  readonly json?: boolean;
  /** What happens at the first Ctrl-C, where the work can end in order; without it, Ctrl-C ends the program at once. */
  readonly stopping?: string;
  /** What is kept where the second one ends the program. */
  readonly kept?: () => string;
  /** Sees every event before it is shown. */
  readonly sees?: (event: RunEvent) => void;
}

/** Ctrl-C does what it does everywhere. */
const UNINTERRUPTED: Interruption = { signal: new AbortController().signal, exitCode: () => 0, dispose: () => {} };

/**
 * Shows what work tells until it ends, and sets the exit code: 130 or 143 where it was interrupted, 3 where files could not be used.
 *
 * @param start - starts the work; the signal asks it to end
 * @returns what the work returns
 */
export async function show<Result extends Ended>(
  start: (signal: AbortSignal) => AsyncGenerator<RunEvent, Result, void>,
  { json = false, stopping, kept, sees }: ShowOptions = {},
): Promise<Result> {
  const interruption = stopping === undefined ? UNINTERRUPTED : onInterrupt(stopping, kept);
  const screen = openScreen(json);
  try {
    const events = start(interruption.signal);
    for (;;) {
      const next = await events.next();
      if (next.done) {
        process.exitCode = interruption.exitCode() || (next.value.failed.length > 0 ? SOME_FAILED : 0);
        return next.value;
      }
      sees?.(next.value);
      screen.tell(next.value);
    }
  } finally {
    screen.close();
    interruption.dispose();
  }
}

/** What comes while a bar goes on; before anything else it ends, so that lines do not run into it. */
const BESIDE_A_BAR: readonly RunEvent['kind'][] = [
  ...(['progress', 'warning', 'micrograph', 'step', 'epoch', 'objective', 'checkpoint'] as const),
];

/** Where events are shown. */
interface Screen {
  readonly tell: Tell;
  close(): void;
}

/** @param json - events become JSON lines; words for people are shown all the same, on stderr */
function openScreen(json: boolean): Screen {
  let bar: { readonly what: string; readonly progress: Progress } | null = null;
  const close = () => {
    bar?.progress.stop();
    bar = null;
  };
  return {
    close,
    tell(event) {
      if (!BESIDE_A_BAR.includes(event.kind)) close();
      switch (event.kind) {
        case 'note':
          note(event.text);
          return;
        case 'warning':
          note(`warning: ${event.text}`);
          return;
        case 'left-out':
          note(`left out: ${event.reason}`);
          return;
        case 'progress': {
          const { what, done, total, at } = event;
          if (bar?.what !== what) {
            close();
            bar = { what, progress: startProgress(total, what) };
          }
          bar.progress.update(done, at);
          if (done >= total) close();
          return;
        }
        default:
          if (json) printJson(event);
          else sayEvent(event);
      }
    },
  };
}

/** Shows words of work that has no stream: for commands that answer with a table. */
export const tellPeople: Tell = openScreen(false).tell;
