/** Coordinates in another format or convention. */

import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { FileError, UsageError } from '../../core/errors.js';
import type { Provenance } from '../../core/provenance.js';
import { evenBox } from '../../core/sizes.js';
import { describeTransform, type Transform, transform } from '../../core/transform.js';
import { PROGRAM } from '../../core/version.js';
import type { CoordinateFormat, PickedMicrograph } from '../../formats/coordinate-format.js';
import { pixelSizeOf } from '../../formats/relion-star.js';
import { type CoordinateSet, onePerMicrograph, pairCoordinates } from '../../storage/coordinate-pairs.js';
import { readCoordinateSets } from '../../storage/coordinates.js';
import { commonFolder, type InputMicrograph, listedName } from '../../storage/inputs.js';
import { assertDistinctNames } from '../../storage/outputs.js';
import { describeWeakerRules } from '../../storage/pairing.js';
import { readMicrographHeader } from '../../storage/read-micrograph.js';
import { openOutputs } from '../../storage/unfinished.js';
import { openPicksWriter, type WrittenMicrograph } from '../../storage/write-picks.js';
import { forEach } from '../each.js';
import type { RunEvent, Tell } from '../events.js';
import { micrographsOf } from '../inputs.js';
import { labelOfSet } from '../labels/labelled-inputs.js';
import { type Ended, eventsOf, note, type Work, warn } from '../tell.js';

/** What is converted, and how. Changes are made in the order of `Transform`. */
export interface ConvertSettings extends Transform {
  /** Coordinate files, or folders of them. */
  readonly paths: readonly string[];
  readonly to: readonly CoordinateFormat[];
  /** Folder of the new files. */
  readonly out: string;
  /** What the files are, where the ending does not say. */
  readonly from?: CoordinateFormat;
  /** Lower scores are left out, and picks without a score. */
  readonly threshold?: number;
  /** Side of the boxes in full-size pixels, even; the files' own by default. */
  readonly box?: number;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  /** The micrographs, for their sizes and names. */
  readonly micrographs?: string;
  readonly overwrite: boolean;
}

/** What was converted, and what was not. */
export interface Converted extends Ended {
  files: number;
  picks: number;
  /** Picks below the threshold. */
  below: number;
  /** Picks with a coordinate that is no number. */
  notPoints: number;
}

/**
 * Converts coordinates.
 *
 * @param signal - ends after the file at hand
 * @throws UsageError, FileError, LabelError if nothing can be converted like this
 */
