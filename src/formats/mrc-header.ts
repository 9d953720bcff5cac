/**
 * The MRC2014 header: 1024 bytes, as a table in file order.
 * Source: https://www.ccpem.ac.uk/mrc-format/mrc2014/ and `mrcfile/dtypes.py`. It knows bytes, not disks.
 */

import { FileError } from '../core/errors.js';

/** Bytes of the main header. */
export const MRC_HEADER_BYTES = 1024;

/** The fields that are read: name, byte offset, type, meaning. */
export const MRC_FIELDS = [
  ['nx', 0, 'int32', 'columns'],
  ['ny', 4, 'int32', 'rows'],
  ['nz', 8, 'int32', 'sections'],
  ['mode', 12, 'int32', 'data type, see MODES'],
  ['mx', 28, 'int32', 'sampling along x of the cell'],
  ['my', 32, 'int32', 'sampling along y of the cell'],
  ['mz', 36, 'int32', 'sampling along z of the cell'],
  ['cellX', 40, 'float32', 'cell length along x in angstroms'],
  ['cellY', 44, 'float32', 'cell length along y in angstroms'],
  ['cellZ', 48, 'float32', 'cell length along z in angstroms'],
  ['mapc', 64, 'int32', 'axis of the columns (1)'],
  ['mapr', 68, 'int32', 'axis of the rows (2)'],
  ['maps', 72, 'int32', 'axis of the sections (3)'],
  ['dmin', 76, 'float32', 'minimum density'],
  ['dmax', 80, 'float32', 'maximum density'],
  ['dmean', 84, 'float32', 'mean density'],
  ['ispg', 88, 'int32', 'space group: 0 for images, 1 for a volume, 401 for a stack of volumes'],
  ['nsymbt', 92, 'int32', 'bytes of the extended header'],
  ['nversion', 108, 'int32', 'format version, 20140 or 20141'],
  ['imodStamp', 152, 'int32', '"IMOD" where IMOD wrote the file'],
  ['imodFlags', 156, 'int32', 'bit 0: mode 0 is signed; bit 4: 4-bit pixels'],
  ['rms', 216, 'float32', 'standard deviation of the densities'],
  ['nlabl', 220, 'int32', 'text labels in use'],
] as const;

type FieldName = (typeof MRC_FIELDS)[number][0];

/** The header's numbers, and the byte order they were found in. */
export type MrcHeader = Readonly<Record<FieldName, number>> & { readonly littleEndian: boolean };

/** The data types that are read: bits per pixel and the name used in messages. */
export const MODES: Readonly<Record<number, { bits: number; name: string }>> = {
  0: { bits: 8, name: 'int8' },
  1: { bits: 16, name: 'int16' },
  2: { bits: 32, name: 'float32' },
  6: { bits: 16, name: 'uint16' },
  12: { bits: 16, name: 'float16' },
  101: { bits: 4, name: '4-bit' },
};

const COMPLEX_MODES: Readonly<Record<number, string>> = { 3: 'complex int16', 4: 'complex float32' };
const LARGEST_SIDE = 1 << 17;
const LARGEST_EXTENDED_HEADER = 1 << 26;

/** IMOD's stamp: the bytes "IMOD". */
const IMOD_STAMP = 0x444f4d49;
/** IMOD's flags: bytes are signed; bytes hold two pixels of 4 bits. */
const FLAG_SIGNED = 1;
const FLAG_4BIT = 16;

/**
 * Reads the header.
 *
 * The byte order is the machine stamp's (44 44 or 44 41 little, 11 11 big) where that gives a plausible header, else the
 * one that does: stamps are missing (Topaz writes zeros) or ignored (RELION) in practice.
 *
 * @param bytes - the first 1024 bytes or more
 * @param file - the name, for errors
 * @throws FileError if neither byte order gives a plausible header
 */
