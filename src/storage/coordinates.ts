/** Coordinate files on disk: read all below a folder, find the one that belongs to a micrograph, write. */

import { existsSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { FileError, LabelError, messageOf } from '../errors.js';
import { COORDINATE_FORMATS, formatOfFile, parseCoordinates } from '../formats/coordinates.js';
import type { Particle } from '../particle.js';
import { readText } from './files.js';
import { filesBelow } from './inputs.js';
import { baseName } from './names.js';

/** The particles of one micrograph, as found on disk. */
export interface CoordinateSet {
  /** Name that micrographs are matched by. */
  readonly name: string;
  /** The file they come from. */
  readonly file: string;
  /** Folder of the file below the folder that was read, or of the micrograph that the file names. */
  readonly folder: string;
  readonly particles: readonly Particle[];
  /** Rows that were left out because a coordinate is NaN or infinite. */
  readonly notPoints: number;
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
 * Reads a coordinate file, or all below a folder.
 *
 * @throws FileError if there is none
 */
export async function readCoordinateSets(path: string): Promise<CoordinateSets> {
  if (!existsSync(path))
    throw new FileError({ what: `Cannot read coordinates from ${path}: there is no such file or folder` });
  const isFolder = statSync(path).isDirectory();
  const files = isFolder ? await filesBelow(path, (file) => formatOfFile(file) !== undefined) : [path];
  if (files.length === 0) {
    const endings = COORDINATE_FORMATS.flatMap(({ extensions }) => extensions).join(', ');
    throw new FileError({ what: `The folder ${path} has no coordinate files`, expected: `files ending in ${endings}` });
  }
  const sets: CoordinateSet[] = [];
  const failed: { file: string; reason: string }[] = [];
  for (const file of files) {
    try {
      sets.push(...(await readFileSets(file, isFolder ? relative(path, dirname(file)) : '')));
    } catch (error) {
      failed.push({ file, reason: messageOf(error) });
    }
  }
  return { sets, failed };
}

/**
 * Reads the particles of one coordinate file, whatever micrographs they belong to.
 *
 * @throws FileError
 */
export async function readCoordinates(file: string): Promise<Particle[]> {
  return parseCoordinates(await readText(file), file).map(({ particle }) => particle);
}

/** One set a micrograph that the file names; one named after the file where it names none. */
async function readFileSets(file: string, folder: string): Promise<CoordinateSet[]> {
  const records = parseCoordinates(await readText(file), file);
  const groups = new Map<string, Particle[]>();
  for (const { micrograph, particle } of records) {
    const group = groups.get(micrograph ?? file);
    if (group) group.push(particle);
    else groups.set(micrograph ?? file, [particle]);
  }
  if (records.length === 0) groups.set(file, []);
  return [...groups].map(([owner, all]) => {
    const particles = all.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    const inFolder = owner === file ? folder : dirname(owner);
    return { name: baseName(owner), file, folder: inFolder, particles, notPoints: all.length - particles.length };
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

/** Most exact first: csv, star, box. */
function exactness(file: string): number {
  return ['csv', 'star', 'box'].indexOf(formatOfFile(file)?.name ?? 'box');
}

function samePicks(a: CoordinateSet, b: CoordinateSet): boolean {
  if (a.particles.length !== b.particles.length) return false;
  return a.particles.every(({ x, y }, i) => {
    const other = b.particles[i];
    return Math.abs(x - other.x) <= SAME_CENTRE && Math.abs(y - other.y) <= SAME_CENTRE;
  });
}
