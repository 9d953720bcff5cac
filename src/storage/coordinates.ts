/** Coordinate files on disk: read all below a folder, find the one that belongs to a micrograph, write. */

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { FileError, LabelError, messageOf } from '../errors.js';
import type { CoordinateRecord } from '../formats/coordinate-format.js';
import { COORDINATE_FORMATS, formatOfFile, type ParseOptions, parseCoordinates } from '../formats/coordinates.js';
import { readCoordinateList } from '../formats/relion-star.js';
import type { Particle } from '../particle.js';
import { readWhole } from './files.js';
import { filesBelow } from './inputs.js';
import { baseName } from './names.js';

/** The particles of one micrograph, as found on disk. */
export interface CoordinateSet {
  /** Name that micrographs are matched by. */
  readonly name: string;
  /** The file they come from. */
  readonly file: string;
  /** The micrograph as the file names it, else the name of the file without its ending. */
  readonly micrograph: string;
  /** Folder of the file below the folder that was read, or of the micrograph that the file names. */
  readonly folder: string;
  readonly particles: readonly Particle[];
  /** Side of the box in full-size pixels, where the file has one. */
  readonly box?: number;
  /** Rows that were left out because a coordinate is NaN or infinite. */
  readonly notPoints: number;
}

/** How files are to be read where their endings do not say all. */
export interface ReadOptions extends Pick<ParseOptions, 'format'> {
  /** Rows of the micrograph that a file belongs to, for formats that count from the last row. */
  readonly heightOf?: (file: string) => Promise<number | undefined>;
}

/** What was found below a folder, and what could not be read. */
export interface CoordinateSets {
  readonly sets: readonly CoordinateSet[];
  /** Files that could not be read, with the reason. */
  readonly failed: readonly { readonly file: string; readonly reason: string }[];
}

/** Two files hold the same picks in two formats if their centres agree to this many pixels (`.box` rounds to whole ones). */
const SAME_CENTRE = 0.51;

/**
 * Reads a coordinate file, all that a RELION list names, or all below a folder.
 *
 * @throws FileError if there is none
 */
export async function readCoordinateSets(path: string, options: ReadOptions = {}): Promise<CoordinateSets> {
  if (!existsSync(path))
    throw new FileError({ what: `Cannot read coordinates from ${path}: there is no such file or folder` });
  const isFolder = statSync(path).isDirectory();
  const files = isFolder ? await coordinateFilesBelow(path, options) : [path];
  const sets: CoordinateSet[] = [];
  const failed: { file: string; reason: string }[] = [];
  for (const file of files) {
    try {
      if (isFolder) sets.push(...(await readBelow(path, file, options)));
      else {
        const read = await readNamedFile(file, options);
        sets.push(...read.sets);
        failed.push(...read.failed);
      }
    } catch (error) {
      failed.push({ file, reason: messageOf(error) });
    }
  }
  return { sets, failed };
}

/** The folder of a file below another one, without the folder that its format keeps its files in. */
function folderBelow(top: string, file: string): string {
  const folder = relative(top, dirname(file));
  const own = dirname(formatOfFile(file)?.perMicrograph?.path('name') ?? 'name');
  return basename(folder) === own ? join(folder, '..').replace(/^\.$/, '') : folder;
}

/** @throws FileError if there are none */
async function coordinateFilesBelow(folder: string, { format }: ReadOptions): Promise<string[]> {
  const files = await filesBelow(folder, (file) =>
    format ? endsLike(file, format.perMicrograph?.path('name')) : formatOfFile(file, false) !== undefined,
  );
  if (files.length > 0) return files;
  const endings = COORDINATE_FORMATS.flatMap(({ extensions }) => extensions).join(', ');
  throw new FileError({ what: `The folder ${folder} has no coordinate files`, expected: `files ending in ${endings}` });
}

/** Where a format is named, files are taken by the ending that it writes. */
function endsLike(file: string, written = ''): boolean {
  return extname(file) === extname(written);
}

/** A file of a folder. STAR files that hold no coordinates, of which a RELION job has several, are none of our business. */
async function readBelow(top: string, file: string, options: ReadOptions): Promise<CoordinateSet[]> {
  const data = await readWhole(file);
  if (isStar(file) && !textOf(data).includes('rlnCoordinateX')) return [];
  return setsOf(data, file, folderBelow(top, file), options);
}

/** A file that was named itself: a RELION list stands for the files that it lists. */
async function readNamedFile(file: string, options: ReadOptions): Promise<CoordinateSets> {
  const data = await readWhole(file);
  const listed = isStar(file) ? listOf(textOf(data)) : null;
  if (!listed) return { sets: await setsOf(data, file, '', options), failed: [] };
  const sets: CoordinateSet[] = [];
  const failed: { file: string; reason: string }[] = [];
  for (const { micrograph, file: coordinates } of listed) {
    try {
      const place = placeOf(coordinates, file);
      for (const set of await setsOf(await readWhole(place), place, dirname(micrograph), options)) {
        sets.push({ ...set, name: baseName(micrograph), micrograph });
      }
    } catch (error) {
      failed.push({ file: coordinates, reason: messageOf(error) });
    }
  }
  return { sets, failed };
}

