/**
 * What an output folder knows of its run, in `OUT/.deepem/`: `run.json` has the parameters, `records/` one file of lines a process
 * (what became of each micrograph, appended), `picks/` the picks of each micrograph where a list of the whole run needs them.
 * `claims/` the micrographs that processes are
 * at work on. Every process writes files of its own, so that any number may work on one folder, on any file system.
 */

import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FileError } from '../core/errors.js';
import { hashFile, readText } from './files.js';

export const FOLDER = '.deepem';
export const PARAMETERS = 'run.json';
export const RECORDS = 'records';
export const CLAIMS = 'claims';
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

/** Lists that were written. */
export type RunLists = z.infer<typeof listsSchema>;
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

/** Characters of a hash that tell whether a file was changed. */
const HASH_LENGTH = 16;

/** The beginning of a file's SHA-256. */
export async function hashOf(file: string): Promise<string> {
  return (await hashFile(file)).slice(0, HASH_LENGTH);
}

/** Hashes of the files that are there, below the output folder. */
export async function hashesOf(out: string, files: readonly string[]): Promise<Record<string, string>> {
  const there = files.filter((file) => existsSync(join(out, file)));
  return Object.fromEntries(await Promise.all(there.map(async (file) => [file, await hashOf(join(out, file))])));
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
export async function isCurrent(record: RunRecord, out: string): Promise<boolean> {
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

/** @throws FileError if the text is no JSON of parameters */
export function parseParameters(text: string, file: string): RunParameters {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new FileError(
      { what: `Cannot read ${file}`, expected: 'parameters as JSON', hint: 'Give --force to start over' },
      { cause },
    );
  }
}
