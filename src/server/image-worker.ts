/** The image thread: reads micrographs, keeps the last ones, and makes pictures of them, so that the server's own thread stays free. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Image } from '../core/micrograph.js';
import { blur } from '../imaging/blur.js';
import { toGrey } from '../imaging/contrast.js';
import { extract } from '../imaging/pad.js';
import { boxStart } from '../imaging/particle-image.js';
import { resample, toResampled } from '../imaging/resample.js';
import { drawTiles } from '../report/picture.js';
import { startQueue } from '../runtime/queue.js';
import { answerRequests } from '../runtime/thread-worker.js';
import { readWhole, writeWhole } from '../storage/files.js';
import { openMrcStack } from '../storage/mrc-stack.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { averageImage } from '../verification/average.js';
import type { ImageRequest, Picture } from './image-protocol.js';
import { type GreyImage, openPyramid, type Pyramid } from './pyramid.js';

/** Bytes of micrographs that are kept; the last one is kept whatever its size. */
const MOST_BYTES = 1 << 30;
const THUMBNAIL = 192;
const CROP = 96;
/** Largest side of an image of a stack. */
const SECTION = 256;
const JPEG_QUALITY = 85;
const CROP_PERCENTILES = [1, 99] as const;
/** Standard deviation of the blur that makes a particle visible in the noise, in pixels of the picture. */
const CROP_SOFTNESS = 1.2;

/** Micrographs by path, the one used last at the end. */
const kept = new Map<string, Promise<Pyramid>>();
/** Those of them that are read. */
const opened = new Map<string, Pyramid>();

/** One at a time: two large ones at once take twice the memory, and neither is there sooner. */
const readInTurn = startQueue();

async function pyramidOf(path: string): Promise<Pyramid> {
  const known = kept.get(path);
  kept.delete(path);
  const reading = known ?? readInTurn(async () => openPyramid(await readMicrograph(path)));
  kept.set(path, reading);
  try {
    const pyramid = await reading;
    if (kept.get(path) === reading) opened.set(path, pyramid);
    forgetOldest();
    return pyramid;
  } catch (error) {
    kept.delete(path);
    throw error;
  }
}

function forgetOldest(): void {
  let total = [...opened.values()].reduce((sum, pyramid) => sum + pyramid.bytes(), 0);
  for (const path of [...kept.keys()].slice(0, -1)) {
    if (total <= MOST_BYTES) return;
    total -= opened.get(path)?.bytes() ?? 0;
    kept.delete(path);
    opened.delete(path);
  }
}

function jpeg({ pixels, width, height }: GreyImage): Promise<Picture> {
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer()
    .then((data) => ({ data, type: 'image/jpeg' }));
}

async function pictureOf(request: ImageRequest): Promise<Picture> {
  switch (request.kind) {
    case 'tile': {
      const tile = (await pyramidOf(request.path)).tile(request.level, request.x, request.y);
      if (!tile) throw new RangeError('There is no such tile');
      return jpeg(tile);
    }
    case 'thumbnail':
      return thumbnailOf(request);
    case 'crop':
      return jpeg(await cropOf(request));
    case 'scores':
      return scorePicture(request.path);
    case 'section':
      return sectionOf(request);
    case 'averages':
      return { data: await averagesOf(request), type: 'image/png' };
  }
}

/** Kept on disk: the list of thousands of micrographs must not read them all again. */
async function thumbnailOf({ path, cache }: Extract<ImageRequest, { kind: 'thumbnail' }>): Promise<Picture> {
  const { size, mtimeMs } = await stat(path);
  const name = createHash('sha256').update(`${path} ${size} ${mtimeMs}`).digest('hex').slice(0, 32);
  const file = join(cache, `${name}.jpg`);
  const known = await readWhole(file).catch(() => null);
  if (known) return { data: known, type: 'image/jpeg' };
  const { level, count } = await pyramidOf(path);
  const picture = await jpeg(shrunk(level(count - 1), THUMBNAIL, 0.5, 99.5));
  // A project that cannot be written to is shown all the same.
  await writeWhole(file, picture.data).catch(() => {});
  return picture;
}

function shrunk(image: Image, side: number, low: number, high: number): GreyImage {
  const small = resample(image, Math.max(1, Math.max(image.width, image.height) / side));
  return { pixels: toGrey(small, low, high), width: small.width, height: small.height };
}

/** The surroundings of a place, from the level that is just fine enough. */
async function cropOf({ path, centre, side }: Extract<ImageRequest, { kind: 'crop' }>): Promise<GreyImage> {
  const { level, count } = await pyramidOf(path);
  const fine = Math.min(count - 1, Math.max(0, Math.floor(Math.log2(side / CROP))));
  const factor = 2 ** fine;
  const own = 2 * Math.max(1, Math.round(side / factor / 2));
  const { left, top } = boxStart({ x: toResampled(centre.x, factor), y: toResampled(centre.y, factor) }, own);
  const soft = blur(extract(level(fine), left, top, own, own), (CROP_SOFTNESS * own) / CROP);
  return shrunk(soft, CROP, ...CROP_PERCENTILES);
}

/** Scores from transparent to orange. */
async function scorePicture(path: string): Promise<Picture> {
  const stack = await openMrcStack(path);
  try {
    const { pixels, width, height } = await stack.read(0);
    const colours = new Uint8Array(4 * pixels.length);
    pixels.forEach((score, i) => {
      colours.set([255, 140, 0, Math.round(200 * Math.min(1, Math.max(0, score)))], 4 * i);
    });
    const data = await sharp(colours, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    return { data, type: 'image/png' };
  } finally {
    await stack.close();
  }
}

async function sectionOf({ path, index }: Extract<ImageRequest, { kind: 'section' }>): Promise<Picture> {
  const stack = await openMrcStack(path);
  try {
    if (index >= stack.count) throw new RangeError('There is no such image in the stack');
    return await jpeg(shrunk(await stack.read(index), SECTION, ...CROP_PERCENTILES));
  } finally {
    await stack.close();
  }
}

async function averagesOf({ groups, labels, diameter }: Extract<ImageRequest, { kind: 'averages' }>) {
  const tiles = [];
  for (const [i, group] of groups.entries()) {
    const picked = [];
    for (const { path, points } of group) picked.push({ image: (await pyramidOf(path)).level(0), points });
    tiles.push({ image: averageImage(picked, diameter), lines: labels[i].split('\n') });
  }
  return drawTiles(tiles);
}

answerRequests(pictureOf);
