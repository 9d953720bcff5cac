/** `deepem watch`: picks micrographs as a microscope writes them. */

import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { FileError, UsageError } from '../core/errors.js';
import { bestOfEachName, filesBelow, type InputMicrograph } from '../storage/inputs.js';
import { outputStem, SCORES } from '../storage/outputs.js';
import { hasMicrographEnding, readMicrographHeader } from '../storage/read-micrograph.js';
import { note, onInterrupt, perMinute } from './console.js';
import { number } from './options.js';
import { addPickOptions, type PickArguments } from './pick-arguments.js';
import { type Outcome, report, summarise } from './pick-report.js';
import { openSession, outcomeOf, type PickSession } from './pick-session.js';

interface WatchArguments extends PickArguments {
  interval: number;
  patience: number;
  until?: number;
}

/** Name of the file in the output folder that ends the watch. */
const STOP = 'STOP';

const HELP = `
Example:
  deepem watch /data/session/ --model model.onnx --out picks/ --format star

Looks through the folder and those below it again and again (so that it works on network file systems), and picks each micrograph once it is
complete: its size has not changed between two looks, and agrees with its header. A micrograph that is replaced is picked again. Ends at
Ctrl-C, or when a file named ${STOP} appears in the output folder; started again it goes on. Lists of the run, such as autopick.star, are written again
after each round. The pixel size for lengths in angstroms is that of the first micrograph, or --pixel-size.`;

export function configure(command: Command): void {
  addPickOptions(command.argument('<folder>', 'where micrographs appear'))
    .option('--interval <s>', 'between two looks', number('--interval', { min: 0.1, max: 86_400 }), 5)
    .option(
      '--patience <s>',
      'a file that has not changed for so long, and is still not whole, has failed',
      number('--patience', { min: 1, max: 86_400 }),
      300,
    )
    .option('--until <n>', 'ends once so many micrographs are picked', number('--until', { min: 1, whole: true }))
    .addHelpText('after', HELP)
    .action(runWatch);
}

async function runWatch(folder: string, options: WatchArguments): Promise<void> {
  if (!existsSync(folder)) {
    throw new UsageError({ what: `There is no folder ${folder}`, expected: 'the folder where micrographs appear' });
  }
  const interruption = onInterrupt(
    'Stopping after this micrograph; the same command goes on. Ctrl-C again ends at once.',
  );
  const stopFile = join(options.out, STOP);
  if (existsSync(stopFile)) {
    await rm(stopFile);
    note(`removed ${stopFile}, which ended an earlier watch`);
  }
  const ended = () => interruption.signal.aborted || existsSync(stopFile);
  const watcher = new Watcher(folder, options, ended);
  const started = performance.now();
  note(`watching ${folder}; ends at Ctrl-C, or when ${stopFile} appears`);
  try {
    while (!ended() && !watcher.isEnough()) {
      await watcher.look();
      if (ended() || watcher.isEnough()) break;
      await wait(1000 * options.interval, undefined, { signal: interruption.signal }).catch(() => {});
    }
  } finally {
    interruption.dispose();
    await watcher.close();
  }
  watcher.summarise((performance.now() - started) / 1000);
  process.exitCode = interruption.exitCode() || (watcher.hasFailures() ? 3 : 0);
}

/** What a file was at the last look. */
interface Seen {
  readonly size: number;
  readonly modified: number;
  /** When it was first seen like this. */
  readonly since: number;
  /** Picked, or given up, as it is. */
  readonly settled: boolean;
}

/** Looks through a folder and picks what is complete. */
class Watcher {
  readonly #seen = new Map<string, Seen>();
  /** The last outcome of each micrograph. */
  readonly #outcomes = new Map<string, Outcome>();
  readonly #done = new Map<string, InputMicrograph>();
  #session: PickSession | undefined;
  readonly #folder: string;
  readonly #options: WatchArguments;
  readonly #ended: () => boolean;
  readonly #said = new Set<string>();
  /** Each sentence once: the folder is looked through again and again. */
  readonly #notice = (sentence: string) => {
    // The counts and names of a growing folder change from look to look.
    const kind = sentence.replace(/^\d+ /, '').split(':')[0];
    if (!this.#said.has(kind)) note(sentence);
    this.#said.add(kind);
  };

