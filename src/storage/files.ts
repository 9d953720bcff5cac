/** Disk basics: atomic writes, and errors in words. */

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import { DeepemError, FileError, messageOf } from '../core/errors.js';

/** Bytes that are read at a time. */
const READ_BYTES = 1 << 26;
/** Bytes that are in memory at a time where a file is read in pieces. */
const PIECE_BYTES = 1 << 20;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  EEXIST: 'a file of that name is in the way',
  ENOTDIR: 'a part of the path is a file, not a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long (a file name has at most 255 bytes)',
  EPERM: 'the file system or its owner does not allow it',
  EIO: 'the disk gives an input/output error',
  ESTALE: 'the network folder is no longer there (stale mount)',
  ENOTCONN: 'the network folder is not connected',
  EMFILE: 'too many files are open',
  EDQUOT: 'the disk quota is used up',
};

/** The error of a disk, in words. */
export function inWords(action: string, file: string, cause: unknown): FileError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return new FileError({ what: `Cannot ${action} ${file}: ${REASONS[code] ?? messageOf(cause)}` }, { cause });
}

/**
 * Makes a folder and those above it, one by one: Node's own recursive call never ends on file systems such as /proc.
 *
 * @throws FileError
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeMissing(resolve(folder));
  } catch (cause) {
    throw inWords('make the folder', folder, cause);
  }
}

async function makeMissing(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (!found) await makeMissing(dirname(folder));
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    const made = error.code === 'EEXIST' && (await stat(folder)).isDirectory();
    if (!made) throw error;
  });
}

/**
 * Writes a file whole or not at all (temporary name, then renamed), making its folder.
 *
 * @throws FileError
 */
export async function writeWhole(file: string, data: string | Uint8Array): Promise<void> {
  await replaceFile(file, (handle) => handle.writeFile(data));
}

/**
 * Writes a file piece by piece, whole or not at all.
 *
 * @throws FileError
 */
export async function writePieces(file: string, pieces: Iterable<string>): Promise<void> {
  await replaceFile(file, async (handle) => {
    for (const piece of pieces) await handle.appendFile(piece);
  });
}

/** Files that are being written: the name says by which process on which machine, so that what a killed one left can be told. */
const TEMPORARY = /^\.([0-9a-f]{6})-(\d+)-[0-9a-f]{8}\.deepem-tmp$/;
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
/** What is older was left by a process of another machine that ended: nothing is written for so long. */
const OLDEST_MS = 24 * 3600 * 1000;

function temporaryName(): string {
  return `.${HOST}-${process.pid}-${randomUUID().slice(0, 8)}.deepem-tmp`;
}

/** Folders that were looked through for what killed processes left. */
const swept = new Set<string>();

/** Removes what killed processes left in a folder, once for each folder. */
async function sweep(folder: string): Promise<void> {
  if (swept.has(folder)) return;
  swept.add(folder);
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host, pid] = TEMPORARY.exec(name) ?? [];
    if (host === undefined) continue;
    const file = join(folder, name);
    const left = host === HOST ? !isAlive(Number(pid)) : await isOld(file);
    if (left) await rm(file, { force: true }).catch(() => {});
  }
}

/** True for a process of this machine that runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isOld(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > OLDEST_MS;
}

/**
 * Fills a file under a temporary name, brings it to the disk, and renames it.
 *
 * @param fill - writes to the open file; `writeFile`, `appendFile` and `writeAt` go on until everything is written, where a single
 *   `write` may write only a part (a disk that is almost full)
 * @throws FileError
 */
export async function replaceFile(file: string, fill: (handle: FileHandle) => Promise<void>): Promise<void> {
  // Not longer than the name itself may be: a micrograph's name may fill it.
  const temporary = join(dirname(file), temporaryName());
  try {
    await makeMissing(resolve(dirname(file)));
    await sweep(resolve(dirname(file)));
    const handle = await open(temporary, 'w');
    try {
      await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw cause instanceof DeepemError ? cause : inWords('write', file, cause);
  }
}

/**
 * Checks that files can be written into a folder, which is made where it is missing: before hours of work, not after.
 *
 * @throws FileError
 */
export async function assertWritable(folder: string): Promise<void> {
  const probe = join(folder, temporaryName());
  await makeFolder(folder);
  try {
    await (await open(probe, 'w')).close();
  } catch (cause) {
    throw inWords('write into', folder, cause);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

/** Writes all bytes at a position of an open file. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/**
 * The SHA-256 of a file, as `sha256sum` gives it.
 *
 * @throws FileError
 */
export async function hashFile(file: string): Promise<string> {
  try {
    await assertRegularFile(file);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    return hash.digest('hex');
  } catch (cause) {
    throw cause instanceof FileError ? cause : inWords('read', file, cause);
  }
}

/**
 * Reads a file.
 *
 * @throws FileError
 */
export async function readWhole(file: string): Promise<Uint8Array> {
  return readWith(file, readAll);
}

/** In large pieces: Node's own `readFile` takes half a megabyte at a time, which costs a third of the time of a large micrograph. */
async function readAll(handle: FileHandle): Promise<Uint8Array> {
  const { size } = await handle.stat();
  const bytes = Buffer.allocUnsafeSlow(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(size - done, READ_BYTES), done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/**
 * Reads a file in pieces, for files that are larger than what is kept of them.
 *
 * @param onPiece - gets the bytes in order; true ends the reading
 * @throws FileError, or what `onPiece` throws
 */
export async function readPieces(file: string, onPiece: (bytes: Uint8Array) => unknown): Promise<void> {
  await readWith(file, async (handle) => {
    const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, null);
      if (bytesRead === 0 || onPiece(buffer.subarray(0, bytesRead)) === true) return;
    }
  });
}

/** Opens a regular file, and closes it whatever happens. */
async function readWith<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    await assertRegularFile(file);
    const handle = await open(file);
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const isOfDisk = typeof (cause as NodeJS.ErrnoException).code === 'string';
    throw isOfDisk ? inWords('read', file, cause) : cause;
  }
}

/**
 * Reads a text file as UTF-8.
 *
 * @throws FileError
 */
export async function readText(file: string): Promise<string> {
  return new TextDecoder().decode(await readWhole(file));
}

/** Reads a small JSON file of this program's own; null where it is missing, cut off or of another shape. */
export async function readOwnJson<Shape>(file: string, schema: z.ZodType<Shape>): Promise<Shape | null> {
  try {
    return schema.parse(JSON.parse(await readText(file)));
  } catch {
    return null;
  }
}

/**
 * Reads the first bytes of a file, and its size.
 *
 * @throws FileError
 */
export async function readStart(file: string, length: number): Promise<{ start: Uint8Array; size: number }> {
  return readWith(file, async (handle) => {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return { start: buffer.subarray(0, bytesRead), size };
  });
}

/** The error for a file that another program was writing. */
export function changedWhileRead(file: string): FileError {
  return new FileError({ what: `${file} changed while it was read`, hint: 'Start again once it is complete' });
}

/** Opening a pipe would wait for its writer for ever: only regular files are read. */
async function assertRegularFile(file: string): Promise<void> {
  const found = await stat(file);
  if (found.isFile()) return;
  throw new FileError({
    what: `Cannot read ${file}`,
    received: found.isDirectory() ? 'a folder' : 'a device or pipe',
    expected: 'a file',
  });
}
