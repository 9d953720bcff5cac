/**
 * TIFF of one page to pixels. Rows are reversed, as IMOD, EMAN2, SerialEM, MotionCor2 and RELION do. `tiff` reads the directory; strips and
 * tiles are unpacked here, because nothing may take more memory than the directory says: a small file can inflate to gigabytes.
 */

import { inflateSync } from 'node:zlib';
import { decode, isMultiPage, type TiffIfd } from 'tiff';
import { FileError } from '../core/errors.js';
import type { Micrograph } from '../core/micrograph.js';
import { decodeLzw } from './lzw.js';
import { float16 } from './mrc.js';
import { decodeGrey, LARGEST_IMAGE } from './raster.js';
import { notRead, unreadable } from './unreadable.js';

/** Sample formats of the standard; files without one have unsigned integers. */
const FORMATS: Readonly<Record<number, string>> = { 1: 'unsigned integers', 2: 'signed integers', 3: 'floats' };
const [UNSIGNED, SIGNED, FLOAT] = [1, 2, 3];
const [NONE, LZW, DEFLATE, OLD_DEFLATE] = [1, 5, 8, 32946];
const PLANAR_TAG = 284;
const SEPARATE_PLANES = 2;
/** Colours where 0 is white. */
const WHITE_IS_ZERO = 0;
const BIG_TIFF = 43;

/**
 * Reads a TIFF of one page with integers of 8, 16 or 32 bits or floats of 16, 32 or 64; the rows come out reversed, whatever the
 * orientation tag says.
 *
 * @throws FileError for other kinds, several pages (a movie) or damaged files
 */
export async function readTiff(bytes: Uint8Array, file: string): Promise<Micrograph> {
  const about = { pixelSize: null, warnings: [] };
  if (isBigTiff(bytes)) return { ...reverseRows(await decodeBySharp(bytes, file)), ...about };
  const { width, height } = sizeOfTiff(bytes, file);
  const page = directoryOf(bytes, file);
  const { compression, bitsPerSample } = page;
  if (![NONE, LZW, DEFLATE, OLD_DEFLATE].includes(compression)) {
    if (formatOf(page) !== UNSIGNED || bitsPerSample > 16) {
      throw notRead(file, `a TIFF of compression ${compression}`, 'no compression, LZW or Deflate');
    }
    return { ...reverseRows(await decodeBySharp(withoutOrientation(bytes), file)), ...about };
  }
  try {
    return { ...reverseRows({ pixels: pixelsOf(bytes, page), width, height }), ...about };
  } catch (cause) {
    throw unreadable(file, 'TIFF', cause);
  }
}

/**
 * Width and height of a TIFF, from its directory.
 *
 * @throws FileError as `readTiff`
 */
export function sizeOfTiff(bytes: Uint8Array, file: string): { width: number; height: number } {
  if (isBigTiff(bytes)) throw bigTiff(file);
  const page = directoryOf(bytes, file);
  if (hasSeveralPages(bytes, file)) throw severalPages(file);
  const { width, height, bitsPerSample, samplesPerPixel } = page;
  const values = width * height * samplesPerPixel;
  if (!(width >= 1 && height >= 1 && values <= LARGEST_IMAGE)) {
    throw new FileError({
      what: `Cannot read ${file} as TIFF`,
      received: `${width}x${height} pixels of ${samplesPerPixel} values`,
      expected: `at most ${LARGEST_IMAGE} values`,
    });
  }
  if (!readerOf(page)) {
    const kind = FORMATS[formatOf(page)] ?? `sample format ${formatOf(page)}`;
    throw notRead(
      file,
      `a TIFF of ${bitsPerSample}-bit ${kind}`,
      'integers of 8, 16 or 32 bits, or floats of 16, 32 or 64',
    );
  }
  const rows = page.tiled ? height : (page.stripOffsets?.length ?? 0) * Math.min(page.rowsPerStrip ?? 0, height);
  if (!(rows >= height)) throw unreadable(file, 'TIFF', new Error(`strips for ${rows} of ${height} rows`));
  return { width, height };
}

/** Width and height of any TIFF; of a BigTIFF by `sharp`. @throws FileError as `readTiff` */
export async function sizeOfAnyTiff(bytes: Uint8Array, file: string): Promise<{ width: number; height: number }> {
  return isBigTiff(bytes) ? decodeBySharp(bytes, file) : sizeOfTiff(bytes, file);
}

