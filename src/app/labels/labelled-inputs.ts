/** From arguments to labelled micrographs: matching by name, reading one by one, naming what is left out. */

import { LabelError, messageOf } from '../../core/errors.js';
import { counted, type Fate, listed } from '../../core/words.js';
import { isComparable, LARGEST_RATIO } from '../../picking/prepare.js';
import { type CoordinateSet, pairCoordinates, placeOfSet } from '../../storage/coordinate-pairs.js';
import { type ReadOptions, readCoordinateSets } from '../../storage/coordinates.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import type { TrainingRecord } from '../../storage/model-file.js';
import { stem } from '../../storage/names.js';
import { describeWeakerRules } from '../../storage/pairing.js';
import { readMicrograph, readMicrographHeader } from '../../storage/read-micrograph.js';
import type { LabelledMicrograph } from '../../training/labelled.js';
import type { Tell } from '../events.js';
import { note, startProgress, warn } from '../tell.js';

/** Where the labels are. */
export interface LabelPlaces {
  /** A folder of coordinate files, or one file. */
  readonly picks: string;
  /** Places that are no particles, as for `picks`. */
  readonly negatives?: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
}

/** A micrograph with the label files that belong to it. */
export interface LabelledInput {
  readonly input: InputMicrograph;
  readonly positives: CoordinateSet;
  readonly negatives: CoordinateSet | undefined;
  /** Whether nothing but sorted picks is known of the micrograph. */
  readonly reviewed?: boolean;
}

/**
 * Pairs micrographs with their labels and lists what has no partner.
 *
 * @throws LabelError if nothing matches, or if labels could belong to several micrographs
 */
export async function matchLabels(
  inputs: readonly InputMicrograph[],
  places: LabelPlaces,
  tell: Tell,
): Promise<LabelledInput[]> {
  const picks = pairWithMicrographs(inputs, await readLabels(places.picks, tell), 'labels', tell);
  const negatives = places.negatives
    ? pairWithMicrographs(inputs, await readLabels(places.negatives, tell), 'negatives', tell, { partial: true })
    : new Map<InputMicrograph, CoordinateSet>();
  return [...picks].map(([input, positives]) => ({ input, positives, negatives: negatives.get(input) }));
}

/**
 * Reads labels and says what was left out.
 *
 * @throws FileError, LabelError if there are none
 */
export async function readLabels(
  path: string,
  tell: Tell,
  options: ReadOptions = {},
): Promise<readonly CoordinateSet[]> {
  const { sets, failed } = await readCoordinateSets(path, { ...options, warn: (sentence) => warn(tell, sentence) });
  for (const { reason } of failed) warn(tell, `left out: ${reason}`);
  for (const { file, notPoints } of sets) {
    if (notPoints > 0)
      warn(tell, `${file}: left out: ${counted(notPoints, 'label')} with a coordinate that is NaN or infinite`);
  }
  if (sets.length > 0) return sets;
  throw new LabelError({
    what: `None of the coordinate files of ${path} can be read`,
    received: failed[0]?.reason ?? 'none',
  });
}

/** How pairs are announced. */
interface PairOptions {
  /** True: micrographs without coordinates are not worth a word. */
  readonly partial?: boolean;
  /** What to do where nothing matches. */
  readonly hint?: string;
}

/**
 * Pairs micrographs with the coordinates that belong to them, and says what is left over.
 *
 * @param what - the coordinates are called, such as `labels`
 * @returns micrographs that have coordinates, in the order of `inputs`
 * @throws LabelError if nothing matches, or if coordinates could belong to several micrographs
 */
export function pairWithMicrographs(
  inputs: readonly InputMicrograph[],
  sets: readonly CoordinateSet[],
  what: string,
  tell: Tell,
  { partial = false, hint }: PairOptions = {},
): Map<InputMicrograph, CoordinateSet> {
  const pairing = pairCoordinates(inputs, sets);
  if (pairing.pairs.length === 0) throw nothingMatches(inputs, sets, what, hint);
  const weaker = describeWeakerRules(pairing.pairs, what);
  if (weaker) note(tell, weaker);
  listLeftOver(['set', `of ${what} without a micrograph, not used`], pairing.sets.map(labelOfSet), tell);
  if (!partial) {
    listLeftOver(
      ['micrograph', `without ${what}, not used`],
      pairing.owners.map(({ path }) => path),
      tell,
    );
  }
  const found = new Map(pairing.pairs.map(({ owner, set }) => [owner, set]));
  return new Map(inputs.flatMap((input) => (found.has(input) ? [[input, found.get(input) as CoordinateSet]] : [])));
}

/** What a set is called: its file, and the micrograph where the file names it. */
export function labelOfSet(set: CoordinateSet): string {
  return placeOfSet(set).label;
}

function nothingMatches(
  inputs: readonly InputMicrograph[],
  sets: readonly CoordinateSet[],
  what: string,
  hint?: string,
): LabelError {
  const [input, set] = [inputs[0], sets[0]];
  return new LabelError({
    what: `No ${what} belong to any of the micrographs`,
    received: `for example the micrograph ${input?.path} (name "${input && stem(input.path)}") and the ${what} ${set && labelOfSet(set)} (name "${set?.name}")`,
    expected: 'equal names, in folders of the same name where names repeat',
    ...(hint && { hint }),
  });
}

/** Tells what has no partner: the count and the first ten in words, and all of it. */
export function listLeftOver(fate: Fate, names: readonly string[], tell: Tell): void {
  const words = listed(fate, names);
  if (words === null) return;
  warn(tell, words);
  tell({ kind: 'left-over', what: `${counted(names.length, fate[0])} ${fate[1]}`, names });
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

/** How labelled micrographs are read. */
export interface ReadLabelledOptions {
  /** Of the model, in angstroms; null: unknown. */
  readonly modelPixelSize: number | null;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  /** Gets what is read. */
  readonly record: Pick<TrainingRecord, 'micrographs'>;
  /** Gets why others cannot be read: they are left out. */
  readonly failed: string[];
}

/** Reads the micrographs one after the other. */
export async function* readLabelled(
  labels: readonly LabelledInput[],
  options: ReadLabelledOptions,
  tell: Tell,
): AsyncGenerator<LabelledMicrograph> {
  const progress = startProgress(tell, 'reading', labels.length);
  for (const [i, one] of labels.entries()) {
    try {
      const labelled = await readOne(one, options, tell);
      options.record.micrographs.push(recordOf(one, labelled.micrograph.pixelSize));
      yield labelled;
    } catch (error) {
      options.failed.push(messageOf(error));
    }
    progress(i + 1, one.input.path);
  }
}

async function readOne(
  one: LabelledInput,
  { modelPixelSize, pixelSize }: ReadLabelledOptions,
  tell: Tell,
): Promise<LabelledMicrograph> {
  const { input, positives, negatives } = one;
  const read = await readMicrograph(input.path);
  for (const warning of read.warnings) warn(tell, `${input.path}: ${warning}`);
  const micrograph = { ...read, pixelSize: pixelSize ?? input.pixelSize ?? read.pixelSize };
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
  { input, positives, negatives, reviewed = false }: LabelledInput,
  pixelSize: number | null,
): TrainingRecord['micrographs'][number] {
  const centres = (set: CoordinateSet | undefined) => (set?.particles ?? []).map(({ x, y }) => ({ x, y }));
  const labels = { particles: centres(positives), negatives: centres(negatives) };
  return { path: input.path, pixelSize, heldOut: null, ...labels, reviewed };
}