  constructor(folder: string, options: WatchArguments, ended: () => boolean) {
    this.#folder = folder;
    this.#options = options;
    this.#ended = ended;
  }

  /** One round: picks every micrograph that is complete and not yet picked. */
  async look(): Promise<void> {
    const ready: InputMicrograph[] = [];
    const files = await this.#micrographs().catch((error: unknown) => {
      if (!(error instanceof FileError)) throw error;
      this.#notice(`${error.message}; waiting for it`);
      return [];
    });
    for (const path of files) if (await this.#isReady(path)) ready.push(this.#inputOf(path));
    if (ready.length === 0) return;
    this.#session ??= await this.#open(ready);
    const backlog = await this.#withoutDone(ready);
    const started = performance.now();
    let picked = 0;
    for (const [i, input] of backlog.entries()) {
      if (this.#ended() || this.isEnough()) break;
      const claim = await this.#session.run.claim(input.path);
      // Another process on the folder has it: the next look sees what became of it.
      if (claim === 'busy') continue;
      const outcome = claim === 'claimed' ? await this.#session.pick(input) : outcomeOf(input, claim);
      this.#settle(input, outcome);
      picked++;
      report(outcome, i + 1, backlog.length, this.#options.json ?? false);
    }
    await this.#session.finish([...this.#done.values()].sort((a, b) => (a.path < b.path ? -1 : 1)));
    if (picked === 0) return;
    const rate = perMinute(picked, (performance.now() - started) / 1000);
    note(`${this.#done.size} picked, ${files.length - this.#settledCount()} waiting; ${rate}`);
  }

  isEnough(): boolean {
    return this.#options.until !== undefined && this.#done.size >= this.#options.until;
  }

  hasFailures(): boolean {
    return [...this.#outcomes.values()].some(({ error }) => error !== undefined);
  }

  summarise(seconds: number): void {
    const outcomes = [...this.#outcomes.values()];
    summarise({ earlier: [], outcomes, total: this.#seen.size }, seconds, this.#options);
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async #open(ready: readonly InputMicrograph[]): Promise<PickSession> {
    const session = await openSession(ready, this.#options);
    await session.run.begin(0, session.run.history.records.size, 'watch');
    return session;
  }

  /** The output folder may lie below the one that is watched. */
  async #micrographs(): Promise<string[]> {
    const out = resolve(this.#options.out) + sep;
    const found = await filesBelow(this.#folder, hasMicrographEnding, this.#notice);
    const files = bestOfEachName(found, this.#notice);
    return files.filter((path) => !(resolve(path).startsWith(out) || path.endsWith(SCORES)));
  }

  #inputOf(path: string): InputMicrograph {
    return { path, pixelSize: null, folder: relative(this.#folder, join(path, '..')) };
  }

  /** True where a file is the same as at the last look, and whole. */
  async #isReady(path: string): Promise<boolean> {
    const now = await stat(path).catch(() => null);
    if (!now) return false;
    const before = this.#seen.get(path);
    const same = before?.size === now.size && before.modified === now.mtimeMs;
    if (!before || !same) {
      this.#seen.set(path, { size: now.size, modified: now.mtimeMs, since: Date.now(), settled: false });
      return false;
    }
    if (before.settled) return false;
    const isWhole = await readMicrographHeader(path).then(
      () => true,
      () => false,
    );
    return isWhole || Date.now() - before.since > 1000 * this.#options.patience;
  }

  /** Those that earlier processes picked are not picked again. */
  async #withoutDone(ready: readonly InputMicrograph[]): Promise<InputMicrograph[]> {
    const backlog: InputMicrograph[] = [];
    for (const input of ready) {
      const isNew = !this.#outcomes.has(input.path);
      const earlier = isNew ? await this.#session?.earlier(input) : undefined;
      if (earlier) this.#settle(input, earlier);
      else backlog.push(input);
    }
    return backlog;
  }

  #settle(input: InputMicrograph, outcome: Outcome): void {
    const seen = this.#seen.get(input.path);
    if (seen) this.#seen.set(input.path, { ...seen, settled: true });
    this.#outcomes.set(input.path, outcome);
    if (outcome.error === undefined) this.#done.set(outputStem(input), input);
  }

  #settledCount(): number {
    return [...this.#seen.values()].filter(({ settled }) => settled).length;
  }
}