function isBigTiff(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return (
    (a === 0x49 && b === 0x49 && c === BIG_TIFF && d === 0) || (a === 0x4d && b === 0x4d && c === 0 && d === BIG_TIFF)
  );
}

function bigTiff(file: string): FileError {
  return notRead(
    file,
    'a BigTIFF of signed, 32-bit or floating values',
    'a BigTIFF of 8 or 16 bits, or a classic TIFF',
  );
}

function severalPages(file: string): FileError {
  return new FileError({
    what: `Cannot use ${file} as a micrograph`,
    received: 'a TIFF of several pages (a movie)',
    expected: 'one image',
    hint: 'Motion-correct the movie first and give the averaged image',
  });
}

/** What `sharp` reads as it is: unsigned integers of 8 or 16 bits, packed in any way. */
async function decodeBySharp(bytes: Uint8Array, file: string) {
  const sharp = (await import('sharp')).default;
  try {
    const { depth, pages = 1 } = await sharp(bytes).metadata();
    if (pages > 1) throw severalPages(file);
    if (depth !== 'uchar' && depth !== 'ushort') throw bigTiff(file);
    return await decodeGrey(bytes);
  } catch (cause) {
    throw unreadable(file, 'TIFF', cause);
  }
}

function hasSeveralPages(bytes: Uint8Array, file: string): boolean {
  try {
    return isMultiPage(bytes);
  } catch (cause) {
    throw unreadable(file, 'TIFF', cause);
  }
}

function directoryOf(bytes: Uint8Array, file: string): TiffIfd {
  try {
    return decode(bytes, { ignoreImageData: true, pages: [0] })[0];
  } catch (cause) {
    throw unreadable(file, 'TIFF', cause);
  }
}

function formatOf(page: TiffIfd): number {
  return page.sampleFormat ?? UNSIGNED;
}

type Reader = (view: DataView, offset: number, little: boolean) => number;

/** What reads a value; undefined for kinds that are not read. */
function readerOf(page: TiffIfd): Reader | undefined {
  const readers: Readonly<Record<string, Reader>> = {
    [`${UNSIGNED} 8`]: (view, offset) => view.getUint8(offset),
    [`${UNSIGNED} 16`]: (view, offset, little) => view.getUint16(offset, little),
    [`${UNSIGNED} 32`]: (view, offset, little) => view.getUint32(offset, little),
    [`${SIGNED} 8`]: (view, offset) => view.getInt8(offset),
    [`${SIGNED} 16`]: (view, offset, little) => view.getInt16(offset, little),
    [`${SIGNED} 32`]: (view, offset, little) => view.getInt32(offset, little),
    [`${FLOAT} 16`]: (view, offset, little) => float16(view.getUint16(offset, little)),
    [`${FLOAT} 32`]: (view, offset, little) => view.getFloat32(offset, little),
    [`${FLOAT} 64`]: (view, offset, little) => view.getFloat64(offset, little),
  };
  return readers[`${formatOf(page)} ${page.bitsPerSample}`];
}

/** A rectangle of the image that is packed by itself. */
interface Chunk {
  readonly offset: number;
  readonly bytes: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The first sample of each pixel. @throws Error where a strip or tile is not as the directory says */
function pixelsOf(bytes: Uint8Array, page: TiffIfd): Float32Array {
  const { width, height, bitsPerSample, compression, predictor } = page;
  const samples = page.fields.get(PLANAR_TAG) === SEPARATE_PLANES ? 1 : page.samplesPerPixel;
  const read = readerOf(page);
  if (!read) throw new Error('a kind of values that is not read');
  const little = bytes[0] === 0x49;
  const bytesPerSample = bitsPerSample / 8;
  const pixels = new Float32Array(width * height);
  const most = page.type === WHITE_IS_ZERO && formatOf(page) === UNSIGNED ? 2 ** bitsPerSample - 1 : null;
  for (const chunk of chunksOf(page)) {
    const needed = chunk.width * chunk.height * samples * bytesPerSample;
    const packed = bytes.subarray(chunk.offset, chunk.offset + chunk.bytes);
    const data = unpack(packed, compression, needed);
    const rows = Math.min(chunk.height, height - chunk.top);
    if (data.length < chunk.width * rows * samples * bytesPerSample) {
      throw new Error(`${data.length} bytes in a part of ${chunk.width}x${rows} pixels`);
    }
    if (predictor === 2) undoPredictor(data, chunk, { samples, bytesPerSample, little });
    else if (predictor !== 1) throw new Error(`predictor ${predictor}, which is not read`);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const columns = Math.min(chunk.width, width - chunk.left);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const value = read(view, (y * chunk.width + x) * samples * bytesPerSample, little);
        pixels[(chunk.top + y) * width + chunk.left + x] = most === null ? value : most - value;
      }
    }
  }
  return pixels;
}

