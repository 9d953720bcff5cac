/** What a command shows: results to stdout; progress and warnings to stderr; and how it is interrupted. */

import { writeSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { INTERRUPTED } from '../core/exit-codes.js';
import { duration, perMinute } from '../core/words.js';

/** Streams that can take no more: their reader has gone, or their disk is full. What is on disk does not depend on them. */
const closed = new Set<NodeJS.WriteStream>();

/** Keeps a program going whose output nobody reads; a full disk is said once on the other stream, and makes the exit code 1. */
export function outliveReaders(): void {
  for (const [stream, other] of [
    [process.stdout, process.stderr],
    [process.stderr, process.stdout],
  ]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (closed.has(stream)) return;
      closed.add(stream);
      if (error.code === 'EPIPE') return;
      process.once('exit', () => {
        process.exitCode ||= 1;
      });
      write(other, `deepem: what is printed is lost from here on: ${error.message}`);
    });
  }
}

function write(stream: NodeJS.WriteStream, line: string): void {
  if (!closed.has(stream)) stream.write(`${line}\n`);
}

/** Writes a line of results. */
export function print(line: string): void {
  write(process.stdout, line);
}

/** Writes one JSON line of results. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Writes a line of progress or warning. */
export function note(line: string): void {
  write(process.stderr, line);
}

/** Progress of a long run: a bar with time left on a terminal, nothing of its own elsewhere. */
export interface Progress {
  update(done: number, text: string): void;
  stop(): void;
}

let atHand = '';

/** What a command was at work on last, such as a file: for the report of an unexpected error. */
export function whatIsAtHand(): string {
  return atHand;
}

/** Starts a progress bar on stderr. */
export function startProgress(total: number, what: string): Progress {
  const keep = (text: string) => {
    atHand = text;
  };
  if (!process.stderr.isTTY) return { update: (_, text) => keep(text), stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% | {value}/{total} | {rate} | {eta_formatted} left | {text}`,
    barsize: 24,
    hideCursor: true,
    etaBuffer: 50,
    // The library's own words know a minute of 60 seconds. It gives a text such as INF or NULL where it cannot tell.
    formatTime: (left: number | string) => (typeof left === 'number' ? duration(left) : '?'),
    stream: process.stderr,
  });
  bar.start(total, 0, { text: '', rate: '' });
  const started = performance.now();
  const rate = (done: number) => perMinute(done, (performance.now() - started) / 1000);
  return {
    update(done, text) {
      keep(text);
      bar.update(done, { text, rate: rate(done) });
    },
    stop: () => bar.stop(),
  };
}

/** An interruption by Ctrl-C or by a scheduler. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Exit code once interrupted: 130 for SIGINT, 143 for SIGTERM; 0 before. */
  exitCode(): number;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Listens for SIGINT and SIGTERM: the first asks the work to end in order, a second one ends the program at once.
 *
 * @param message - what happens next, shown at the first signal
 * @param kept - what is kept where the program ends at once, shown at the second
 */
export function onInterrupt(
  message: string,
  kept: () => string = () => 'what was written before is kept',
): Interruption {
  const controller = new AbortController();
  let code: number = 0;
  const handler = (signal: NodeJS.Signals) => {
    if (code !== 0) endAtOnce(signal, kept());
    code = signal === 'SIGINT' ? INTERRUPTED.SIGINT : INTERRUPTED.SIGTERM;
    note(`\n${message}`);
    controller.abort();
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}

/** Ends by the signal itself: leaving in order would wait for the threads of the engine, which abort when they are torn down. */
function endAtOnce(signal: NodeJS.Signals, kept: string): void {
  writeSync(2, `\nStopped at once; ${kept}.\n`);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
