/**
 * Which process is at work on what, as files: several processes, also of several machines, share a folder's work. A claim that a killed
 * process left counts no more: on its own machine once the process is gone, elsewhere once the claim is old.
 */

import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { inWords, isAlive, makeFolder, readOwnJson } from './files.js';

/** Nothing that is claimed takes longer than this. */
const STALE_MS = 15 * 60 * 1000;

const claimSchema = z.object({ host: z.string(), pid: z.number() });

/** Claims of one folder. */
export interface Claims {
  /** @returns false where another process has it. @throws FileError */
  take(name: string): Promise<boolean>;
  isTaken(name: string): Promise<boolean>;
  /** Whether a process began with it and did not release it: what is there of it was written by that one. */
  wasBegun(name: string): boolean;
  release(name: string): void;
  /** Whether any other process is at work on anything. */
  anyHeld(): Promise<boolean>;
}

/** Opens the claims in a folder, which is made where it is needed. */
export function openClaims(folder: string): Claims {
  const fileOf = (name: string) => join(folder, createHash('sha256').update(name).digest('hex').slice(0, 32));
  const own = JSON.stringify({ host: hostname(), pid: process.pid });
  const mine = new Set<string>();
  let isMade = false;
  const inherited = new Set<string>();

  function create(file: string): boolean {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      mine.add(file);
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw inWords('write', file, cause);
    }
  }

  return {
    async take(name) {
      if (!isMade) await makeFolder(folder);
      isMade = true;
      const file = fileOf(name);
      if (create(file)) return true;
      if (mine.has(file) || (await isHeld(file))) return false;
      await rm(file, { force: true });
      inherited.add(file);
      return create(file);
    },
    isTaken: async (name) => mine.has(fileOf(name)) || isHeld(fileOf(name)),
    async anyHeld() {
      for (const name of await readdir(folder).catch(() => [])) {
        const file = join(folder, name);
        if (!mine.has(file) && (await isHeld(file))) return true;
      }
      return false;
    },
    wasBegun: (name) => inherited.has(fileOf(name)) || (!mine.has(fileOf(name)) && existsSync(fileOf(name))),
    release(name) {
      mine.delete(fileOf(name));
      rmSync(fileOf(name), { force: true });
    },
  };
}

/** Whether a claim is there of another process that is not known to have ended. */
async function isHeld(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  if (!found) return false;
  const fresh = Date.now() - found.mtimeMs < STALE_MS;
  const holder = await readOwnJson(file, claimSchema);
  // One that is being written has no text yet.
  if (!holder) return fresh;
  // A process with this one's number that left the claim has ended.
  if (holder.host === hostname()) return holder.pid !== process.pid && isAlive(holder.pid);
  return fresh;
}
