/**
 * The rules of MRC2014 for images and stacks, and what else goes wrong with the files.
 * Sources: https://www.ccpem.ac.uk/mrc-format/mrc2014/, `mrcfile/validator.py`, docs/formats.md.
 */

import { counted } from '../core/words.js';
import { type FileFinding, findingsOf } from './finding.js';
import { MODES, type MrcHeader, pixelSizeOf } from './mrc-header.js';

/** Statistics of the pixels themselves. */
export interface PixelStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly sd: number;
  readonly notFinite: number;
}

const STAMPS = ['4444', '4441', '1111'];
const EXTENDED_HEADERS = ['CCP4', 'MRCO', 'SERI', 'AGAR', 'FEI1', 'FEI2', 'HDF5'];
const VERSIONS = [20140, 20141];
const LABELS = 10;
const LABEL_BYTES = 80;
/** Relative difference of header statistics that counts as wrong. */
const TOLERANCE = 0.01;
const REWRITE = 'write it again with a program that follows MRC2014, such as mrcfile or IMOD newstack';

/**
 * Checks a header against the rules.
 *
 * @param bytes - the first 1024 bytes
 * @param size - of the whole file, and what the header leads to expect
 */
export function checkMrcHeader(
  bytes: Uint8Array,
  header: MrcHeader,
  size: { bytes: number; expected: number },
): FileFinding[] {
  const text = (start: number, length: number) => String.fromCharCode(...bytes.subarray(start, start + length));
  const stamp = [...bytes.subarray(212, 214)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const { mapc, mapr, maps, mx, my, mz, nz, ispg, nsymbt, nversion, nlabl, mode } = header;
  const axes = [mapc, mapr, maps];
  const exttyp = text(104, 4);
  const filled = Array.from({ length: LABELS }, (_, i) => text(224 + LABEL_BYTES * i, LABEL_BYTES)).filter((label) =>
    /[^\0 ]/.test(label),
  );
  return findingsOf([
    [text(208, 4) !== 'MAP ', 'error', `the map identifier is ${JSON.stringify(text(208, 4))}, not "MAP "`, REWRITE],
    [
      !STAMPS.includes(stamp),
      'error',
      `the machine stamp is ${stamp}, not 4444, 4441 or 1111`,
      'the byte order has to be guessed; write it again',
    ],
    [
      mx <= 0 || my <= 0 || mz <= 0,
      'error',
      `the sampling is ${mx} x ${my} x ${mz}`,
      'set mx, my to the sides and mz to 1 (a stack) or nz (a volume)',
    ],
    [
      [...axes].sort().join() !== '1,2,3',
      'error',
      `the axes are ${axes.join()}, not 1, 2 and 3 in some order`,
      'set mapc, mapr, maps to 1, 2, 3',
    ],
    [
      axes.join() !== '1,2,3',
      'warning',
      `the axes are ${axes.join()}: columns are not x`,
      'many programs ignore this; write it with axes 1, 2, 3',
    ],
    [
      !VERSIONS.includes(nversion),
      'warning',
      `the version is ${nversion}, not 20140 or 20141`,
      'an older kind of MRC; most programs take it',
    ],
    [!(mode in MODES), 'error', `mode ${mode}: complex numbers, a Fourier transform`, 'give the image itself'],
    [nlabl < 0 || nlabl > LABELS, 'error', counted(nlabl, 'label'), 'set nlabl to the number of labels, at most 10'],
    [
      nlabl >= 0 && nlabl <= LABELS && nlabl !== filled.length,
      'warning',
      `nlabl is ${nlabl}, but ${filled.length} labels have text`,
      'set nlabl to the number of labels',
    ],
    [
      ispg < 0 || (ispg > 230 && (ispg < 401 || ispg > 630)),
      'error',
      `the space group is ${ispg}`,
      'set ispg to 0 for images and stacks, 1 for a volume',
    ],
    [
      ispg !== 0 && nz === 1,
      'warning',
      `the space group is ${ispg} for a single image`,
      'some programs (crYOLO) turn such images over; set ispg to 0',
    ],
    [
      nsymbt > 0 && !EXTENDED_HEADERS.includes(exttyp),
      'warning',
      `an extended header of unknown type ${JSON.stringify(exttyp)}`,
      'programs skip it; set exttyp if you know what it is',
    ],
    [
      size.bytes < size.expected,
      'error',
      `${size.bytes} bytes, but the header needs ${size.expected}`,
      'the file is truncated: copy it again',
    ],
    [
      size.bytes > size.expected && mode in MODES,
      'warning',
      `${size.bytes - size.expected} bytes after the image`,
      'programs ignore them; the header may be wrong',
    ],
    [
      pixelSizeOf(header) === null,
      'warning',
      `no pixel size: cell ${header.cellX} A over ${mx}`,
      'give --pixel-size, or set the cell',
    ],
    [mode === 0, 'warning', 'mode 0: whether bytes are signed differs between programs', 'write it as mode 1 or 6'],
    [mode === 12, 'warning', 'mode 12 (float16)', 'RELION 3.1 and older programs do not read it'],
    [mode === 101, 'warning', 'mode 101 (4-bit)', 'only IMOD, EMAN2 and RELION read it'],
  ]);
}

/** Checks the header's statistics against those of the pixels; statistics marked as not known are fine. */
export function checkMrcStatistics(header: MrcHeader, pixels: PixelStatistics): FileFinding[] {
  const { dmin, dmax, dmean, rms } = header;
  const span = Math.max(pixels.max - pixels.min, Number.MIN_VALUE);
  const differs = (value: number, truth: number) => Math.abs(value - truth) > TOLERANCE * span;
  const known = dmax >= dmin;
  return findingsOf([
    [
      pixels.notFinite > 0,
      'error',
      `${pixels.notFinite} pixels are NaN or infinite`,
      'the image was damaged while it was made',
    ],
    [
      known && (differs(dmin, pixels.min) || differs(dmax, pixels.max)),
      'warning',
      `the header says ${dmin} to ${dmax}, the pixels are ${pixels.min} to ${pixels.max}`,
      'contrast on the screen may be wrong; write it again',
    ],
    [
      dmean >= Math.min(dmin, dmax) && differs(dmean, pixels.mean),
      'warning',
      `the header says mean ${dmean}, the pixels have ${pixels.mean}`,
      'write it again',
    ],
    [
      rms >= 0 && differs(rms, pixels.sd),
      'warning',
      `the header says standard deviation ${rms}, the pixels have ${pixels.sd}`,
      'write it again',
    ],
  ]);
}

/** The labels of a header that have text. */
export function mrcLabels(bytes: Uint8Array): string[] {
  return Array.from({ length: LABELS }, (_, i) => bytes.subarray(224 + LABEL_BYTES * i, 224 + LABEL_BYTES * (i + 1)))
    .map((label) => new TextDecoder('latin1').decode(label).replace(/\0/g, ' ').trim())
    .filter((label) => label !== '');
}

/** Name of a data type. */
export function modeName(mode: number): string {
  return MODES[mode]?.name ?? 'complex';
}
