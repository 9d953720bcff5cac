/** What a command is about to write into a folder, kept there until it is done: the same command, started after a kill, replaces its own files. */

import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readText, writeWhole } from './files.js';
import { assertFree } from './outputs.js';
import { runFolder } from './run-history.js';

const NAME = 'unfinished.json';
const schema = z.array(z.string());

/** A command that writes into a folder. */
export interface OpenOutputs {
  /** All is written. */
  finish(): Promise<void>;
}

/**
 * Takes the places of files in a folder.
 *
 * @param files - below the folder
 * @throws UsageError if one is there that an interrupted command did not begin with
 */
export async function openOutputs(
  folder: string,
  files: readonly string[],
  overwrite: boolean | undefined,
): Promise<OpenOutputs> {
  const list = join(runFolder(folder), NAME);
  const begun = new Set(await readBegun(list));
  assertFree(
    files.filter((file) => !begun.has(file)).map((file) => join(folder, file)),
    overwrite,
  );
  await writeWhole(list, JSON.stringify([...new Set([...begun, ...files])]));
  return {
    async finish() {
      await rm(list, { force: true });
      // Another run may keep something there.
      await rmdir(runFolder(folder)).catch(() => {});
    },
  };
}

async function readBegun(list: string): Promise<string[]> {
  try {
    return schema.parse(JSON.parse(await readText(list)));
  } catch {
    return [];
  }
}
