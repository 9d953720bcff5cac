/** From arguments to labelled micrographs: matching by name, reading one by one, naming what is left out. */

import { LabelError, messageOf } from '../errors.js';
import { isComparable, LARGEST_RATIO } from '../picking/prepare.js';
import { type CoordinateSet, findCoordinates, type ReadOptions, readCoordinateSets } from '../storage/coordinates.js';
import type { InputMicrograph } from '../storage/inputs.js';
import type { TrainingRecord } from '../storage/model-file.js';
import { baseName } from '../storage/names.js';
import { readMicrograph, readMicrographHeader } from '../storage/read-micrograph.js';
import type { LabelledMicrograph } from '../training/labelled.js';
import { note, startProgress } from './console.js';

/** Where the labels are. */
export interface LabelOptions {
  readonly picks: string;
  readonly negatives?: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
}

/** A micrograph with the label files that belong to it. */
export interface LabelledInput {
  readonly input: InputMicrograph;
  readonly positives: CoordinateSet;
  readonly negatives: CoordinateSet | undefined;
}

/**
 * Pairs micrographs with their labels and lists what has no partner.
 *
 * @throws LabelError if nothing matches, or if one label file belongs to several micrographs
 */
export async function matchLabels(inputs: readonly InputMicrograph[], options: LabelOptions): Promise<LabelledInput[]> {
  const picks = await readLabels(options.picks);
  const negatives = options.negatives ? await readLabels(options.negatives) : [];
  const matched = inputs.flatMap((input): LabelledInput[] => {
    const positives = findCoordinates(picks, input.path, input.folder);
    if (!positives) return [];
    return [{ input, positives, negatives: findCoordinates(negatives, input.path, input.folder) }];
  });
  if (matched.length === 0) {
    const [micrograph, labels] = [inputs[0]?.path ?? '', picks[0]];
    throw new LabelError({
      what: 'No label file belongs to any of the micrographs',
      received: `for example the micrograph ${micrograph} (base name "${baseName(micrograph)}") and the labels ${labels?.file} (base name "${labels?.name}")`,
      expected: 'equal base names',
    });
  }
  assertUsedOnce(matched.map(({ input, positives }) => ({ input, set: positives })));
  const unlabelled = inputs.filter((input) => !matched.some((one) => one.input === input));
  const unused = (sets: readonly CoordinateSet[]) =>
    sets.filter((set) => !matched.some(({ input }) => baseName(input.path) === set.name));
  listUnmatched(
    'micrographs without labels are not used',
    unlabelled.map(({ path }) => path),
  );
  for (const sets of [picks, negatives]) {
    listUnmatched(
      'label files without a micrograph are not used',
      unused(sets).map(({ file }) => file),
    );
  }
  return matched;
}

/**
 * Reads labels and says what was left out.
 *
 * @throws FileError, LabelError if there are none
 */
export async function readLabels(path: string, options: ReadOptions = {}): Promise<readonly CoordinateSet[]> {
  const { sets, failed } = await readCoordinateSets(path, options);
  for (const { reason } of failed) note(`warning: left out: ${reason}`);
  for (const { file, notPoints } of sets) {
    if (notPoints > 0) note(`warning: ${file}: ${notPoints} labels are left out: a coordinate is NaN or infinite`);
  }
  if (sets.length > 0) return sets;
  throw new LabelError({
    what: `None of the coordinate files of ${path} can be read`,
    received: failed[0]?.reason ?? 'none',
  });
}

/**
 * Pairs micrographs with the coordinates that belong to them, where there are some.
 *
 * @throws LabelError if one set of coordinates would be used for two micrographs
 */
export function pairWithCoordinates(inputs: readonly InputMicrograph[], sets: readonly CoordinateSet[]) {
  const pairs = inputs.map((input) => ({ input, set: findCoordinates(sets, input.path, input.folder) }));
  assertUsedOnce(pairs);
  return pairs;
}

