/** PNG and JPEG to pixels, by `sharp`; rows stay as stored. It knows bytes, not disks. */

import sharp from 'sharp';
import type { Image, Micrograph } from '../core/micrograph.js';
import { unreadable } from './unreadable.js';

/** Largest number of pixels that is read: 16384 x 16384. */
export const LARGEST_IMAGE = 2 ** 28;

const PNG = [0x89, 0x50, 0x4e, 0x47];
const JPEG = [0xff, 0xd8, 0xff];

/**
 * Reads a PNG or JPEG; colours are turned to grey.
 *
 * @throws FileError if the bytes are not such an image
 */
export async function readPngOrJpeg(bytes: Uint8Array, file: string): Promise<Micrograph> {
  try {
    assertPngOrJpeg(bytes);
    return { ...(await decodeGrey(bytes)), pixelSize: null, warnings: [] };
  } catch (cause) {
    throw unreadable(file, 'PNG or JPEG', cause);
  }
}

/** Pixels of 8 or 16 bits, by `sharp`; of colours the grey value. */
export async function decodeGrey(bytes: Uint8Array): Promise<Image> {
  const image = sharp(bytes, { limitInputPixels: LARGEST_IMAGE, failOn: 'error' });
  const { depth } = await image.metadata();
  const deep = depth === 'ushort';
  const grey = deep ? image.removeAlpha().toColourspace('grey16') : image.removeAlpha().toColourspace('b-w');
  const { data, info } = await grey.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true });
  const values = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  const pixels = new Float32Array(info.width * info.height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = values[i * info.channels];
  return { pixels, width: info.width, height: info.height };
}

/**
 * Width and height of a PNG or JPEG, from its header.
 *
 * @param bytes - the beginning of the file, as far as the header goes
 */
export async function sizeOfPngOrJpeg(bytes: Uint8Array, file: string): Promise<{ width: number; height: number }> {
  try {
    assertPngOrJpeg(bytes);
    const { width, height } = await sharp(bytes, { limitInputPixels: LARGEST_IMAGE }).metadata();
    return { width, height };
  } catch (cause) {
    throw unreadable(file, 'PNG or JPEG', cause);
  }
}

/** @throws Error for what `sharp` would read as well, such as SVG: the name says otherwise */
function assertPngOrJpeg(bytes: Uint8Array): void {
  if ([PNG, JPEG].some((magic) => magic.every((byte, i) => bytes[i] === byte))) return;
  const first = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new Error(bytes.length === 0 ? 'an empty file' : `a file that begins with the bytes ${first}`);
}
