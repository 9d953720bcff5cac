/** Masks of micrographs: regions in which nothing is picked, drawn on the page or made by another program. */

import { createHash } from 'node:crypto';
import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { FileError, LabelError, messageOf } from '../core/errors.js';
import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { isInRegion, type Region } from '../core/regions.js';
import { placeOfMicrograph, segments } from './coordinate-pairs.js';
import { hashFile, readText, writeWhole } from './files.js';
import { filesBelow, type InputMicrograph } from './inputs.js';
import { stem } from './names.js';
import { type Place, pairUp } from './pairing.js';
import { hasMicrographEnding, readMicrograph } from './read-micrograph.js';

const point = z.tuple([z.number(), z.number()]);
const fileSchema = z.object({
  regions: z.array(
    z.union([
      z.object({ outline: z.array(point).min(3) }),
      z.object({ path: z.array(point).min(1), width: z.number().gt(0) }),
    ]),
  ),
});

/** Endings that programs add to the name of a micrograph for its mask. */
const SUFFIX = /_mask$/i;
/** Values of a mask image above this are excluded; of one that goes up to 255, above the half of that. */
const EXCLUDED = 0.5;
const BYTE = 255;

/** The masks of some micrographs. */
export interface Masks {
  /** Changes with every mask. */
  readonly hash: string;
  /** Micrographs that have one. */
  readonly count: number;
  /** Whether a place of a micrograph is excluded; null where it has no mask. @throws FileError if its mask cannot be read */
  of(input: InputMicrograph, size: Pick<Image, 'width' | 'height'>): Promise<((place: Point) => boolean) | null>;
}

/**
 * Finds the masks of micrographs below a folder: `NAME.json` with regions, or an image `NAME.png`, `.tif` or `.mrc`, each with or without
 * `_mask` after the name, by the rule that pairs coordinates with micrographs.
 *
 * @throws FileError, LabelError if there are none, or it is not clear to which micrograph one belongs
 */
export async function openMasks(folder: string, inputs: readonly InputMicrograph[]): Promise<Masks> {
  const files = await filesBelow(folder, (file) => /\.json$/i.test(file) || hasMicrographEnding(file));
  if (files.length === 0) {
    throw new FileError({
      what: `The folder ${folder} has no masks`,
      expected: 'NAME.json, or images named like micrographs',
    });
  }
  const found = new Map(pairsOf(folder, inputs, files).map(({ owner, set }) => [owner.path, set]));
  if (found.size === 0) {
    throw new LabelError({
      what: `The masks of ${folder} belong to none of the micrographs`,
      received: `for example ${files[0]}`,
      expected: `a name such as ${stem(inputs[0]?.path ?? 'NAME.mrc')}.json`,
    });
  }
  const known = new Set(inputs.map(({ path }) => path));
  return {
    hash: await hashOf(folder, files),
    count: found.size,
    async of(input, size) {
      // Micrographs that came later, as under `watch`, are looked for on their own.
      const file = known.has(input.path) ? found.get(input.path) : pairsOf(folder, [input], files)[0]?.set;
      return file === undefined ? null : readMask(file, size);
    },
  };
}

function pairsOf(folder: string, inputs: readonly InputMicrograph[], files: readonly string[]) {
  return pairUp(inputs, files, {
    ownerPlace: placeOfMicrograph,
    setPlace: (file) => placeOfMask(folder, file),
    choose: (some, { path }) => onlyOne(some, path),
  }).pairs;
}

function placeOfMask(folder: string, file: string): Place {
  const [below, folders] = [segments(relative(folder, dirname(file))), segments(dirname(resolve(file)))];
  return { label: file, name: stem(file).replace(SUFFIX, ''), below, folders, paths: [] };
}

function onlyOne(files: readonly string[], owner: string): string {
  if (files.length === 1) return files[0];
  throw new LabelError({
    what: `More than one mask belongs to ${owner}`,
    received: files.join(', '),
    expected: 'one',
    hint: 'Move the others away',
  });
}

async function hashOf(folder: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${relative(folder, file)} ${await hashFile(file)}\n`);
  return hash.digest('hex');
}

async function readMask(
  file: string,
  { width, height }: Pick<Image, 'width' | 'height'>,
): Promise<(place: Point) => boolean> {
  if (/\.json$/i.test(file)) {
    const regions = await readRegions(file);
    return (place) => regions.some((region) => isInRegion(place, region));
  }
  const mask = await readMicrograph(file);
  const limit = mask.pixels.some((value) => value > 1) ? BYTE / 2 : EXCLUDED;
  const [across, down] = [mask.width / width, mask.height / height];
  return ({ x, y }) => {
    const column = Math.min(mask.width - 1, Math.max(0, Math.floor((x + 0.5) * across)));
    const row = Math.min(mask.height - 1, Math.max(0, Math.floor((y + 0.5) * down)));
    return mask.pixels[row * mask.width + column] > limit;
  };
}

/** The regions of a mask file. @throws FileError if it is damaged */
export async function readRegions(file: string): Promise<Region[]> {
  const text = await readText(file);
  try {
    const toPoint = ([x, y]: readonly [number, number]) => ({ x, y });
    return fileSchema.parse(JSON.parse(text)).regions.map((region) => {
      return 'outline' in region
        ? { outline: region.outline.map(toPoint) }
        : { path: region.path.map(toPoint), width: region.width };
    });
  } catch (cause) {
    throw new FileError(
      {
        what: `${file} is not a mask`,
        received: cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll('\n', ' ') : messageOf(cause),
        expected: '{"regions": [{"outline": [[x, y], ...]}, {"path": [[x, y], ...], "width": w}]} in full-size pixels',
      },
      { cause },
    );
  }
}

/** Writes the regions of a micrograph. */
export async function writeRegions(file: string, regions: readonly Region[]): Promise<void> {
  const round = ({ x, y }: Point) => [Math.round(10 * x) / 10, Math.round(10 * y) / 10];
  const written = regions.map((region) =>
    'outline' in region
      ? { outline: region.outline.map(round) }
      : { path: region.path.map(round), width: region.width },
  );
  await writeWhole(file, `${JSON.stringify({ regions: written })}\n`);
}
