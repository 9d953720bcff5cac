/** What a command shows: results to stdout; progress and warnings to stderr; and how it is interrupted. */

import { SingleBar } from 'cli-progress';

/** Writes a line of results. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one JSON line of results. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Writes a line of progress or warning. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Progress of a long run: a bar with time left on a terminal, nothing of its own elsewhere. */
export interface Progress {
  update(done: number, text: string): void;
  stop(): void;
}

/** Starts a progress bar on stderr. */
export function startProgress(total: number, what: string): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% | {value}/{total} | {rate} | {eta_formatted} left | {text}`,
    barsize: 24,
    hideCursor: true,
    etaBuffer: 50,
    stream: process.stderr,
  });
  bar.start(total, 0, { text: '', rate: '' });
  const started = performance.now();
  const rate = (done: number) => perMinute(done, (performance.now() - started) / 1000);
  return { update: (done, text) => bar.update(done, { text, rate: rate(done) }), stop: () => bar.stop() };
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
 * Listens for SIGINT and SIGTERM: the first asks the work to end in order, a second SIGINT ends the program at once.
 *
 * @param message - what happens next, shown at the first signal
 */
export function onInterrupt(message: string): Interruption {
  const controller = new AbortController();
  let code = 0;
  const handler = (signal: NodeJS.Signals) => {
    if (code !== 0) process.exit(code);
    code = signal === 'SIGINT' ? 130 : 143;
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

/** A rate, as `12.5 a minute`. */
export function perMinute(count: number, seconds: number): string {
  return `${(seconds > 0 ? (60 * count) / seconds : 0).toFixed(1)} a minute`;
}

/** Seconds as `1 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
