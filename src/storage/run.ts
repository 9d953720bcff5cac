/**
 * What an output folder knows of its run, in `OUT/.deepem/`: `run.json` has the parameters, `records/` one file of lines a process
 * (what became of each micrograph, appended), `picks/` the picks of each micrograph where a list of the whole run needs them.
 * `claims/` the micrographs that processes are
 * at work on. Every process writes files of its own, so that any number may work on one folder, on any file system.
 */

import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { FileError, UsageError } from '../core/errors.js';
import { openClaims } from './claims.js';
import { hashFile, makeFolder, readText } from './files.js';
import { writeFirst } from './write-first.js';

const FOLDER = '.deepem';
const PARAMETERS = 'run.json';
const RECORDS = 'records';
const CLAIMS = 'claims';
/** Between two looks at what another process is doing. */
const CLAIM_LOOK_MS = 250;

/** What decides the results of a run, as JSON. */
export type RunParameters = Readonly<Record<string, unknown>>;

const recordSchema = z.object({
  /** Absolute path. */
  micrograph: z.string(),
  state: z.enum(['done', 'failed']),
  /** Of the micrograph's file when it was read; null where it could not be looked at. */
  size: z.number().nullable(),
  modified: z.number().nullable(),
  sha256: z.string().nullable(),
  particles: z.number().nullable(),
  removed: z.record(z.string(), z.number()).nullable(),
  /** Files written, below the output folder. */
  files: z.array(z.string()),
  /** What was written, by file: the beginning of its SHA-256. */
  hashes: z.record(z.string(), z.string()).default({}),
  reason: z.string().nullable(),
  /** What is unusual in the picks, in words. */
  unusual: z.string().nullable().default(null),
  seconds: z.number(),
  /** When it was finished, in milliseconds since 1970. */
  at: z.number(),
});
const startSchema = z.object({
  start: z.number(),
  host: z.string(),
  pid: z.number(),
  /** `i/n`, or null for the whole run. */
  shard: z.string().nullable(),
  /** Micrographs of this process, and how many of them were done before. */
  micrographs: z.number(),
  done: z.number(),
});

/** Lists of the whole run that a process wrote, below the output folder. */
const listsSchema = z.object({ lists: z.array(z.string()), hashes: z.record(z.string(), z.string()).default({}) });

/** What became of a micrograph. */
export type RunRecord = z.infer<typeof recordSchema>;
/** A process that worked on a run. */
export type RunStart = z.infer<typeof startSchema>;

/** All that is written down of a run. */
export interface RunHistory {
  readonly parameters: RunParameters;
  readonly starts: readonly RunStart[];
  /** The last record of each micrograph, by its absolute path. */
  readonly records: ReadonlyMap<string, RunRecord>;
  /** Micrographs by the files that were written for them; lists of the whole run have none. Below the output folder. */
  readonly files: ReadonlyMap<string, string | null>;
  /** Beginnings of the SHA-256 of these files, as they were written. */
  readonly hashes: ReadonlyMap<string, string>;
}

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
  let history = await readRun(out);
  const own = new Map(history.files);
  const hashes = new Map(history.hashes);
  const claims = openClaims(join(out, FOLDER, CLAIMS));
  const begun = statSync(join(out, FOLDER, PARAMETERS)).mtimeMs;
  const file = join(out, FOLDER, RECORDS, `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}.jsonl`);
  // A line that a full disk has cut must not run into the next.
  const append = (line: RunRecord | RunStart | z.infer<typeof listsSchema>) =>
    appendFile(file, `\n${JSON.stringify(line)}\n`);
  const finished = async (path: string) => {
    const record = history.records.get(resolve(path));
    return record && (await isCurrent(record, out)) ? record : undefined;
  };
  let stamp = stampOf(join(out, FOLDER, RECORDS), file);
  /** Reads again what other processes wrote down, where they did. */
  const refresh = async () => {
    const others = stampOf(join(out, FOLDER, RECORDS), file);
    if (others === stamp) return;
    stamp = others;
    history = await readRun(out);
  };
  return {
    history,
    finished,
    begin: (micrographs, done, shard) =>
      append({ start: Date.now(), host: hostname(), pid: process.pid, shard, micrographs, done }),
    async add(record) {
      try {
        await append(record);
        for (const written of record.files) own.set(written, record.micrograph);
        for (const [written, hash] of Object.entries(record.hashes)) hashes.set(written, hash);
      } finally {
        claims.release(record.micrograph);
      }
    },
    async claim(path) {
      assertSameRun(out, begun);
      if (!(await claims.take(resolve(path)))) return 'busy';
      await refresh();
      const record = await finished(path);
      if (!record) return 'claimed';
      claims.release(resolve(path));
      return record;
    },
    release: (path) => claims.release(resolve(path)),
    async waitFor(path, signal) {
      while (!signal.aborted && (await claims.isTaken(resolve(path)))) {
        await wait(CLAIM_LOOK_MS, undefined, { signal }).catch(() => {});
      }
      await refresh();
      return finished(path);
    },
    wasBegun: (path) => claims.wasBegun(resolve(path)),
    ownerOf: (written) => own.get(written),
    async isUnchanged(written) {
      const known = hashes.get(written);
      return known === undefined || known === (await hashOf(join(out, written)));
    },
    async addLists(lists) {
      const now = await hashesOf(out, lists);
      await append({ lists: [...lists], hashes: now });
      for (const list of lists) own.set(list, null);
      for (const [list, hash] of Object.entries(now)) hashes.set(list, hash);
    },
  };
}

