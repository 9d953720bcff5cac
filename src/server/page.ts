/** The files of the page, read once: no path of a request ever reaches the disk. */

import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { FileError } from '../core/errors.js';

/** A file of the page. */
export interface PageFile {
  readonly bytes: Uint8Array;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the page.
 *
 * @param folder - where the build put it
 * @throws FileError if it is not there
 */
export async function readPage(folder: string): Promise<Map<string, PageFile>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new FileError({ what: `The page is not in ${folder}`, hint: 'Build it: npm run build' }, { cause });
  });
  const page = new Map<string, PageFile>();
  for (const file of files.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name);
    const type = TYPES[extname(file.name)] ?? 'application/octet-stream';
    page.set(`/${relative(folder, path).split(sep).join('/')}`, { bytes: await readFile(path), type });
  }
  return page;
}
