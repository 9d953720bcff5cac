/** Reads any micrograph from disk: picks the format by the file's ending, checks size before memory is taken, repairs. */

import { createHash } from 'node:crypto';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { FileError, messageOf } from '../core/errors.js';
import type { Micrograph } from '../core/micrograph.js';
import { asStored, assertComplete, expectedFileBytes, readMrc } from '../formats/mrc.js';
import {
  assertSingleImage,
  MRC_HEADER_BYTES,
  type MrcHeader,
  pixelSizeOf,
  readMrcHeader,
} from '../formats/mrc-header.js';
import { LARGEST_IMAGE, readPngOrJpeg, sizeOfPngOrJpeg } from '../formats/raster.js';
import { readTiff, sizeOfAnyTiff } from '../formats/tiff.js';
import { countNotFinite, repairDefects } from '../imaging/defects.js';
import { readStart, readWhole } from './files.js';

/** Largest share of NaN or infinite pixels that is repaired. */
const LARGEST_BAD_SHARE = 0.001;
/** Compressed bytes that surely hold the MRC header. */
const GZIP_START = 4096;
/** Bytes in which a PNG or JPEG mostly says its size. */
const PICTURE_START = 1 << 16;
/** Bytes that a file may hold behind its data. */
const GZIP_SLACK = 1 << 22;

type Kind = 'mrc' | 'mrc.gz' | 'png' | 'tiff';

const KINDS: readonly { pattern: RegExp; kind: Kind }[] = [
  { pattern: /\.mrcs?$/i, kind: 'mrc' },
  { pattern: /\.mrcs?\.gz$/i, kind: 'mrc.gz' },
  { pattern: /\.(png|jpe?g)$/i, kind: 'png' },
  { pattern: /\.tiff?$/i, kind: 'tiff' },
];

const MOVIES = /\.(eer|gain|dm4|dm3|ser)$/i;

/** Place of a file's format among those of equal names: pixels as they were measured come before previews. */
export function formatRank(file: string): number {
  const order: readonly Kind[] = ['mrc', 'mrc.gz', 'tiff', 'png'];
  const kind = KINDS.find(({ pattern }) => pattern.test(file))?.kind;
  const rank = kind ? order.indexOf(kind) : order.length;
  return /\.jpe?g$/i.test(file) ? rank + 1 : rank;
}

/** The endings of the files that are read as micrographs. */
export const MICROGRAPH_ENDINGS: readonly string[] = ['mrc', 'mrc.gz', 'png', 'jpg', 'jpeg', 'tif', 'tiff'];

/** True where the ending is one that `readMicrograph` takes. */
export function hasMicrographEnding(file: string): boolean {
  return KINDS.some(({ pattern }) => pattern.test(file));
}

function kindOf(file: string): Kind {
  const known = KINDS.find(({ pattern }) => pattern.test(file));
  if (known) return known.kind;
  const movie = /\.eer$/i.test(file);
  throw new FileError({
    what: `Cannot use ${file} as a micrograph`,
    received: movie ? 'a movie (EER)' : MOVIES.test(file) ? 'a camera format' : 'an unknown ending',
    expected: MICROGRAPH_ENDINGS.map((ending) => `.${ending}`).join(', '),
    ...(movie && { hint: 'Motion-correct it first and give the averaged image' }),
  });
}

/**
 * Reads a micrograph.
 *
 * MRC, PNG and JPEG rows come as stored, TIFF rows reversed. Pixels beyond 8 robust standard deviations that differ from
 * their surroundings, and up to 0.1 % NaN or infinite pixels, are replaced by a local median; `warnings` says how many.
 *
 * @param file - path of a `.mrc`, `.mrc.gz`, `.png`, `.jpg` or `.tif`
 * @throws FileError for anything that is not one whole, usable image, naming what was read and what was expected
 */
export async function readMicrograph(file: string): Promise<Micrograph> {
  return checkAndRepair(await decodeMicrograph(file), file);
}

/**
 * As `readMicrograph`, with the SHA-256 of the bytes that were read, as `sha256sum` gives it.
 *
 * @throws FileError
 */
export async function readHashedMicrograph(file: string): Promise<Micrograph & { readonly sha256: string }> {
  const bytes = await readChecked(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...checkAndRepair(await decode(bytes, file), file), sha256 };
}

function checkAndRepair(micrograph: Micrograph, file: string): Micrograph {
  assertNotConstant(micrograph, file);
  const warnings = repair(micrograph, file);
  assertNotConstant(micrograph, file);
  return { ...micrograph, warnings: [...micrograph.warnings, ...warnings] };
}

/**
 * Reads an image as it is, without checks of its pixels and without repairs.
 *
 * @throws FileError
 */
export async function decodeMicrograph(file: string): Promise<Micrograph> {
  return decode(await readChecked(file), file);
}

/** The bytes of a file; of one whose header is easy to get at, only if its size fits. */
async function readChecked(file: string): Promise<Uint8Array> {
  if (kindOf(file) === 'mrc') await checkMrcSize(file);
  return readWhole(file);
}

