/** Stacks of images (`.mrcs`, `.mrc`), one section at a time: memory does not grow with their number. */

import { type FileHandle, open } from 'node:fs/promises';
import { FileError } from '../core/errors.js';
import type { Image } from '../core/micrograph.js';
import {
  asStored,
  assertComplete,
  dataOffset,
  decodeSection,
  float16,
  sectionBytes,
  toFloat16,
} from '../formats/mrc.js';
import {
  MRC_HEADER_BYTES,
  pixelSizeOf,
  readMrcHeader,
  withSignOfBytes,
  writeMrcHeader,
} from '../formats/mrc-header.js';
import { readStart, replaceFile, writeAt } from './files.js';

/** MRC2014: not known. mrcfile's validator computes that of float16 in float16, gets infinity, and refuses any other value. */
const UNKNOWN_SD = -1;

/** An open stack. */
export interface MrcStack {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** Angstroms per pixel, or null where the file does not say. */
  readonly pixelSize: number | null;
  /** Reads section `i`, from 0. */
  read(i: number): Promise<Image>;
  close(): Promise<void>;
}

/**
 * Opens a stack, or a single image as a stack of one.
 *
 * @throws FileError if the file is truncated or holds no real numbers
 */
export async function openMrcStack(file: string): Promise<MrcStack> {
  const { start, size } = await readStart(file, MRC_HEADER_BYTES);
  const written = asStored(readMrcHeader(start, file), size);
  const bytes = sectionBytes(written, file);
  const first = dataOffset(written);
  assertComplete(size, written, first + bytes * written.nz, file);
  const handle = await open(file);
  const header = withSignOfBytes(written, (await handle.read(Buffer.alloc(bytes), 0, bytes, first)).buffer);
  return {
    count: header.nz,
    width: header.nx,
    height: header.ny,
    pixelSize: pixelSizeOf(header),
    async read(i) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, first + i * bytes);
      if (bytesRead < bytes)
        throw new FileError({ what: `Cannot read section ${i + 1} of ${file}: the file has become shorter` });
      return { pixels: decodeSection(buffer, header), width: header.nx, height: header.ny };
    },
    close: () => handle.close(),
  };
}

/** How a stack is written. */
export interface NewStack {
  /** Angstroms per pixel, or null where unknown. */
  readonly pixelSize: number | null;
  /** float16 (mode 12) instead of float32. */
  readonly float16: boolean;
  /** Text of the header's first label. */
  readonly label: string;
}

/**
 * Writes images of one size under a temporary name, then their number and statistics, and renames.
 *
 * @throws FileError
 */
export async function writeMrcStack(file: string, images: Iterable<Image>, options: NewStack): Promise<void> {
  await replaceFile(file, (handle) => writeSections(handle, images, options));
}

async function writeSections(handle: FileHandle, images: Iterable<Image>, options: NewStack): Promise<void> {
  let [nx, ny, nz] = [0, 0, 0];
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  let position = MRC_HEADER_BYTES;
  for (const { pixels, width, height } of images) {
    [nx, ny, nz] = [width, height, nz + 1];
    const half = options.float16 ? toFloat16(pixels) : null;
    for (const value of half ? Float32Array.from(half, float16) : pixels) {
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
      squares += value * value;
    }
    const data = half ?? pixels;
    await writeAt(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  const mean = sum / (nx * ny * nz);
  const sd = options.float16 ? UNKNOWN_SD : Math.sqrt(Math.max(0, squares / (nx * ny * nz) - mean * mean));
  const { pixelSize, label } = options;
  const header = writeMrcHeader({
    ...{ mode: options.float16 ? 12 : 2, nx, ny, nz, pixelSize, label },
    statistics: { min, max, mean, sd },
  });
  await writeAt(handle, header, 0);
}
