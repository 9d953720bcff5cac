/** Coordinate files on disk: read all below a folder, and find the ones that belong to micrographs. */

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { FileError, messageOf } from '../core/errors.js';
import type { Particle } from '../core/particle.js';
import type { CoordinateFormat, CoordinateRecord } from '../formats/coordinate-format.js';
import {
  COORDINATE_FORMATS,
  formatOfFile,
  notOfFormat,
  type ParseOptions,
  parseCoordinates,
} from '../formats/coordinates.js';
import { splitLines } from '../formats/lines.js';
import { LISTED_COORDINATES, readCoordinateList } from '../formats/relion-star.js';
import { medianInPlace } from '../imaging/statistics.js';
import { type CoordinateSet, pairCoordinates } from './coordinate-pairs.js';
import { readPieces, readStart, readWhole } from './files.js';
import { filesBelow, type InputMicrograph } from './inputs.js';
import { SUFFIX, stem } from './names.js';
import { readMicrographHeader } from './read-micrograph.js';

/** How files are to be read where their endings do not say all. */
export interface ReadOptions extends Pick<ParseOptions, 'format'> {
  /** Micrographs that files belong to, for formats that count from the last row. */
  readonly micrographs?: readonly InputMicrograph[];
  /** Told what is in a file and is not kept. */
  readonly warn?: (sentence: string) => void;
}

/** What was found below a folder, and what could not be read. */
export interface CoordinateSets {
  readonly sets: readonly CoordinateSet[];
  /** Files that could not be read, with the reason. */
  readonly failed: readonly { readonly file: string; readonly reason: string }[];
}