async function decode(bytes: Uint8Array, file: string): Promise<Micrograph> {
  switch (kindOf(file)) {
    case 'mrc':
      return readMrc(bytes, file);
    case 'mrc.gz':
      return readMrc(gunzipMrc(bytes, file), file);
    case 'png':
      return readPngOrJpeg(bytes, file);
    case 'tiff':
      return readTiff(bytes, file);
  }
}

/** What a micrograph's header says. */
export interface MicrographHeader {
  readonly width: number;
  readonly height: number;
  /** Angstroms per pixel, or null where the file does not say. */
  readonly pixelSize: number | null;
}

/**
 * Reads a micrograph's header only.
 *
 * @throws FileError as `readMicrograph`, as far as the header shows
 */
export async function readMicrographHeader(file: string): Promise<MicrographHeader> {
  switch (kindOf(file)) {
    case 'mrc':
      return mrcSize(await checkMrcSize(file));
    case 'mrc.gz':
      return mrcSize(gzippedHeader((await readStart(file, GZIP_START)).start, file));
    case 'png':
      return { ...(await sizeOfPicture(file)), pixelSize: null };
    case 'tiff':
      return { ...(await sizeOfAnyTiff(await readWhole(file), file)), pixelSize: null };
  }
}

/** Of the beginning of the file, which mostly holds the header, else of all of it. */
async function sizeOfPicture(file: string): Promise<{ width: number; height: number }> {
  const { start, size } = await readStart(file, PICTURE_START);
  if (size <= PICTURE_START) return sizeOfPngOrJpeg(start, file);
  return sizeOfPngOrJpeg(start, file).catch(async () => sizeOfPngOrJpeg(await readWhole(file), file));
}

function mrcSize(header: MrcHeader): MicrographHeader {
  return { width: header.nx, height: header.ny, pixelSize: pixelSizeOf(header) };
}

/** Compares a file's length with its header before reading the rest. */
async function checkMrcSize(file: string) {
  const { start, size } = await readStart(file, MRC_HEADER_BYTES);
  const written = readMrcHeader(start, file);
  assertSingleImage(written, file);
  const header = asStored(written, size);
  assertAffordable(header.nx, header.ny, file);
  assertComplete(size, header, expectedFileBytes(header, file), file);
  return header;
}

function gzippedHeader(start: Uint8Array, file: string) {
  const bytes = gunzip(start, file, MRC_HEADER_BYTES, true);
  const header = readMrcHeader(bytes, file);
  assertAffordable(header.nx, header.ny, file);
  return header;
}

function gunzipMrc(compressed: Uint8Array, file: string): Uint8Array {
  const header = gzippedHeader(compressed.subarray(0, GZIP_START), file);
  const expected = expectedFileBytes(header, file);
  return gunzip(compressed, file, expected, false);
}

/** Unpacks gzip to at most `limit` bytes, so that a small file cannot fill the memory. */
function gunzip(bytes: Uint8Array, file: string, limit: number, partial: boolean): Uint8Array {
  try {
    const finishFlush = partial ? zlib.Z_SYNC_FLUSH : zlib.Z_FINISH;
    return gunzipSync(bytes, { maxOutputLength: limit + GZIP_SLACK, finishFlush });
  } catch (cause) {
    throw new FileError(
      {
        what: `Cannot unpack ${file}`,
        received: messageOf(cause),
        expected: 'a whole gzip file',
        hint: 'Copy it again',
      },
      { cause },
    );
  }
}

function assertAffordable(width: number, height: number, file: string): void {
  if (width * height <= LARGEST_IMAGE) return;
  throw new FileError({
    what: `Cannot use ${file} as a micrograph`,
    received: `${width}x${height} pixels`,
    expected: `at most ${LARGEST_IMAGE} pixels`,
    hint: 'The header is damaged, or this is a montage',
  });
}

function assertNotConstant({ pixels, width, height }: Micrograph, file: string): void {
  const first = pixels[0];
  for (let i = 1; i < pixels.length; i++) if (pixels[i] !== first) return;
  throw new FileError({
    what: `Cannot use ${file} as a micrograph`,
    received: `a constant image (${width}x${height} pixels, all ${first})`,
    expected: 'an image with contrast',
  });
}

function repair(micrograph: Micrograph, file: string): string[] {
  const bad = countNotFinite(micrograph.pixels);
  const allowed = Math.floor(LARGEST_BAD_SHARE * micrograph.pixels.length);
  if (bad > allowed) {
    throw new FileError({
      what: `Cannot use ${file} as a micrograph`,
      received: `${bad} NaN or infinite pixels of ${micrograph.pixels.length}`,
      expected: `at most ${allowed} (0.1 %)`,
      hint: 'The file is damaged, or its byte order or mode is wrong',
    });
  }
  const { notFinite, outliers } = repairDefects(micrograph);
  const warnings: string[] = [];
  if (notFinite > 0) warnings.push(`${notFinite} NaN or infinite pixels were replaced by local medians`);
  if (outliers > 0) warnings.push(`${outliers} hot or dead pixels were replaced by local medians`);
  return warnings;
}