/** @throws LabelError if one set of coordinates would be used for two micrographs */
export function assertUsedOnce(pairs: readonly { input: InputMicrograph; set: CoordinateSet | undefined }[]): void {
  const users = new Map<CoordinateSet, string>();
  for (const { input, set } of pairs) {
    if (!set) continue;
    const other = users.get(set);
    if (other !== undefined) {
      throw new LabelError({
        what: 'One set of coordinates belongs to two micrographs of the same base name',
        received: `${set.file} for ${other} and ${input.path}`,
        expected: 'one micrograph for each set',
        hint: 'Give only one of the micrographs, or put the coordinates into folders like those of the micrographs',
      });
    }
    users.set(set, input.path);
  }
}

/** Lists what has no partner. */
export function listUnmatched(what: string, names: readonly string[]): void {
  const shown = 5;
  if (names.length === 0) return;
  const more = names.length > shown ? `, and ${names.length - shown} more` : '';
  note(`warning: ${names.length} ${what}: ${names.slice(0, shown).join(', ')}${more}`);
}

/**
 * The pixel size of the first micrograph that can be read: lengths in angstroms are converted with it.
 *
 * @param asked - as given to --pixel-size, which goes before what files say
 */
export async function firstPixelSize(inputs: readonly InputMicrograph[], asked?: number): Promise<number | null> {
  if (asked) return asked;
  for (const { path, pixelSize } of inputs) {
    try {
      return pixelSize ?? (await readMicrographHeader(path)).pixelSize;
    } catch {
      // Reported when the micrograph itself is read.
    }
  }
  return null;
}

/** Reads the micrographs one after the other; those that cannot be read are left out and named in `failed`. */
export async function* readLabelled(
  labels: readonly LabelledInput[],
  modelPixelSize: number | null,
  options: { readonly pixelSize?: number },
  record: Pick<TrainingRecord, 'micrographs'>,
  failed: string[],
): AsyncGenerator<LabelledMicrograph> {
  const progress = startProgress(labels.length, 'reading');
  try {
    for (const [i, one] of labels.entries()) {
      try {
        const labelled = await readOne(one, modelPixelSize, options);
        record.micrographs.push(recordOf(one, labelled.micrograph.pixelSize));
        yield labelled;
      } catch (error) {
        failed.push(messageOf(error));
      }
      progress.update(i + 1, one.input.path);
    }
  } finally {
    progress.stop();
  }
}

async function readOne(
  one: LabelledInput,
  modelPixelSize: number | null,
  options: { readonly pixelSize?: number },
): Promise<LabelledMicrograph> {
  const { input, positives, negatives } = one;
  const read = await readMicrograph(input.path);
  for (const warning of read.warnings) note(`warning: ${input.path}: ${warning}`);
  const micrograph = { ...read, pixelSize: options.pixelSize ?? input.pixelSize ?? read.pixelSize };
  if (modelPixelSize !== null) assertComparable(input.path, micrograph.pixelSize, modelPixelSize);
  return {
    name: input.path,
    micrograph,
    particles: positives.particles,
    ...(negatives && { negatives: negatives.particles }),
  };
}

/** @throws LabelError unless a micrograph can be brought to the model's pixel size */
function assertComparable(path: string, pixelSize: number | null, modelPixelSize: number): void {
  if (pixelSize !== null && isComparable(pixelSize, modelPixelSize)) return;
  throw new LabelError({
    what: `The pixel size of ${path} is unknown, or too far from the one that lengths were converted with`,
    received: pixelSize === null ? 'none in the file' : `${pixelSize} A`,
    expected: `between ${modelPixelSize / LARGEST_RATIO} and ${modelPixelSize * LARGEST_RATIO} A`,
    hint: 'Check the header, or give --pixel-size',
  });
}

function recordOf(
  { input, positives, negatives }: LabelledInput,
  pixelSize: number | null,
): TrainingRecord['micrographs'][number] {
  const centres = (set: CoordinateSet | undefined) => (set?.particles ?? []).map(({ x, y }) => ({ x, y }));
  return { path: input.path, pixelSize, heldOut: null, particles: centres(positives), negatives: centres(negatives) };
}