export function readMrcHeader(bytes: Uint8Array, file: string): MrcHeader {
  if (bytes.length < MRC_HEADER_BYTES) {
    throw new FileError({
      what: `Cannot read ${file} as MRC`,
      received: `${bytes.length} bytes`,
      expected: `at least the ${MRC_HEADER_BYTES} bytes of the header`,
      hint: bytes.length === 0 ? 'The file is empty; copy it again' : 'The file is truncated; copy it again',
    });
  }
  const little = readFields(bytes, true);
  const big = readFields(bytes, false);
  const stampedBig = bytes[212] === 0x11 && bytes[213] === 0x11;
  const inOrder = stampedBig ? [big, little] : [little, big];
  const plausible = inOrder.find(isPlausible);
  if (plausible) return unpackedSides(plausible);
  throw new FileError({
    what: `Cannot read ${file} as MRC`,
    received: `a header with nx ${little.nx}, ny ${little.ny}, nz ${little.nz}, mode ${little.mode} (little endian)`,
    expected: `sides of 1 to ${LARGEST_SIDE} pixels and a mode of ${Object.keys(MODES).join(', ')}`,
    hint: 'The file is not MRC, or its header is damaged',
  });
}

/** SerialEM's 4-bit files of mode 0, as IMOD reads them: two pixels in a byte, and half the columns in the header. */
function unpackedSides(header: MrcHeader): MrcHeader {
  const { mode, imodStamp, imodFlags, nx, mx, cellX } = header;
  if (mode !== 0 || imodStamp !== IMOD_STAMP || (imodFlags & FLAG_4BIT) === 0) return header;
  return { ...header, mode: 101, nx: 2 * nx, ...(mx === nx && { mx: 2 * mx, cellX: 2 * cellX }) };
}

/**
 * A header without the extended one that it declares, where the file is exactly as long as if there were none.
 *
 * @param dataBytes - that the pixels take
 * @returns the header as it is where that is right
 */
export function withoutMissingExtension(header: MrcHeader, fileBytes: number, dataBytes: number): MrcHeader {
  const missing = header.nsymbt > 0 && fileBytes === MRC_HEADER_BYTES + dataBytes;
  return missing ? { ...header, nsymbt: 0 } : header;
}

function readFields(bytes: Uint8Array, littleEndian: boolean): MrcHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, MRC_HEADER_BYTES);
  const values = MRC_FIELDS.map(([name, offset, type]) => [
    name,
    type === 'int32' ? view.getInt32(offset, littleEndian) : view.getFloat32(offset, littleEndian),
  ]);
  return { ...(Object.fromEntries(values) as Record<FieldName, number>), littleEndian };
}

function isPlausible(header: MrcHeader): boolean {
  const sides = [header.nx, header.ny, header.nz];
  const knownMode = header.mode in MODES || header.mode in COMPLEX_MODES;
  const extended = header.nsymbt >= 0 && header.nsymbt <= LARGEST_EXTENDED_HEADER;
  return knownMode && extended && sides.every((side) => side >= 1 && side <= LARGEST_SIDE);
}

/**
 * Checks that the header describes one image of real numbers.
 *
 * @throws FileError for complex data, stacks, volumes and movies, saying which
 */
export function assertSingleImage(header: MrcHeader, file: string): void {
  const complex = COMPLEX_MODES[header.mode];
  if (complex) {
    throw new FileError({
      what: `Cannot use ${file} as a micrograph`,
      received: `mode ${header.mode} (${complex}, a Fourier transform)`,
      expected: 'an image of real numbers',
    });
  }
  if (header.nz === 1) return;
  const size = `${header.nz} sections of ${header.nx}x${header.ny}`;
  const isVolume = header.nx === header.ny && header.nx === header.nz;
  const isMovie = !isVolume && !/\.mrcs(\.gz)?$/i.test(file) && Math.min(header.nx, header.ny) >= 1024;
  const kind = isVolume ? 'a volume' : isMovie ? 'a movie' : 'a stack';
  throw new FileError({
    what: `Cannot use ${file} as a micrograph`,
    received: `${kind} (${size})`,
    expected: 'one image (one section)',
    hint: isMovie ? 'Motion-correct the movie first and give the averaged image' : 'Give the micrograph itself',
  });
}