function isStar(file: string): boolean {
  return /\.star$/i.test(file);
}

function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

/** A file that a list names: relative to the working folder, to the list, or to a folder above it, which may be RELION's project. */
function placeOf(file: string, list: string): string {
  if (isAbsolute(file) || existsSync(file)) return file;
  for (let folder = resolve(dirname(list)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, file))) return join(folder, file);
    if (folder === dirname(folder)) return file;
  }
}

/** A RELION list of coordinate files, or null; a broken file is reported when it is read as coordinates. */
function listOf(text: string) {
  try {
    return readCoordinateList(text);
  } catch {
    return null;
  }
}

/**
 * Reads the particles of one coordinate file, whatever micrographs they belong to.
 *
 * @throws FileError
 */
export async function readCoordinates(file: string): Promise<Particle[]> {
  return parseCoordinates(await readWhole(file), file).map(({ particle }) => particle);
}

/** One set a micrograph that the file names; one named after the file where it names none. */
async function setsOf(data: Uint8Array, file: string, folder: string, options: ReadOptions): Promise<CoordinateSet[]> {
  const format = options.format ?? formatOfFile(file);
  const height = format?.needsSize ? await options.heightOf?.(file) : undefined;
  const records = parseCoordinates(data, file, {
    ...(options.format && { format: options.format }),
    ...(height !== undefined && { height }),
  });
  const groups = new Map<string, CoordinateRecord[]>();
  for (const record of records) {
    const owner = record.micrograph ?? file;
    const group = groups.get(owner);
    if (group) group.push(record);
    else groups.set(owner, [record]);
  }
  if (records.length === 0) groups.set(file, []);
  return [...groups].map(([owner, all]) => {
    const finite = all.filter(({ particle: { x, y } }) => Number.isFinite(x) && Number.isFinite(y));
    const box = finite[0]?.box;
    return {
      ...{ name: baseName(owner), file, micrograph: owner === file ? baseName(file) : owner },
      folder: owner === file || dirname(owner) === '.' ? folder : dirname(owner),
      ...{ particles: finite.map(({ particle }) => particle), notPoints: all.length - finite.length },
      ...(box !== undefined && { box }),
    };
  });
}

/**
 * Finds the set of a micrograph by its base name; of equal names the one in the same folder; of one folder's files that
 * hold the same picks in several formats the most exact.
 *
 * @param micrograph - path of the micrograph
 * @param folder - of the micrograph below the inputs' common folder
 * @returns undefined where there is none
 * @throws LabelError if several differ, naming them
 */
export function findCoordinates(
  sets: readonly CoordinateSet[],
  micrograph: string,
  folder: string,
): CoordinateSet | undefined {
  const base = baseName(micrograph);
  const named = sets.filter(({ name }) => name === base);
  const where = `/${dirname(micrograph)}`;
  const inFolder = named.filter((set) => set.folder === folder || where.endsWith(`/${set.folder}`));
  return mostExact(inFolder.length > 0 ? inFolder : named, micrograph);
}

/**
 * The one of several sets that is to be used: they must hold the same picks in several formats.
 *
 * @param owner - what they belong to, for the error
 * @throws LabelError if they differ
 */
export function mostExact(candidates: readonly CoordinateSet[], owner: string): CoordinateSet | undefined {
  const [best, ...others] = [...candidates].sort((a, b) => exactness(a.file) - exactness(b.file));
  if (others.every((other) => samePicks(best, other))) return best;
  throw new LabelError({
    what: `More than one coordinate file belongs to ${owner}`,
    received: candidates.map(({ file }) => file).join(', '),
    expected: 'one, or the same picks in several formats',
    hint: 'Name the file, or move the others away',
  });
}

/**
 * One set for each micrograph; of the same picks in several formats the most exact.
 *
 * @throws LabelError if sets of one micrograph differ
 */
export function onePerMicrograph(sets: readonly CoordinateSet[]): CoordinateSet[] {
  const byName = new Map<string, CoordinateSet[][]>();
  for (const set of sets) {
    const groups = byName.get(set.name) ?? [];
    const group = groups.find(([other]) => other.folder === set.folder || samePicks(other, set));
    if (group) group.push(set);
    else groups.push([set]);
    byName.set(set.name, groups);
  }
  return [...byName.values()].flat().flatMap((group) => mostExact(group, group[0].micrograph) ?? []);
}

/** Place of a file's format in the list: the most exact is first. */
function exactness(file: string): number {
  const format = formatOfFile(file);
  return format ? COORDINATE_FORMATS.indexOf(format) : COORDINATE_FORMATS.length;
}

/** True where two sets hold the same centres in the same order, up to what formats round. */
function samePicks(a: CoordinateSet, b: CoordinateSet): boolean {
  if (a.particles.length !== b.particles.length) return false;
  return a.particles.every(({ x, y }, i) => {
    const other = b.particles[i];
    return Math.abs(x - other.x) <= SAME_CENTRE && Math.abs(y - other.y) <= SAME_CENTRE;
  });
}
