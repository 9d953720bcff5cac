/**
 * PNG, JPEG and TIFF to pixels, by `sharp` and `tiff`. PNG and JPEG rows stay as stored; TIFF rows are reversed, as
 * IMOD, EMAN2, SerialEM, MotionCor2 and RELION do. It knows bytes, not disks.
 */

import sharp from 'sharp';
import { decode, isMultiPage, type TiffIfd } from 'tiff';
import { FileError, messageOf } from '../errors.js';
import type { Image, Micrograph } from '../micrograph.js';

/** Compressions that `tiff` knows, beside none: LZW and Deflate. Others (PackBits) are left to `sharp`. */
const COMPRESSIONS: readonly number[] = [1, 5, 8, 32946];
/** Largest number of pixels that is read: 16384 x 16384. */
export const LARGEST_IMAGE = 2 ** 28;

/**
 * Reads a PNG or JPEG; colours are turned to grey.
 *
 * @throws FileError if the bytes are not such an image
 */
export async function readPngOrJpeg(bytes: Uint8Array, file: string): Promise<Micrograph> {
  try {
    return { ...(await decodeGrey(bytes)), pixelSize: null, warnings: [] };
  } catch (cause) {
    throw unreadable(file, 'PNG or JPEG', cause);
  }
}

/** Pixels of 8 or 16 bits, by `sharp`; of colours the grey value. */
async function decodeGrey(bytes: Uint8Array): Promise<Image> {
  const image = sharp(bytes, { limitInputPixels: LARGEST_IMAGE, failOn: 'error' });
  const { depth } = await image.metadata();
  const deep = depth === 'ushort';
  const grey = deep ? image.removeAlpha().toColourspace('grey16') : image.removeAlpha().toColourspace('b-w');
  const { data, info } = await grey.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true });
  const values = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { pixels: everyNth(values, info.channels, info.width * info.height), width: info.width, height: info.height };
}

/** Width and height of a PNG or JPEG, from its header. */
export async function sizeOfPngOrJpeg(bytes: Uint8Array, file: string): Promise<{ width: number; height: number }> {
  try {
    const { width, height } = await sharp(bytes).metadata();
    return { width, height };
  } catch (cause) {
    throw unreadable(file, 'PNG or JPEG', cause);
  }
}

/**
 * Reads a TIFF of one page with 8- or 16-bit integers or 32-bit floats; the rows come out reversed, whatever the
 * orientation tag says.
 *
 * @throws FileError for other kinds, several pages (a movie) or damaged files
 */
export async function readTiff(bytes: Uint8Array, file: string): Promise<Micrograph> {
  const upright = withoutOrientation(bytes);
  const { width, height } = sizeOfTiff(upright, file);
  const { compression, sampleFormat, bitsPerSample, tiled, predictor } = decodePage(upright, file, true);
  // `tiff` undoes the predictor along rows of the image, where a tile has rows of its own.
  const misread = tiled && predictor !== 1;
  if ((misread || !COMPRESSIONS.includes(compression)) && sampleFormat === 1 && bitsPerSample <= 16) {
    const { pixels } = await decodeGrey(upright).catch((cause) => {
      throw unreadable(file, 'TIFF', cause);
    });
    return { pixels: reverseRows(pixels, width, height), width, height, pixelSize: null, warnings: [] };
  }
  if (misread) throw unreadable(file, 'TIFF', new Error('tiles with a predictor, of signed or 32-bit values'));
  const page = decodePage(upright, file, false);
  const channels = page.samplesPerPixel;
  const values = signedWhereNeeded(page);
  const stored = everyNth(values, channels, width * height);
  return { pixels: reverseRows(stored, width, height), width, height, pixelSize: null, warnings: [] };
}

/**
 * Width and height of a TIFF, from its directory.
 *
 * @throws FileError as `readTiff`
 */
export function sizeOfTiff(bytes: Uint8Array, file: string): { width: number; height: number } {
  const page = decodePage(bytes, file, true);
  if (hasSeveralPages(bytes, file)) {
    throw new FileError({
      what: `Cannot use ${file} as a micrograph`,
      received: 'a TIFF of several pages (a movie)',
      expected: 'one image',
      hint: 'Motion-correct the movie first and give the averaged image',
    });
  }
  const { width, height, bitsPerSample, samplesPerPixel } = page;
  const values = width * height * samplesPerPixel;
  if (!(width >= 1 && height >= 1 && values <= LARGEST_IMAGE) || ![8, 16, 32].includes(bitsPerSample)) {
    throw new FileError({
      what: `Cannot read ${file} as TIFF`,
      received: `${width}x${height} pixels of ${samplesPerPixel} times ${bitsPerSample} bits`,
      expected: `at most ${LARGEST_IMAGE} values of 8, 16 or 32 bits`,
    });
  }
  const rows = page.tiled ? height : stripRows(page);
  if (!(rows >= height)) throw unreadable(file, 'TIFF', new Error(`strips for ${rows} of ${height} rows`));
  return { width, height };
}

/** Rows that the strips hold; 0 where the directory has none, whatever the decoder's types say. */
function stripRows(page: Partial<TiffIfd>): number {
  return (page.stripOffsets?.length ?? 0) * (page.rowsPerStrip ?? 0);
}

function hasSeveralPages(bytes: Uint8Array, file: string): boolean {
  try {
    return isMultiPage(bytes);
  } catch (cause) {
    throw unreadable(file, 'TIFF', cause);
  }
}

function decodePage(bytes: Uint8Array, file: string, ignoreImageData: boolean): TiffIfd {
  try {
    return decode(bytes, { ignoreImageData, pages: [0] })[0];
  } catch (cause) {
    throw unreadable(file, 'TIFF', cause);
  }
}

const ORIENTATION_TAG = 274;

/** A copy whose first directory says the usual orientation: the decoder refuses all others, the field ignores them. */
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

/** The decoder returns unsigned integers whatever the sample format says; 2 means two's complement. */
function signedWhereNeeded(page: TiffIfd): ArrayLike<number> {
  const { data } = page;
  if (page.sampleFormat !== 2) return data;
  if (data instanceof Uint8Array) return new Int8Array(data.buffer, data.byteOffset, data.length);
  if (data instanceof Uint16Array) return new Int16Array(data.buffer, data.byteOffset, data.length);
  return data;
}

function everyNth(values: ArrayLike<number>, channels: number, count: number): Float32Array {
  const pixels = new Float32Array(count);
  for (let i = 0; i < count; i++) pixels[i] = values[i * channels];
  return pixels;
}

function reverseRows(pixels: Float32Array, width: number, height: number): Float32Array {
  const reversed = new Float32Array(pixels.length);
  for (let y = 0; y < height; y++) {
    reversed.set(pixels.subarray(y * width, (y + 1) * width), (height - 1 - y) * width);
  }
  return reversed;
}

function unreadable(file: string, kind: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  return new FileError(
    {
      what: `Cannot read ${file} as ${kind}`,
      received: messageOf(cause).split('\n')[0],
      expected: `a whole ${kind} file`,
      hint: 'The file is damaged, truncated or of another format',
    },
    { cause },
  );
}