/** Bytes in which the first line of a file of labels ends. */
const FIRST_LINE = 4096;

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
  const heightOf = heightsOf(files, isFolder ? path : null, options);
  const sets: CoordinateSet[] = [];
  const failed: { file: string; reason: string }[] = [];
  for (const file of files) {
    try {
      if (isFolder) sets.push(...(await readBelow(path, file, options, heightOf)));
      else {
        const read = await readNamedFile(file, options, heightOf);
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
async function readBelow(
  top: string,
  file: string,
  options: ReadOptions,
  heightOf: HeightOf,
): Promise<CoordinateSet[]> {
  if (isStar(file) && !(await holdsText(file, 'rlnCoordinateX'))) return [];
  return setsOf(file, folderBelow(top, file), options, heightOf);
}

/** A file that was named itself: a RELION list stands for the files that it lists. */
async function readNamedFile(file: string, options: ReadOptions, heightOf: HeightOf): Promise<CoordinateSets> {
  const pointed = POINTER.exec(basename(file));
  if (pointed) return readJobOf(file, pointed[1], options, heightOf);
  const listed = isStar(file) ? await listOf(file) : null;
  if (!listed) return { sets: await setsOf(file, '', options, heightOf), failed: [] };
  const sets: CoordinateSet[] = [];
  const failed: { file: string; reason: string }[] = [];
  for (const { micrograph, file: coordinates } of listed) {
    try {
      const place = placeOf(coordinates, file);
      for (const set of await setsOf(place, dirname(micrograph), options, heightOf)) {
        sets.push({ ...set, name: stem(micrograph), micrograph, namesMicrograph: true });
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

/** Whether a file holds a text, which is mostly near its beginning. */
async function holdsText(file: string, text: string): Promise<boolean> {
  const wanted = Buffer.from(text);
  let [before, found] = [Buffer.alloc(0), false];
  await readPieces(file, (bytes) => {
    const joined = Buffer.concat([before, bytes]);
    found = joined.includes(wanted);
    before = Buffer.from(joined.subarray(-wanted.length));
    return found;
  });
  return found;
}

/** RELION 3.1 names a job by a file that holds nothing but the place of its micrographs: the coordinates are the job's files. */
const POINTER = /^coords_suffix_(.+)\.star$/i;

async function readJobOf(
  file: string,
  suffix: string,
  options: ReadOptions,
  heightOf: HeightOf,
): Promise<CoordinateSets> {
  const job = dirname(file);
  const files = (await filesBelow(job, (name) => name.endsWith(`_${suffix}.star`))).filter((name) => name !== file);
  const sets: CoordinateSet[] = [];
  const failed: { file: string; reason: string }[] = [];
  for (const one of files) {
    try {
      sets.push(...(await readBelow(job, one, options, heightOf)));
    } catch (error) {
      failed.push({ file: one, reason: messageOf(error) });
    }
  }
  if (files.length > 0) return { sets, failed };
  throw new FileError({
    what: `${file} is RELION's pointer to a job, which has no coordinates`,
    expected: `files named *_${suffix}.star below ${job}`,
  });
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
async function listOf(file: string) {
  if (!(await holdsText(file, LISTED_COORDINATES))) return null;
  try {
    return readCoordinateList(await readWhole(file));
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
  return [...(await readCoordinateFile(file)).particles];
}

/** A file of labels, with all that the page needs to know of it. */
export interface CoordinateFile {
  readonly particles: readonly Particle[];
  /** How many micrographs it is about. */
  readonly micrographs: number;
  /** Files beside it that it stands for. */
  readonly replaces: readonly string[];
}

/**
 * Reads one coordinate file.
 *
 * @throws FileError
 */
export async function readCoordinateFile(file: string): Promise<CoordinateFile> {
  const sets = await setsOf(file, '', {}, async () => undefined);
  return {
    particles: sets.flatMap(({ particles }) => particles),
    ...{ micrographs: sets.length, replaces: sets[0].replaces ?? [] },
  };
}

/** One set a micrograph that the file names; one named after the file where it names none. */
async function setsOf(
  file: string,
  folder: string,
  options: ReadOptions,
  heightOf: HeightOf,
): Promise<CoordinateSet[]> {
  const format = options.format ?? formatOfFile(file);
  const height = format?.needsSize ? await heightOf(file) : undefined;
  const records = await readRecords(file, {
    ...(options.format && { format: options.format }),
    ...(height !== undefined && { height }),
    ...(options.warn && { warn: options.warn }),
  });
  const { start } = await readStart(file, FIRST_LINE);
  return setsOfRecords(records, file, { folder, format, replaces: replacedBy(start, file) });
}

/**
 * Reads a coordinate file of any length: text line by line.
 *
 * @throws FileError
 */
export async function readRecords(
  file: string,
  options: ParseOptions & Pick<ReadOptions, 'warn'> = {},
): Promise<CoordinateRecord[]> {
  const format = options.format ?? formatOfFile(file);
  if (!format?.scan) return parseCoordinates(await readWhole(file), file, options);
  try {
    const scanner = format.scan(options);
    const splitter = splitLines(scanner.line);
    await readPieces(file, splitter.push);
    splitter.end();
    const records = scanner.end();
    for (const warning of scanner.warnings ?? []) options.warn?.(`${file}: ${warning}`);
    return records;
  } catch (cause) {
    throw notOfFormat(file, format, cause);
  }
}

/**
 * The sets in the bytes of a file that is not on disk: one for each micrograph that it names, or one named after the file.
 *
 * @throws FileError
 */
export function setsOfBytes(data: Uint8Array, file: string): CoordinateSet[] {
  return setsOfRecords(parseCoordinates(data, file), file, { folder: '', format: formatOfFile(file), replaces: [] });
}

/** What is known of a file beside its records. */
interface SetOrigin {
  readonly folder: string;
  readonly format: CoordinateFormat | undefined;
  readonly replaces: readonly string[];
}

function setsOfRecords(
  records: readonly CoordinateRecord[],
  file: string,
  { folder, format, replaces }: SetOrigin,
): CoordinateSet[] {
  const groups = new Map<string | null, CoordinateRecord[]>();
  for (const record of records) {
    // cryoSPARC marks paths below its project so.
    const owner = record.micrograph?.replace(/^>/, '') ?? null;
    const group = groups.get(owner);
    if (group) group.push(record);
    else groups.set(owner, [record]);
  }
  if (records.length === 0) groups.set(null, []);
  return [...groups].map(([owner, all]) => {
    const finite = all.filter(({ particle: { x, y } }) => Number.isFinite(x) && Number.isFinite(y));
    const box = finite[0]?.box;
    const diameters = finite.flatMap(({ diameter = 0 }) => (diameter > 0 ? [diameter] : []));
    const diameter = medianInPlace(Float64Array.from(diameters));
    const name = owner === null ? nameInFormat(file, format) : stem(owner);
    return {
      ...{ name, file, micrograph: owner ?? name.replace(SUFFIX, ''), namesMicrograph: owner !== null },
      folder: owner === null || dirname(owner) === '.' ? folder : dirname(owner),
      ...{ particles: finite.map(({ particle }) => particle), notPoints: all.length - finite.length },
      ...(box !== undefined && { box }),
      ...(diameter > 0 && { diameter }),
      ...(all[0]?.optics && { optics: all[0].optics }),
      ...(replaces.length > 0 && { replaces }),
    };
  });
}

/** The micrograph's name in that of its file, as the format itself would name it: `mic_autopick.star` is that of `mic`. */
function nameInFormat(file: string, format: CoordinateFormat | undefined): string {
  const [before, after] = basename(format?.perMicrograph?.path('\n') ?? '\n').split('\n');
  const name = basename(file).normalize('NFC');
  const own = name.startsWith(before) && name.endsWith(after) && after !== '';
  return own ? name.slice(before.length, name.length - after.length) : stem(file);
}

/** How a file of labels names one beside it whose labels it took over: a comment in its first line. */
export const REPLACES = '# replaces ';

function replacedBy(data: Uint8Array, file: string): string[] {
  if (!/\.csv$/i.test(file)) return [];
  const [first] = new TextDecoder().decode(data.subarray(0, FIRST_LINE)).split('\n', 1);
  return first.startsWith(REPLACES) ? first.slice(REPLACES.length).trim().split('\t') : [];
}

type HeightOf = (file: string) => Promise<number | undefined>;

/** Rows of the micrographs that files belong to, which is found by their names alone. */
function heightsOf(files: readonly string[], top: string | null, { micrographs = [], format }: ReadOptions): HeightOf {
  const places = files.map(
    (file): CoordinateSet => ({
      ...{ file, name: nameInFormat(file, format ?? formatOfFile(file)), micrograph: file, namesMicrograph: false },
      ...{ folder: top === null ? '' : folderBelow(top, file), particles: [], notPoints: 0 },
    }),
  );
  const owners = new Map<string, InputMicrograph>();
  const find = () => {
    for (const { owner, set } of pairCoordinates(micrographs, places, () => {}).pairs) owners.set(set.file, owner);
  };
  return async (file) => {
    if (owners.size === 0) find();
    const owner = owners.get(file);
    return owner && (await readMicrographHeader(owner.path)).height;
  };
}
