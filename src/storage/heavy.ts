/**
 * Files at which a run died for want of memory. While a run takes much more memory than was planned, it writes down which micrographs it
 * holds; where it is killed then, the next run leaves them alone, until they change. A run that is killed otherwise leaves nothing.
 */

import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { makeFolder, readOwnJson, writeWhole } from './files.js';

/** Memory beyond the plan that is no longer what was planned. */
const TOLERANCE = 1.5;
const LOOK_MS = 100;
const FILE = /^heavy-[0-9a-f]+\.json$/;

const heavySchema = z.object({
  bytes: z.number(),
  planned: z.number(),
  micrographs: z.array(z.object({ path: z.string(), size: z.number(), modified: z.number() })),
});

/** Looks after the memory of a run. */
export interface HeavyWatch {
  /** Why a micrograph is left alone, or null. */
  reason(path: string): string | null;
  /** A micrograph is in memory from now on. */
  begin(path: string): void;
  /** A micrograph is done with. */
  end(path: string): void;
  close(): Promise<void>;
}

/**
 * Begins to look after a run.
 *
 * @param folder - of what is known of the run
 * @param planned - bytes that it was to take at the most
 * @param usage - bytes that it takes, by default the resident memory of this process
 */
export async function watchMemory(
  folder: string,
  planned: number,
  usage: () => number = () => process.memoryUsage.rss(),
): Promise<HeavyWatch> {
  const left = await readLeft(folder);
  const file = join(folder, `heavy-${randomUUID().slice(0, 8)}.json`);
  const held = new Set<string>();
  let written: Promise<unknown> = Promise.resolve();
  let isWritten = false;
  const look = () => {
    const bytes = usage();
    if (bytes <= TOLERANCE * planned || held.size === 0 || isWritten) return;
    isWritten = true;
    const micrographs = [...held].flatMap((path) => {
      const found = statOf(path);
      return found ? [{ path, size: found.size, modified: found.mtimeMs }] : [];
    });
    written = makeFolder(folder)
      .then(() => writeWhole(file, JSON.stringify({ bytes, planned, micrographs })))
      .catch(() => {});
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  const forget = async () => {
    await written;
    if (isWritten) await rm(file, { force: true });
    isWritten = false;
  };
  return {
    reason(path) {
      const known = left.get(resolve(path));
      const found = known && statOf(path);
      if (!known || found?.size !== known.size || found.mtimeMs !== known.modified) return null;
      const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
      return (
        `${path}: an earlier run was killed while it held this file, with ${gigabytes(known.bytes)} in use ` +
        `where ${gigabytes(known.planned)} were planned; replace the file, or try it again with --force`
      );
    },
    begin: (path) => {
      held.add(resolve(path));
    },
    end(path) {
      held.delete(resolve(path));
      if (isWritten) void forget();
    },
    async close() {
      clearInterval(timer);
      await forget();
    },
  };
}

/** Of a file that is there; links that go in a circle are not. */
function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** What killed runs left. */
async function readLeft(folder: string) {
  const left = new Map<string, { size: number; modified: number; bytes: number; planned: number }>();
  for (const name of await readdir(folder).catch(() => [])) {
    if (!FILE.test(name)) continue;
    const heavy = await readOwnJson(join(folder, name), heavySchema);
    if (!heavy) continue;
    const { bytes, planned } = heavy;
    for (const { path, size, modified } of heavy.micrographs) left.set(path, { size, modified, bytes, planned });
  }
  return left;
}
