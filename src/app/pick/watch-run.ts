/** Picks micrographs as a microscope writes them. */

import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FileError, UsageError } from '../../core/errors.js';
import { perMinute } from '../../core/words.js';
import { bestOfEachName, filesBelow, type InputMicrograph } from '../../storage/inputs.js';
import { outputStem, SCORES } from '../../storage/outputs.js';
import { hasMicrographEnding, readMicrographHeader } from '../../storage/read-micrograph.js';
import type { RunEvent } from '../events.js';
import { type Ended, eventsOf, note, type Work } from '../tell.js';
import { type Outcome, outcomeOf, summaryOf } from './outcome.js';
import { openSession, type PickSession } from './session.js';
import type { PickSettings } from './settings.js';

/** A watch. */
export interface WatchSettings extends PickSettings {
  /** Where micrographs appear. */
  readonly folder: string;
  /** Seconds between two looks. */
  readonly interval: number;
  /** Seconds after which a file that has not changed, and is still not whole, has failed. */
  readonly patience: number;
  /** Ends once so many micrographs are picked; by default it does not. */
  readonly until?: number;
}

/** Name of the file in the output folder that ends the watch. */
export const STOP = 'STOP';

/**
 * Looks through a folder again and again and picks each micrograph once it is whole.
 *
 * @param signal - ends the watch after the micrograph that is being picked
 * @throws UsageError, FileError, ModelError if nothing can be picked like this
 */
export function runWatch(settings: WatchSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Ended, void> {
  return eventsOf((work) => watch(settings, work), signal);
}

async function watch(settings: WatchSettings, work: Work): Promise<Ended> {
  const { tell, signal } = work;
  const { folder, out, interval } = settings;
  if (!existsSync(folder)) {
    throw new UsageError({ what: `There is no folder ${folder}`, expected: 'the folder where micrographs appear' });
  }
  const stopFile = join(out, STOP);
  if (existsSync(stopFile)) {
    await rm(stopFile);
    note(tell, `removed ${stopFile}, which ended an earlier watch`);
  }
  const watcher = new Watcher(settings, work, () => signal.aborted || existsSync(stopFile));
  const started = performance.now();
  note(tell, `watching ${folder}; ends at Ctrl-C, or when ${stopFile} appears`);
  try {
    while (!watcher.isOver()) {
      await watcher.look();
      if (watcher.isOver()) break;
      await wait(1000 * interval, undefined, { signal }).catch(() => {});
    }
  } finally {
    await watcher.close();
  }
  return watcher.summarise((performance.now() - started) / 1000);
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
  readonly #settings: WatchSettings;
  readonly #work: Work;
  readonly #isEnded: () => boolean;
  readonly #said = new Set<string>();
  /** Each sentence once: the folder is looked through again and again. */
  readonly #notice = (sentence: string) => {
    // The counts and names of a growing folder change from look to look.
    const kind = sentence.replace(/^\d+ /, '').split(':')[0];
    if (!this.#said.has(kind)) note(this.#work.tell, sentence);
    this.#said.add(kind);
  };

  constructor(settings: WatchSettings, work: Work, isEnded: () => boolean) {
    this.#settings = settings;
    this.#work = work;
    this.#isEnded = isEnded;
  }

  /** Whether it was asked to end, or enough is picked. */
  isOver(): boolean {
    const { until } = this.#settings;
    return this.#isEnded() || (until !== undefined && this.#done.size >= until);
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
    const started = performance.now();
    const picked = await this.#pickAll(await this.#withoutDone(ready), this.#session);
    await this.#session.finish([...this.#done.values()].sort((a, b) => (a.path < b.path ? -1 : 1)));
    if (picked === 0) return;
    const rate = perMinute(picked, (performance.now() - started) / 1000);
    note(this.#work.tell, `${this.#done.size} picked, ${files.length - this.#settledCount()} waiting; ${rate}`);
  }

  /** Tells the sum. */
  summarise(seconds: number): Ended {
    const outcomes = [...this.#outcomes.values()];
    this.#work.tell(summaryOf({ earlier: [], outcomes, total: this.#seen.size }, seconds, this.#settings.out));
    return { failed: outcomes.flatMap(({ error }) => error ?? []) };
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async #open(ready: readonly InputMicrograph[]): Promise<PickSession> {
    const session = await openSession(ready, this.#settings, this.#work.tell);
    await session.run.begin(0, session.run.history.records.size, 'watch');
    return session;
  }

  /** Returns how many it picked. */
  async #pickAll(backlog: readonly InputMicrograph[], session: PickSession): Promise<number> {
    let picked = 0;
    for (const [i, input] of backlog.entries()) {
      if (this.isOver()) break;
      const claim = await session.run.claim(input.path);
      // Another process on the folder has it: the next look sees what became of it.
      if (claim === 'busy') continue;
      const outcome = claim === 'claimed' ? await session.pick(input) : outcomeOf(input, claim);
      this.#settle(input, outcome);
      picked++;
      this.#work.tell({ kind: 'micrograph', ...outcome, done: i + 1, total: backlog.length });
    }
    return picked;
  }

  /** The output folder may lie below the one that is watched. */
  async #micrographs(): Promise<string[]> {
    const out = resolve(this.#settings.out) + sep;
    const found = await filesBelow(this.#settings.folder, hasMicrographEnding, this.#notice);
    const files = bestOfEachName(found, this.#notice);
    return files.filter((path) => !(resolve(path).startsWith(out) || path.endsWith(SCORES)));
  }

  #inputOf(path: string): InputMicrograph {
    return { path, pixelSize: null, folder: relative(this.#settings.folder, join(path, '..')) };
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
    return isWhole || Date.now() - before.since > 1000 * this.#settings.patience;
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
