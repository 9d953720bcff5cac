/** From what a user types (files, folders, globs, a `micrographs.star`) to a list of micrographs. */

import { type Dirent, existsSync, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { FileError, messageOf, UsageError } from '../core/errors.js';
import { listed } from '../core/words.js';
import { readMicrographsStar, type StarMicrograph } from '../formats/relion-star.js';
import { inWords, readText } from './files.js';
import { stem } from './names.js';
import { formatRank, hasMicrographEnding, MICROGRAPH_ENDINGS } from './read-micrograph.js';

/** A micrograph to work on. */
export interface InputMicrograph {
  /** Path as given, or below the folder given. */
  readonly path: string;
  /** Angstroms per pixel as a `micrographs.star` has it, or null. */
  readonly pixelSize: number | null;
  /**
   * Folder below the common folder of all inputs, `` for that folder itself; of a micrograph that a `micrographs.star` names, the
   * folder below its RELION job.
   */
  readonly folder: string;
  /** Its entry in a `micrographs.star`, where it comes from one. */
  readonly star?: StarMicrograph;
}

/** A RELION job: its outputs repeat the folders below it. */
const JOB = /^[^/]+\/job\d+\//;

/** The name by which other programs know a micrograph: as in its `micrographs.star`, else its path. */
export function listedName({ path, star }: InputMicrograph): string {
  return star?.name ?? path;
}

/** How arguments are expanded. */
export interface ExpandOptions {
  /** Folder below which folders are kept, instead of the common one: then they do not depend on the other inputs. */
  readonly root?: string;
  /** Told, in sentences, what lies in a folder and is left out: previews, gain references, folders that cannot be read. */
  readonly notice?: (sentence: string) => void;
  /** Whether a folder may have no micrographs; false by default. */
  readonly mayBeEmpty?: boolean;
}

/**
 * Expands arguments to micrographs, in a fixed order and each once.
 *
 * A folder means all micrographs below it, a pattern all that match; of equal names in one folder the best format is taken, because
 * microscopes and programs put previews beside micrographs. A `.star` file means the micrographs it lists, `@FILE` those named in a text
 * file; a micrograph that was named itself stays whatever is beside it, also if it does not exist, so that it is reported with the others
 * that cannot be read.
 *
 * @throws UsageError if an argument matches nothing at all
 */
export async function expandMicrographs(
  args: readonly string[],
  { root, notice = () => {}, mayBeEmpty = false }: ExpandOptions = {},
): Promise<InputMicrograph[]> {
  const found = new Map<string, Omit<InputMicrograph, 'folder'>>();
  const named = new Set(args.filter(hasMicrographEnding).map((arg) => resolve(arg)));
  const namesTaken = new Set([...named].map(nameAndFolder));
  for (const arg of args) {
    for (const input of await expandOne(arg, notice, mayBeEmpty)) {
      const path = resolve(input.path);
      if (named.has(path) || !namesTaken.has(nameAndFolder(path))) found.set(path, input);
    }
  }
  const common = commonFolder([...found].flatMap(([path, { star }]) => (star ? [] : [path])));
  return [...found].map(([path, input]) => {
    if (root !== undefined) return { ...input, folder: folderBelow(resolve(root), dirname(path)) };
    return { ...input, folder: input.star ? folderOfListed(input.star.name) : relative(common, dirname(path)) };
  });
}

/** A folder below another one; of one that lies elsewhere its whole path, so that nothing leads out of the output folder. */
function folderBelow(root: string, folder: string): string {
  const below = relative(root, folder);
  return below === '..' || below.startsWith(`..${sep}`) ? relative(sep, folder) : below;
}

/** The folder below the job; nothing in a list leads out of the output folder. */
function folderOfListed(name: string): string {
  const folders = dirname(name.replace(JOB, '')).split('/');
  return folders.filter((folder) => !['', '.', '..'].includes(folder)).join('/');
}

async function expandOne(
  arg: string,
  notice: (sentence: string) => void,
  mayBeEmpty: boolean,
): Promise<Omit<InputMicrograph, 'folder'>[]> {
  if (/\.star$/i.test(arg)) return expandStar(arg);
  if (arg.startsWith('@') && !existsSync(arg)) return expandList(arg.slice(1));
  if (existsSync(arg) && statSync(arg).isDirectory()) {
    const files = bestOfEachName(await filesBelow(arg, hasMicrographEnding, notice), notice);
    if (files.length > 0) return files.map((path) => ({ path, pixelSize: null }));
    if (hasMicrographEnding(arg)) return [{ path: arg, pixelSize: null }];
    if (mayBeEmpty) return [];
    throw new UsageError({
      what: `The folder ${arg} has no micrographs`,
      expected: `files ending in ${MICROGRAPH_ENDINGS.map((ending) => `.${ending}`).join(', ')}`,
    });
  }
  const isPattern = /[*?[\]{}]/.test(arg);
  if (existsSync(arg) || (hasMicrographEnding(arg) && !isPattern)) return [{ path: arg, pixelSize: null }];
  const matches = await glob(arg, { expandDirectories: false, absolute: isAbsolute(arg) });
  const files = bestOfEachName(matches.filter(hasMicrographEnding).sort(), notice);
  if (files.length > 0) return files.map((path) => ({ path, pixelSize: null }));
  throw new UsageError({ what: `There is no file, folder or match of ${arg}`, expected: 'micrographs' });
}

/** Names that microscopes and cameras give to images that are no micrographs. */
const NO_MICROGRAPH = /(^|[_.-])(gain|gainref\w*|countref\w*|superref\w*|darkref\w*|defects?|beamtilt)([_.-]|$)/i;

/**
 * Of files with equal names in one folder the one of the best format; gain references and the like are left out.
 *
 * @param files - sorted
 */
export function bestOfEachName(files: readonly string[], notice: (sentence: string) => void): string[] {
  const best = new Map<string, string>();
  const [previews, references]: string[][] = [[], []];
  for (const file of files) {
    const name = stem(file);
    if (NO_MICROGRAPH.test(name)) {
      references.push(file);
      continue;
    }
    // Two of one format are two micrographs, whose results would share a name: that is for the caller to refuse.
    const key = nameAndFolder(file);
    const other = best.get(key);
    if (other !== undefined && formatRank(file) === formatRank(other)) {
      best.set(file, file);
      continue;
    }
    if (other === undefined || formatRank(file) < formatRank(other)) best.set(key, file);
    if (other !== undefined) previews.push(formatRank(file) < formatRank(other) ? other : file);
  }
  const tell = (fate: string, some: readonly string[]) => {
    const words = listed(['file', fate], some);
    if (words !== null) notice(words);
  };
  tell('left out, because there is a better format of the same name', previews);
  tell('left out, because of a name as gain references and the like have', references);
  return [...best.values()];
}

/** What files of equal names in one folder share. */
function nameAndFolder(file: string): string {
  return join(dirname(resolve(file)), stem(file));
}

/** A text file with one path a line. */
async function expandList(file: string): Promise<Omit<InputMicrograph, 'folder'>[]> {
  const paths = (await readText(file)).split(/\r?\n/).map((line) => line.trim());
  const listed = paths
    .filter((path) => path !== '' && !path.startsWith('#'))
    .map((path) => ({ path, pixelSize: null }));
  if (listed.length > 0) return listed;
  throw new UsageError({ what: `The list ${file} is empty`, expected: 'one micrograph a line' });
}

async function expandStar(file: string): Promise<Omit<InputMicrograph, 'folder'>[]> {
  const text = await readText(file);
  try {
    return readMicrographsStar(text).map((star) => {
      const besideStar = join(dirname(file), star.name);
      const path = !existsSync(star.name) && existsSync(besideStar) ? besideStar : star.name;
      return { path, pixelSize: star.pixelSize, star };
    });
  } catch (cause) {
    throw new FileError(
      {
        what: `Cannot read micrographs from ${file}`,
        received: messageOf(cause),
        expected: 'a list with rlnMicrographName',
      },
      { cause },
    );
  }
}

/**
 * The files below a folder that pass a test by their names, sorted, as paths that start with the folder. Links are followed; what is
 * no file (a broken link, a pipe) is in the list, so that reading it gives the reason. Names that begin with a dot are left out, and
 * folders below it that cannot be read (`lost+found`).
 *
 * @throws FileError if the folder itself cannot be read
 */
export async function filesBelow(
  folder: string,
  accept: (file: string) => boolean,
  notice: (sentence: string) => void = () => {},
): Promise<string[]> {
  const files: string[] = [];
  const visited = new Set<string>();
  const walk = async (below: string): Promise<void> => {
    const entries = await entriesOf(join(folder, below), visited, (error) => {
      if (below === '') throw error;
      notice(`left out: ${error.message}`);
    });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = join(below, entry.name);
      if (await isFolder(join(folder, path), entry)) await walk(path);
      else if (accept(path)) files.push(path);
    }
  };
  await walk('');
  return files.sort().map((file) => join(folder, file));
}

/** What is in a folder that was not visited yet, by whatever name. */
async function entriesOf(folder: string, visited: Set<string>, failed: (error: FileError) => void): Promise<Dirent[]> {
  try {
    const real = await realpath(folder);
    if (visited.has(real)) return [];
    visited.add(real);
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    failed(inWords('read the folder', folder, cause));
    return [];
  }
}

async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** The folder that all paths share. */
export function commonFolder(paths: readonly string[]): string {
  const folders = paths.map((path) => dirname(resolve(path)).split(sep));
  const first = folders[0] ?? [];
  let length = first.length;
  for (const folder of folders) {
    while (length > 0 && first.slice(0, length).join(sep) !== folder.slice(0, length).join(sep)) length--;
  }
  return first.slice(0, length).join(sep) || sep;
}