/** Strips or tiles, of the first plane where planes are separate. */
function chunksOf(page: TiffIfd): Chunk[] {
  const { width, height } = page;
  if (page.tiled) {
    const [side, tall] = [page.tileWidth ?? 0, page.tileHeight ?? 0];
    if (!(side > 0 && tall > 0)) throw new Error(`tiles of ${side}x${tall} pixels`);
    const across = Math.ceil(width / side);
    return Array.from({ length: across * Math.ceil(height / tall) }, (_, i) => ({
      ...{ offset: page.tileOffsets?.[i] ?? 0, bytes: page.tileByteCounts?.[i] ?? 0, width: side, height: tall },
      ...{ left: (i % across) * side, top: Math.floor(i / across) * tall },
    }));
  }
  const rows = Math.min(page.rowsPerStrip ?? height, height);
  const whole = Math.ceil((rows * width * page.samplesPerPixel * page.bitsPerSample) / 8);
  return Array.from({ length: Math.ceil(height / rows) }, (_, i) => ({
    ...{ offset: page.stripOffsets[i], bytes: page.stripByteCounts?.[i] ?? whole },
    ...{ left: 0, top: i * rows, width, height: rows },
  }));
}

/** At most so many bytes: what goes beyond them is no part of the image. */
function unpack(packed: Uint8Array, compression: number, most: number): Uint8Array {
  if (compression === NONE) return packed;
  if (compression === LZW) return decodeLzw(packed, most);
  try {
    return inflateSync(packed, { maxOutputLength: most });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw cause;
    throw new Error(`a part that inflates to more than the ${most} bytes that the directory says`, { cause });
  }
}

/** Each value was stored as the difference to the one left of it. Integers only, as in the standard. */
function undoPredictor(
  data: Uint8Array,
  { width, height }: Chunk,
  { samples, bytesPerSample, little }: { samples: number; bytesPerSample: number; little: boolean },
): void {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const rowBytes = width * samples * bytesPerSample;
  for (let row = 0; row < height && (row + 1) * rowBytes <= data.length; row++) {
    for (let i = samples; i < width * samples; i++) {
      const [at, before] = [row * rowBytes + i * bytesPerSample, row * rowBytes + (i - samples) * bytesPerSample];
      if (bytesPerSample === 1) view.setUint8(at, view.getUint8(at) + view.getUint8(before));
      else if (bytesPerSample === 2)
        view.setUint16(at, view.getUint16(at, little) + view.getUint16(before, little), little);
      else if (bytesPerSample === 4)
        view.setUint32(at, view.getUint32(at, little) + view.getUint32(before, little), little);
      else throw new Error('a predictor of 64-bit values, which is not read');
    }
  }
}

const ORIENTATION_TAG = 274;

/** A copy whose first directory says the usual orientation: `sharp` turns images by it, the field ignores it. */
function withoutOrientation(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  if (copy.length < 8) return copy;
  const little = copy[0] === 0x49;
  const directory = view.getUint32(4, little);
  if (directory + 2 > copy.length) return copy;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > copy.length) break;
    if (view.getUint16(entry, little) === ORIENTATION_TAG) view.setUint16(entry + 8, 1, little);
  }
  return copy;
}

function reverseRows({ pixels, width, height }: { pixels: Float32Array; width: number; height: number }) {
  const reversed = new Float32Array(pixels.length);
  for (let y = 0; y < height; y++) {
    reversed.set(pixels.subarray(y * width, (y + 1) * width), (height - 1 - y) * width);
  }
  return { pixels: reversed, width, height };
}