/** Angstroms per pixel: cell over sampling; null where the header has none (0, 1 or nonsense). */
export function pixelSizeOf(header: MrcHeader): number | null {
  const size = header.cellX / header.mx;
  if (!Number.isFinite(size) || size <= 0 || size === 1) return null;
  return Number(size.toPrecision(6));
}

/** Whether bytes of mode 0 are unsigned. */
export interface ByteSign {
  readonly unsigned: boolean;
  /** True where nothing in the header says so, and the bytes were looked at. */
  readonly guessed: boolean;
}

/** IMOD says by its flags whether bytes are signed, others only by their statistics; where these are missing the bytes are looked at. */
export function signOfBytes({ imodStamp, imodFlags, dmin, dmax }: MrcHeader, bytes: Uint8Array): ByteSign {
  if (imodStamp === IMOD_STAMP) return { unsigned: (imodFlags & FLAG_SIGNED) === 0, guessed: false };
  if (dmax > dmin && dmin < 0) return { unsigned: false, guessed: false };
  if (dmax > dmin && dmax > 127) return { unsigned: true, guessed: false };
  const [unsigned, signed] = [varianceOf(bytes, 0), varianceOf(bytes, 128)];
  // An image has one hill of grey values; taken the wrong way it is torn in two.
  return { unsigned: unsigned < signed, guessed: unsigned !== signed };
}

/** A header whose statistics say how its bytes are to be taken, by the first section: that of one stack is the same in all. */
export function withSignOfBytes(header: MrcHeader, bytes: Uint8Array): MrcHeader {
  if (header.mode !== 0 || header.imodStamp === IMOD_STAMP) return header;
  return { ...header, ...(signOfBytes(header, bytes).unsigned ? { dmin: 0, dmax: 255 } : { dmin: -128, dmax: 127 }) };
}

/** Variance of bytes from their histogram, counted from a byte on: 0 as unsigned, 128 as signed. */
function varianceOf(bytes: Uint8Array, from: number): number {
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[(byte + from) & 255]++;
  let [sum, squares] = [0, 0];
  for (let value = 0; value < 256; value++) {
    sum += counts[value] * value;
    squares += counts[value] * value * value;
  }
  return squares / bytes.length - (sum / bytes.length) ** 2;
}

/** Header of an image or of a stack of images, little endian, as RELION and IMOD read it. */
export interface MrcHeaderInput {
  /** Data type: 2 for float32, 12 for float16. */
  mode: 2 | 12;
  nx: number;
  ny: number;
  nz: number;
  /** Angstroms per pixel, or null where unknown. */
  pixelSize: number | null;
  /** Minimum, maximum, mean and standard deviation of the pixels. */
  statistics: { min: number; max: number; mean: number; sd: number };
  /** Text label, at most 80 characters. */
  label: string;
}

/** Writes an MRC2014 header; more than one section is a stack of images, whose cell has a depth of one. */
export function writeMrcHeader(input: MrcHeaderInput): Uint8Array {
  const bytes = new Uint8Array(MRC_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const { nx, ny, nz, statistics } = input;
  const scale = input.pixelSize ?? 0;
  const values: Partial<Record<FieldName, number>> = {
    nx,
    ny,
    nz,
    mode: input.mode,
    mx: nx,
    my: ny,
    mz: 1,
    cellX: nx * scale,
    cellY: ny * scale,
    cellZ: scale,
    mapc: 1,
    mapr: 2,
    maps: 3,
    dmin: statistics.min,
    dmax: statistics.max,
    dmean: statistics.mean,
    rms: statistics.sd,
    nversion: 20141,
    nlabl: 1,
  };
  for (const [name, offset, type] of MRC_FIELDS) {
    const value = values[name] ?? 0;
    if (type === 'int32') view.setInt32(offset, value, true);
    else view.setFloat32(offset, value, true);
  }
  for (const offset of [52, 56, 60]) view.setFloat32(offset, 90, true);
  bytes.set(new TextEncoder().encode('MAP '), 208);
  bytes.set([0x44, 0x44, 0, 0], 212);
  bytes.fill(0x20, 224, MRC_HEADER_BYTES);
  const label = input.label.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
  bytes.set(new TextEncoder().encode(label), 224);
  bytes.fill(0, 304);
  return bytes;
}
