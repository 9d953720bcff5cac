/** MRC images: bytes to pixels and back. Rows stay as stored. It knows bytes, not disks. */

import { FileError } from '../core/errors.js';
import type { Image, Micrograph } from '../core/micrograph.js';
import {
  assertSingleImage,
  MODES,
  MRC_HEADER_BYTES,
  type MrcHeader,
  pixelSizeOf,
  readMrcHeader,
  signOfBytes,
  withoutMissingExtension,
  writeMrcHeader,
} from './mrc-header.js';

/** Bytes that the image data take, by the header; 4-bit rows may or may not be padded to whole bytes. */
function dataBytes(header: MrcHeader, padRows: boolean): number {
  const { nx, ny, nz, mode } = header;
  const bits = MODES[mode].bits;
  if (bits !== 4) return (bits / 8) * nx * ny * nz;
  return padRows ? Math.ceil(nx / 2) * ny * nz : Math.ceil((nx * ny * nz) / 2);
}

/** The size that a whole file of this header has. */
export function wholeFileBytes(header: MrcHeader): number {
  return dataOffset(header) + (header.mode in MODES ? dataBytes(header, false) : 0);
}

/** Offset of the first pixel. */
export function dataOffset(header: MrcHeader): number {
  return MRC_HEADER_BYTES + header.nsymbt;
}

/**
 * The size that a whole file of this header has at least.
 *
 * @throws FileError if the header does not describe one image of real numbers
 */
export function expectedFileBytes(header: MrcHeader, file: string): number {
  assertSingleImage(header, file);
  return dataOffset(header) + dataBytes(header, false);
}

/**
 * Reads one image.
 *
 * @param bytes - the whole file; the pixels may lie in its memory, so it belongs to the micrograph from then on
 * @param file - the name, for errors
 * @returns pixels as stored, and the pixel size where the header has one
 * @throws FileError for anything that is not one whole image of real numbers
 */
export function readMrc(bytes: Uint8Array, file: string): Micrograph {
  const written = readMrcHeader(bytes, file);
  assertSingleImage(written, file);
  const header = asStored(written, bytes.length);
  assertComplete(bytes.length, header, expectedFileBytes(header, file), file);
  const pixels = decodePixels(bytes, header);
  const warnings = warningsOf(written, header, bytes);
  return { pixels, width: header.nx, height: header.ny, pixelSize: pixelSizeOf(header), warnings };
}

/** The header that fits the length of the file: without an extended header that is declared and not there. */
export function asStored(header: MrcHeader, fileBytes: number): MrcHeader {
  return header.mode in MODES ? withoutMissingExtension(header, fileBytes, dataBytes(header, false)) : header;
}

/** What was not as the header says, or what it does not say. */
function warningsOf(written: MrcHeader, stored: MrcHeader, bytes: Uint8Array): string[] {
  const warnings: string[] = [];
  if (stored.nsymbt !== written.nsymbt) {
    warnings.push(`the header declares an extended header of ${written.nsymbt} bytes, which is not there`);
  }
  if (stored.mode === 0) {
    const { unsigned, guessed } = signOfBytes(stored, bytes.subarray(dataOffset(stored)));
    if (guessed) {
      warnings.push(
        `mode 0 without statistics: the bytes were taken as ${unsigned ? 'unsigned' : 'signed'} by their histogram`,
      );
    }
  }
  return warnings;
}

/**
 * Reads every section of a volume, section by section (x fastest, then y, then z).
 *
 * @throws FileError if the file is truncated or holds complex data
 */
export function readMrcVolume(
  bytes: Uint8Array,
  file: string,
): { values: Float32Array; nx: number; ny: number; nz: number; pixelSize: number | null } {
  const header = asStored(readMrcHeader(bytes, file), bytes.length);
  if (!(header.mode in MODES)) assertSingleImage(header, file);
  assertComplete(bytes.length, header, dataOffset(header) + dataBytes(header, false), file);
  const { nx, ny, nz } = header;
  return { values: decodePixels(bytes, header), nx, ny, nz, pixelSize: pixelSizeOf(header) };
}

/**
 * Checks a file's size against its header.
 *
 * @throws FileError if the file is too short
 */
export function assertComplete(size: number, header: MrcHeader, expected: number, file: string): void {
  if (size >= expected) return;
  const { nx, ny, mode } = header;
  throw new FileError({
    what: `Cannot read ${file}: the file is truncated`,
    received: `${size} bytes`,
    expected: `${expected} bytes for ${nx}x${ny} ${MODES[mode].name} pixels after ${dataOffset(header)} bytes of header`,
    hint: 'Copy it again',
  });
}

/**
 * Bytes of one section of a stack.
 *
 * @throws FileError for complex data, and where a section does not fill whole bytes
 */
