/** A run that is being worked on: which micrographs are done, which are at hand, and whose the files are. */

import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { appendFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FileError, UsageError } from '../core/errors.js';
import { openClaims } from './claims.js';
import { makeFolder, readText } from './files.js';
import {
  CLAIMS,
  FOLDER,
  hashesOf,
  hashOf,
  isCurrent,
  PARAMETERS,
  parseParameters,
  RECORDS,
  type RunHistory,
  type RunLists,
  type RunParameters,
  type RunRecord,
  type RunStart,
  readRun,
} from './run-history.js';
import { writeFirst } from './write-first.js';

/** Between two looks at what another process is doing. */
const CLAIM_LOOK_MS = 250;

/** A run that is being worked on. */
export interface OpenRun {
  readonly history: RunHistory;
  /** The record of a micrograph that was picked, has not changed since, and whose files are all there; else undefined. */
  finished(path: string): Promise<RunRecord | undefined>;
  /** Says how many micrographs this process has before it. */
  begin(micrographs: number, done: number, shard: string | null): Promise<void>;
  /** Appends what became of a micrograph, and gives it back. */
  add(record: RunRecord): Promise<void>;
  /**
   * Takes a micrograph, so that of several processes on the folder one picks it.
   *
   * @returns `busy` where another process is at work on it, the record where one has picked it since this run was opened
   */
  claim(path: string): Promise<'claimed' | 'busy' | RunRecord>;
  /** Gives back a micrograph that was claimed and not picked. */
  release(path: string): void;
  /** Waits until another process has done a micrograph or has ended; its record, or undefined where it is free again. */
  waitFor(path: string, signal: AbortSignal): Promise<RunRecord | undefined>;
  /** Whether a process that was killed had begun with a micrograph: it may have written some of its files. */
  wasBegun(path: string): boolean;
  /** Whether a file that this run wrote is as it was written: a person's edits are nobody's to replace. */
  isUnchanged(file: string): Promise<boolean>;
  /** The micrograph that a file was written for; null for a list of the run, undefined for a file that no run wrote. */
  ownerOf(file: string): string | null | undefined;
  /** Says which lists of the whole run were written. */
  addLists(files: readonly string[]): Promise<void>;
}

/**
 * Opens the run of an output folder, or begins one.
 *
 * @param force - forgets a run with other parameters instead of refusing
 * @throws UsageError if the folder holds a run with other parameters; FileError
 */
export async function openRun(out: string, parameters: RunParameters, force: boolean): Promise<OpenRun> {
  if (force && existsSync(join(out, FOLDER, PARAMETERS))) await replaceRun(out);
  await makeFolder(join(out, FOLDER, RECORDS));
  await claimParameters(out, parameters);
  return new RunInFolder(out, await readRun(out));
}

class RunInFolder implements OpenRun {
  history: RunHistory;
  /** The file of this process. */
  readonly #file: string;
  readonly #owners: Map<string, string | null>;
  readonly #hashes: Map<string, string>;
  readonly #claims: ReturnType<typeof openClaims>;
  /** When the run was begun. */
  readonly #begun: number;
  #stamp: string;

  constructor(
    readonly out: string,
    history: RunHistory,
  ) {
    this.history = history;
    this.#owners = new Map(history.files);
    this.#hashes = new Map(history.hashes);
    this.#claims = openClaims(join(out, FOLDER, CLAIMS));
    this.#begun = statSync(join(out, FOLDER, PARAMETERS)).mtimeMs;
    this.#file = join(out, FOLDER, RECORDS, `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}.jsonl`);
    this.#stamp = stampOf(join(out, FOLDER, RECORDS), this.#file);
  }

  async finished(path: string): Promise<RunRecord | undefined> {
    const record = this.history.records.get(resolve(path));
    return record && (await isCurrent(record, this.out)) ? record : undefined;
  }

  begin(micrographs: number, done: number, shard: string | null): Promise<void> {
    return this.#append({ start: Date.now(), host: hostname(), pid: process.pid, shard, micrographs, done });
  }

  async add(record: RunRecord): Promise<void> {
    try {
      await this.#append(record);
      for (const written of record.files) this.#owners.set(written, record.micrograph);
      for (const [written, hash] of Object.entries(record.hashes)) this.#hashes.set(written, hash);
    } finally {
      this.#claims.release(record.micrograph);
    }
  }

