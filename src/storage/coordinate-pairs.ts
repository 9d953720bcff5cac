/** Sets of coordinates and the micrographs that they belong to. */

import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { LabelError } from '../core/errors.js';
import type { Particle } from '../core/particle.js';
import { COORDINATE_FORMATS, formatOfFile } from '../formats/coordinates.js';
import { type InputMicrograph, listedName } from './inputs.js';
import { baseName, stem, uidOf } from './names.js';
import { type Pairing, type Place, pairUp } from './pairing.js';

/** The particles of one micrograph, as found on disk. */
export interface CoordinateSet {
  /** Name of the micrograph without folder and ending, as the file names it or is named. */
  readonly name: string;
  /** The file they come from. */
  readonly file: string;
  /** The micrograph as the file names it, else the file's own name without its ending and the endings that pickers add. */
  readonly micrograph: string;
  /** Whether the file names the micrograph. */
  readonly namesMicrograph: boolean;
  /** Files beside it that it stands for: labels that the page took over (`REPLACES`). */
  readonly replaces?: readonly string[];
  /** Folder of the file below the folder that was read, or of the micrograph that the file names. */
  readonly folder: string;
  readonly particles: readonly Particle[];
  /** Side of the box in full-size pixels, where the file has one. */
  readonly box?: number;
  /** Median diameter of its particles in full-size pixels, where the file has one. */
  readonly diameter?: number;
  /** Values of its optics group by label, where the file has groups. */
  readonly optics?: Readonly<Record<string, string>>;
  /** Rows that were left out because a coordinate is NaN or infinite. */
  readonly notPoints: number;
}

/** Two files hold the same picks in two formats if their centres agree to this many pixels (`.box` rounds to whole ones). */
const SAME_CENTRE = 0.51;

/**
 * Pairs micrographs with the sets of coordinates that belong to them, by the one rule of `pairing.ts`; of the same picks in several
 * formats the most exact are taken.
 *
 * @param onAmbiguous - what is done about sets with several possible micrographs, or several sets of one that differ; by default the
 *   error is thrown
 * @throws LabelError
 */
export function pairCoordinates(
  inputs: readonly InputMicrograph[],
  sets: readonly CoordinateSet[],
  onAmbiguous?: (error: LabelError) => void,
): Pairing<InputMicrograph, CoordinateSet> {
  const replaced = new Set(
    sets.flatMap(({ file, replaces = [] }) => replaces.map((other) => join(dirname(file), other))),
  );
  return pairUp(
    inputs,
    sets.filter(({ file }) => !replaced.has(file)),
    {
      ownerPlace: placeOfMicrograph,
      setPlace: placeOfSet,
      choose: (some, { path }) => mostExact(some, path),
      ...(onAmbiguous && { onAmbiguous }),
    },
  );
}

/** How a micrograph is known to coordinate files. */
export function placeOfMicrograph(input: InputMicrograph): Place {
  const { path, folder } = input;
  return {
    ...{ label: path, name: stem(path), below: segments(folder), folders: segments(dirname(resolve(path))) },
    paths: [resolve(path), ...realPath(path), listedName(input)].map((one) => one.normalize('NFC')),
  };
}

/** Where a set says that it belongs: by the micrograph that it names, else by its own place. */
export function placeOfSet({ file, name, micrograph, namesMicrograph, folder }: CoordinateSet): Place {
  if (namesMicrograph && dirname(micrograph) !== '.') return placeOfNamed(micrograph, file);
  const own = dirname(formatOfFile(file)?.perMicrograph?.path('name') ?? 'name');
  const beside = resolve(dirname(file), own === basename(dirname(file)) ? '..' : '.');
  return {
    ...{ label: namesMicrograph ? `${micrograph} (in ${file})` : file, name, below: segments(folder) },
    ...{ folders: segments(beside), paths: [] },
  };
}

/** The place of a micrograph that a file names with its folder: relative to the working folder, or to the file. */
export function placeOfNamed(micrograph: string, file: string): Place {
  const folders = segments(dirname(micrograph));
  const paths = [resolve(micrograph), resolve(dirname(file), micrograph)];
  const real = paths.flatMap(realPath);
  return {
    ...{ label: `${micrograph} (in ${file})`, name: stem(micrograph), below: folders, folders },
    paths: [micrograph, ...paths, ...real].map((one) => one.normalize('NFC')),
    isFixed: real.length > 0,
  };
}

/** The path of a file without links; none where there is no file. */
function realPath(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** The folders of a path, the outermost first, as pairing compares them. */
export function segments(folder: string): string[] {
  return folder
    .normalize('NFC')
    .split(sep)
    .filter((part) => part !== '' && part !== '.');
}

/**
 * The one of several sets that is to be used: they must hold the same picks in several formats.
 *
 * @param owner - what they belong to, for the error
 * @throws LabelError if they differ
 */
export function mostExact(candidates: readonly CoordinateSet[], owner: string): CoordinateSet {
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
 * One set for each micrograph that the coordinates themselves tell apart; of the same picks in several formats the most exact.
 *
 * @throws LabelError if sets of one micrograph differ
 */
export function onePerMicrograph(sets: readonly CoordinateSet[]): CoordinateSet[] {
  const byName = new Map<string, CoordinateSet[][]>();
  for (const set of sets) {
    const key = `${uidOf(set.name) ?? ''} ${baseName(set.name)}`;
    const groups = byName.get(key) ?? [];
    const group = groups.find(([other]) => other.folder === set.folder || samePicks(other, set));
    if (group) group.push(set);
    else groups.push([set]);
    byName.set(key, groups);
  }
  return [...byName.values()].flat().map((group) => mostExact(group, group[0].micrograph));
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