export function sectionBytes(header: MrcHeader, file: string): number {
  const one = { ...header, nz: 1 };
  assertSingleImage(one, file);
  const bytes = dataBytes(one, false);
  if (dataBytes(header, false) === bytes * header.nz && dataBytes(one, true) === bytes) return bytes;
  throw new FileError({
    what: `Cannot read ${file} section by section`,
    received: `4-bit sections of ${header.nx}x${header.ny} pixels`,
    expected: 'sections of whole bytes',
  });
}

/** Pixels of one section of a stack, from its bytes. */
export function decodeSection(bytes: Uint8Array, header: MrcHeader): Float32Array {
  return decodePixels(bytes, { ...header, nz: 1 }, 0);
}

function decodePixels(bytes: Uint8Array, header: MrcHeader, start = dataOffset(header)): Float32Array {
  const count = header.nx * header.ny * header.nz;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const little = header.littleEndian;
  switch (header.mode) {
    case 0: {
      const values = bytes.subarray(start, start + count);
      return Float32Array.from(signOfBytes(header, values).unsigned ? values : int8(bytes, start, count));
    }
    case 1:
      return fill(count, (i) => view.getInt16(2 * i, little));
    case 2:
      return little ? floats(bytes, start, count) : fill(count, (i) => view.getFloat32(4 * i, little));
    case 6:
      return fill(count, (i) => view.getUint16(2 * i, little));
    case 12:
      return fill(count, (i) => float16(view.getUint16(2 * i, little)));
    default:
      return decode4bit(bytes, start, header);
  }
}

/**
 * Without looking at each number: every machine that Node runs on is little endian. Not even copied where the memory is aligned.
 */
function floats(bytes: Uint8Array, start: number, count: number): Float32Array {
  const offset = bytes.byteOffset + start;
  if (offset % 4 === 0) return new Float32Array(bytes.buffer, offset, count);
  const pixels = new Float32Array(count);
  new Uint8Array(pixels.buffer).set(bytes.subarray(start, start + 4 * count));
  return pixels;
}

function fill(count: number, value: (i: number) => number): Float32Array {
  const pixels = new Float32Array(count);
  for (let i = 0; i < count; i++) pixels[i] = value(i);
  return pixels;
}

function int8(bytes: Uint8Array, start: number, count: number): Int8Array {
  return new Int8Array(bytes.buffer, bytes.byteOffset + start, count);
}

/** IEEE 754 half precision to a number. */
export function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Numbers to IEEE 754 half precision, rounded to the nearest even; beyond its range to infinity. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (single) => {
    const sign = (single >>> 16) & 0x8000;
    const magnitude = single & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x47800000) return sign | 0x7c00;
    const normal = magnitude >= 0x38800000;
    const shift = normal ? 13 : 126 - (magnitude >>> 23);
    const mantissa = normal ? magnitude - 0x38000000 : (magnitude & 0x7fffff) | 0x800000;
    if (shift > 24) return sign;
    const low = mantissa & ((1 << shift) - 1);
    const half = 1 << (shift - 1);
    const down = mantissa >>> shift;
    const up = low > half || (low === half && (down & 1) === 1);
    return sign | (up ? down + 1 : down);
  });
}

/** The low half of a byte is the earlier pixel; rows are padded to whole bytes where the file is long enough for it. */
function decode4bit(bytes: Uint8Array, start: number, header: MrcHeader): Float32Array {
  const { nx } = header;
  const rows = header.ny * header.nz;
  const padded = bytes.length - start >= dataBytes(header, true);
  const nibblesPerRow = padded ? 2 * Math.ceil(nx / 2) : nx;
  return fill(nx * rows, (i) => {
    const nibble = Math.floor(i / nx) * nibblesPerRow + (i % nx);
    const byte = bytes[start + (nibble >> 1)];
    return nibble & 1 ? byte >> 4 : byte & 15;
  });
}

/**
 * Writes one image as float32 MRC2014, little endian.
 *
 * @param pixelSize - angstroms per pixel, or null where unknown
 * @param label - text for the header's first label
 */
export function writeMrc(image: Image, pixelSize: number | null, label: string): Uint8Array {
  const { pixels, width, height } = image;
  const statistics = statisticsOf(pixels);
  const header = writeMrcHeader({ mode: 2, nx: width, ny: height, nz: 1, pixelSize, statistics, label });
  const bytes = new Uint8Array(MRC_HEADER_BYTES + 4 * pixels.length);
  bytes.set(header);
  const view = new DataView(bytes.buffer, MRC_HEADER_BYTES);
  for (let i = 0; i < pixels.length; i++) view.setFloat32(4 * i, pixels[i], true);
  return bytes;
}

function statisticsOf(pixels: Float32Array): { min: number; max: number; mean: number; sd: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const value of pixels) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  const mean = sum / pixels.length;
  let squares = 0;
  for (const value of pixels) squares += (value - mean) ** 2;
  return { min, max, mean, sd: Math.sqrt(squares / pixels.length) };
}
