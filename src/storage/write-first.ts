/** Files that one of several processes writes, and the others read. */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import { inWords, writeWhole } from './files.js';

/** Of several processes one writes the file, whole: by a link where the file system has links (FAT has none), else by its name. */
export async function writeFirst(file: string, text: string): Promise<void> {
  const mine = `${file}.${randomUUID().slice(0, 8)}`;
  await writeWhole(mine, text);
  try {
    await link(mine, file).catch(async (error: NodeJS.ErrnoException) => {
      // Whoever comes second meanwhile writes the same run's parameters, or sees that they differ when it reads them.
      if (error.code !== 'EEXIST' && !existsSync(file)) await rename(mine, file);
    });
  } catch (cause) {
    throw inWords('write', file, cause);
  } finally {
    await rm(mine, { force: true });
  }
}