  async claim(path: string): Promise<'claimed' | 'busy' | RunRecord> {
    assertSameRun(this.out, this.#begun);
    if (!(await this.#claims.take(resolve(path)))) return 'busy';
    await this.#refresh();
    const record = await this.finished(path);
    if (!record) return 'claimed';
    this.#claims.release(resolve(path));
    return record;
  }

  release(path: string): void {
    this.#claims.release(resolve(path));
  }

  async waitFor(path: string, signal: AbortSignal): Promise<RunRecord | undefined> {
    while (!signal.aborted && (await this.#claims.isTaken(resolve(path)))) {
      await wait(CLAIM_LOOK_MS, undefined, { signal }).catch(() => {});
    }
    await this.#refresh();
    return this.finished(path);
  }

  wasBegun(path: string): boolean {
    return this.#claims.wasBegun(resolve(path));
  }

  ownerOf(written: string): string | null | undefined {
    return this.#owners.get(written);
  }

  async isUnchanged(written: string): Promise<boolean> {
    const known = this.#hashes.get(written);
    return known === undefined || known === (await hashOf(join(this.out, written)));
  }

  async addLists(lists: readonly string[]): Promise<void> {
    const now = await hashesOf(this.out, lists);
    await this.#append({ lists: [...lists], hashes: now });
    for (const list of lists) this.#owners.set(list, null);
    for (const [list, hash] of Object.entries(now)) this.#hashes.set(list, hash);
  }

  /** A line that a full disk has cut must not run into the next. */
  #append(line: RunRecord | RunStart | RunLists): Promise<void> {
    return appendFile(this.#file, `\n${JSON.stringify(line)}\n`);
  }

  /** Reads again what other processes wrote down, where they did. */
  async #refresh(): Promise<void> {
    const others = stampOf(join(this.out, FOLDER, RECORDS), this.#file);
    if (others === this.#stamp) return;
    this.#stamp = others;
    this.history = await readRun(this.out);
  }
}

/**
 * Removes a run and what it wrote, but for files that were changed since.
 *
 * @throws UsageError if another process is at work on it
 */
async function replaceRun(out: string): Promise<void> {
  if (await openClaims(join(out, FOLDER, CLAIMS)).anyHeld()) {
    throw new UsageError({
      what: `Another process is at work on ${out}`,
      received: '--force, which would begin the run again under it',
      expected: 'a folder that nobody writes to',
      hint: 'Wait for it or stop it, or give another folder to --out',
    });
  }
  const { files, hashes } = await readRun(out);
  for (const file of files.keys()) {
    const known = hashes.get(file);
    const now = existsSync(join(out, file)) ? await hashOf(join(out, file)) : null;
    if (known !== undefined && known === now) await rm(join(out, file), { force: true });
  }
  await forgetRun(out);
}

/** @throws FileError where another process has begun the run again, so that its results would be mixed with ours */
function assertSameRun(out: string, begun: number): void {
  const now = statSync(join(out, FOLDER, PARAMETERS), { throwIfNoEntry: false })?.mtimeMs;
  if (now === begun) return;
  throw new FileError({
    what: `The run in ${out} was begun again by another process, with --force`,
    hint: 'This process stops here; what it picked before was removed or replaced',
  });
}

/** Changes whenever a process other than this one writes something down. */
function stampOf(folder: string, own: string): string {
  const names = readdirSync(folder).filter((name) => join(folder, name) !== own);
  return names
    .sort()
    .map((name) => `${name} ${statSync(join(folder, name)).size}`)
    .join();
}

/** Forgets what is written down of a run; the results stay until they are written again. */
export async function forgetRun(out: string): Promise<void> {
  await rm(join(out, FOLDER), { recursive: true, force: true });
}

/** Writes the parameters where there are none (of two processes one is first), and compares them with those that are there. */
async function claimParameters(out: string, parameters: RunParameters): Promise<void> {
  const file = join(out, FOLDER, PARAMETERS);
  const text = `${JSON.stringify(parameters, null, 1)}\n`;
  if (!existsSync(file)) await writeFirst(file, text);
  const before = parseParameters(await readText(file), file);
  const now = JSON.parse(text) as RunParameters;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const shown = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
  const different = names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => `${name} ${shown(before[name])} before, ${shown(now[name])} now`);
  if (different.length === 0) return;
  throw new UsageError({
    what: `${out} holds a run with other parameters`,
    received: different.join('; '),
    expected: 'the same as before',
    hint: 'Give another folder to --out, or --force to pick everything again',
  });
}