export function runConvert(settings: ConvertSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Converted, void> {
  return eventsOf((work) => convert(settings, work), signal);
}

async function convert(settings: ConvertSettings, work: Work): Promise<Converted> {
  const { tell, signal } = work;
  const { out, to, paths } = settings;
  const inputs = settings.micrographs ? await micrographsOf([settings.micrographs], tell) : [];
  const { sets, failed } = await readAll(settings, inputs, tell);
  assertElsewhere(sets, out);
  const chosen = belowCommonFolder(onePerMicrograph(sets));
  const owners = ownersOf(chosen, inputs, tell);
  assertNames(chosen, settings, tell);
  const kept = join(out, `.deepem-convert-${process.pid}`);
  const writer = openPicksWriter(out, to, kept);
  const targets = chosen.flatMap((set) => writer.filesOf(targetOf(set, owners.get(set))));
  const outputs = await openOutputs(out, [...targets, ...writer.lists], settings.overwrite);
  const changes = describeTransform(settings);
  const written: WrittenMicrograph[] = [];
  const counts = { files: 0, picks: 0, below: 0, notPoints: 0 };
  try {
    const progress = { what: 'converting', nameOf: ({ file }: CoordinateSet) => file };
    const others = await forEach(chosen, work, progress, async (set) => {
      const { picked, folder, below } = await convertSet(set, owners.get(set), settings);
      await writer.write(picked, folder, provenanceOf(set, picked, changes));
      written.push({ name: picked.name, folder });
      counts.files++;
      counts.picks += picked.particles.length;
      counts.below += below;
      counts.notPoints += set.notPoints;
    });
    failed.push(...others);
    const from = { program: PROGRAM, convertedFrom: paths.join(' '), ...(changes && { changes }) };
    const warnings = written.length > 0 ? await writer.finish(written, from) : [];
    for (const warning of warnings) warn(tell, warning);
    if (!signal.aborted) await outputs.finish();
  } finally {
    await rm(kept, { recursive: true, force: true });
  }
  return { ...counts, failed };
}

/** Reads all coordinates; `failed` says why files cannot be read. */
async function readAll({ paths, from }: ConvertSettings, micrographs: readonly InputMicrograph[], tell: Tell) {
  const failed: string[] = [];
  const sets: CoordinateSet[] = [];
  for (const path of paths) {
    const read = await readCoordinateSets(path, {
      ...(from && { format: from }),
      micrographs,
      warn: (sentence) => warn(tell, sentence),
    });
    for (const set of read.sets) sets.push(set);
    for (const { reason } of read.failed) failed.push(reason);
  }
  return { sets, failed };
}

/** @throws UsageError where a format knows no folders, and names repeat */
function assertNames(sets: readonly CoordinateSet[], { to, micrographs }: ConvertSettings, tell: Tell): void {
  const bare = to.find(({ bareNames }) => bareNames);
  if (bare)
    assertDistinctNames(
      sets.map(({ folder, name }) => join(folder, name)),
      bare.name,
    );
  if (micrographs || !to.some(({ perRun }) => perRun)) return;
  note(
    tell,
    'without --micrographs the lists name micrographs as the coordinate files do, perhaps without folder and ending',
  );
}

/** The coordinates of one micrograph in the new convention. */
async function convertSet(set: CoordinateSet, input: InputMicrograph | undefined, settings: ConvertSettings) {
  if (settings.micrographs && !input) {
    throw new FileError({
      what: `${labelOfSet(set)}: its micrograph is not below ${settings.micrographs}, or other coordinates belong to it`,
    });
  }
  const header = input ? await headerOf(input, settings) : null;
  const { threshold } = settings;
  const kept = set.particles.filter(
    ({ score }) => threshold === undefined || (score !== undefined && score >= threshold),
  );
  const particles = transform(kept, settings, header);
  const picked: PickedMicrograph = {
    name: targetOf(set, input).name,
    ...(header ?? { width: 0, height: 0, pixelSize: null }),
    ...{ values: input?.star?.values ?? {}, optics: input?.star?.optics ?? set.optics ?? {} },
    pixelSize:
      settings.pixelSize ?? input?.pixelSize ?? (set.optics && pixelSizeOf(set.optics)) ?? header?.pixelSize ?? null,
    box: boxOf(set, settings),
    particles,
  };
  assertRows(picked, settings.to);
  return { picked, folder: targetOf(set, input).folder, below: set.particles.length - kept.length };
}

/** The micrograph that a set is written for. */
function targetOf(set: CoordinateSet, input: InputMicrograph | undefined): WrittenMicrograph {
  return { name: input ? listedName(input) : set.micrograph, folder: input?.folder ?? set.folder };
}

/** The micrographs that sets belong to, where micrographs are given. */
function ownersOf(sets: readonly CoordinateSet[], inputs: readonly InputMicrograph[], tell: Tell) {
  const { pairs } = pairCoordinates(inputs, sets);
  const weaker = describeWeakerRules(pairs, 'coordinates');
  if (weaker) note(tell, weaker);
  return new Map(pairs.map(({ owner, set }) => [set, owner]));
}

/** The size of a micrograph; null where it cannot be read and is not needed. */
async function headerOf(input: InputMicrograph, { flipX, flipY, to }: ConvertSettings) {
  const needed = flipX || flipY || to.some(({ needsSize }) => needsSize);
  return readMicrographHeader(input.path).catch((error: unknown) => {
    if (needed) throw error;
    return null;
  });
}

/** Names of formats, with commas. */
export function namesOf(formats: readonly CoordinateFormat[]): string {
  return formats.map(({ name }) => name).join(', ');
}

/** @throws UsageError if the new files need a box and there is none */
function boxOf(set: CoordinateSet, { box, scale, to }: ConvertSettings): number {
  const side = box ?? (set.box === undefined ? 0 : evenBox(set.box * scale));
  if (side > 0 || set.particles.length === 0 || !to.some(({ needsBox }) => needsBox)) return side;
  throw new UsageError({
    what: `The format ${namesOf(to.filter(({ needsBox }) => needsBox))} has boxes, and ${set.file} has none`,
    expected: '--box with their side in full-size pixels',
  });
}

/** @throws FileError if rows are to be counted from the far edge of a micrograph that is not known */
function assertRows({ name, height }: PickedMicrograph, to: readonly CoordinateFormat[]): void {
  const format = to.find(({ needsSize }) => needsSize);
  if (!format || height > 0) return;
  throw new FileError({
    what: `The size of ${name} is not known, and the format ${format.name} needs it`,
    expected: '--micrographs with it',
  });
}

function provenanceOf(
  set: CoordinateSet,
  { name, width, height, pixelSize }: PickedMicrograph,
  changes: string,
): Provenance {
  return {
    ...{ program: PROGRAM, micrograph: name, convertedFrom: set.file },
    ...(changes && { changes }),
    ...(width > 0 && { width, height, pixelSize }),
  };
}

/** Sets with their folders below the common one. */
function belowCommonFolder(sets: readonly CoordinateSet[]): CoordinateSet[] {
  const common = commonFolder(sets.map(({ folder, name }) => join(folder, name)));
  return sets.map((set) => ({ ...set, folder: relative(common, resolve(set.folder)) }));
}

/** @throws UsageError if a file that was read would be replaced */
function assertElsewhere(sets: readonly CoordinateSet[], out: string): void {
  const inside = sets.find(({ file }) => resolve(file).startsWith(`${resolve(out)}/`));
  if (!inside) return;
  throw new UsageError({
    what: 'The new files would stand among the old ones',
    received: `--out ${out}, which holds ${inside.file}`,
    expected: 'another folder',
  });
}