/** Characters of a hash that tell whether a file was changed. */
const HASH_LENGTH = 16;

async function hashOf(file: string): Promise<string> {
  return (await hashFile(file)).slice(0, HASH_LENGTH);
}

/** Hashes of the files that are there, below the output folder. */
export async function hashesOf(out: string, files: readonly string[]): Promise<Record<string, string>> {
  const there = files.filter((file) => existsSync(join(out, file)));
  return Object.fromEntries(await Promise.all(there.map(async (file) => [file, await hashOf(join(out, file))])));
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

function parseParameters(text: string, file: string): RunParameters {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new FileError(
      { what: `Cannot read ${file}`, expected: 'parameters as JSON', hint: 'Give --force to start over' },
      { cause },
    );
  }
}

/**
 * Reads all that is written down of a run. A line that a killed process left unfinished does not count.
 *
 * @throws FileError if the folder holds no run
 */
export async function readRun(out: string): Promise<RunHistory> {
  const file = join(out, FOLDER, PARAMETERS);
  if (!existsSync(file)) {
    throw new FileError({
      what: `${out} holds no run`,
      expected: `an output folder of deepem pick or watch, with ${FOLDER}/${PARAMETERS}`,
    });
  }
  const starts: RunStart[] = [];
  const records = new Map<string, RunRecord>();
  const files = new Map<string, string | null>();
  const hashes = new Map<string, string>();
  const folder = join(out, FOLDER, RECORDS);
  for (const name of (await readdir(folder)).sort()) {
    for (const line of (await readText(join(folder, name))).split('\n')) {
      const value = parseLine(line);
      const start = startSchema.safeParse(value);
      if (start.success) starts.push(start.data);
      const lists = listsSchema.safeParse(value);
      if (lists.success) {
        for (const list of lists.data.lists) files.set(list, null);
        for (const [list, hash] of Object.entries(lists.data.hashes)) hashes.set(list, hash);
      }
      const record = recordSchema.safeParse(value);
      if (!record.success) continue;
      const known = records.get(record.data.micrograph);
      if (!known || known.at <= record.data.at) records.set(record.data.micrograph, record.data);
    }
  }
  for (const record of records.values()) {
    for (const written of record.files) files.set(written, record.micrograph);
    for (const [written, hash] of Object.entries(record.hashes)) hashes.set(written, hash);
  }
  return { parameters: parseParameters(await readText(file), file), starts, records, files, hashes };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** True where the micrograph is what it was, and everything that was written is there. A touched file is read again. */
async function isCurrent(record: RunRecord, out: string): Promise<boolean> {
  if (record.state !== 'done' || !record.files.every((file) => existsSync(join(out, file)))) return false;
  const now = await stat(record.micrograph).catch(() => null);
  if (!now?.isFile() || now.size !== record.size) return false;
  return now.mtimeMs === record.modified || (await hashFile(record.micrograph)) === record.sha256;
}

/** The folder of what is known of a run. */
export function runFolder(out: string): string {
  return join(out, FOLDER);
}

/** The folder where the picks of a run are kept for its lists. */
export function keptPicksFolder(out: string): string {
  return join(out, FOLDER, 'picks');
}

/** Reads kept picks, at once: the lists of a run are written from one micrograph after the other. */
export function readKeptPicks<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
