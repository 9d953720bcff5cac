/** A project folder: `deepem.json`, `labels/`, `negatives/`, `masks/`, `models/`, `picks/`: plain files that the command line reads and writes. */

import { existsSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { FileError, messageOf, UsageError } from '../core/errors.js';
import type { StarMicrograph } from '../formats/relion-star.js';
import { startQueue } from '../runtime/queue.js';
import { readText, writeWhole } from '../storage/files.js';
import { commonFolder, expandMicrographs, type InputMicrograph } from '../storage/inputs.js';
import { assertOutputsApart, outputStem } from '../storage/outputs.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';

const SETTINGS = 'deepem.json';
/** Micrographs of the project, one path a line, for the commands; in a folder of its own, where it replaces nobody's file. */
export const LIST = '.deepem/micrographs.txt';
/** Folders that the project makes: what is in them are no micrographs. */
const OWN_FOLDERS = ['labels', 'negatives', 'masks', 'models', 'picks', 'selected', 'classes', 'exports', 'particles'];

const settingsSchema = z.strictObject({
  version: z.literal(1),
  /** Files, folders, globs or lists; the project folder itself where empty. */
  micrographs: z.array(z.string()),
  /** Folder below which micrographs have their ids, from the project's; chosen once, so that more micrographs change no id. */
  root: z.string().nullable(),
  /** Of the particle in full-size pixels. */
  diameter: z.number().min(4).max(10_000).nullable(),
  /** Angstroms per pixel, instead of what the files say. */
  pixelSize: z.number().min(0.01).max(1000).nullable(),
  /** Ids of micrographs that a person has looked at. */
  checked: z.array(z.string()),
  /** Ids of micrographs that are left out of counts, averages, classes and exports. */
  excluded: z.array(z.string()).default([]),
  /** Chosen thresholds by set of picks. */
  thresholds: z.record(z.string(), z.number().min(0).max(1)),
});

/** What is kept in `deepem.json`. */
export type ProjectSettings = z.infer<typeof settingsSchema>;

const NEW: ProjectSettings = {
  version: 1,
  micrographs: [],
  root: null,
  diameter: null,
  pixelSize: null,
  checked: [],
  excluded: [],
  thresholds: {},
};

/** An open project. */
export interface Project {
  readonly folder: string;
  readonly name: string;
  settings(): ProjectSettings;
  /** Changes settings: one change after the other, and each counts only once it is on disk. */
  change(change: (now: ProjectSettings) => Partial<ProjectSettings>): Promise<void>;
  /** The micrographs by id, as found last. */
  micrographs(): ReadonlyMap<string, InputMicrograph>;
  /** The entry of a micrograph in the `micrographs.star` that listed it; undefined where none did. */
  star(id: string): StarMicrograph | undefined;
  /** What lies in the folders and is left out, in sentences. */
  notices(): readonly string[];
  /** Looks for micrographs again, and writes the list for the commands. */
  refresh(): Promise<void>;
  /** Angstroms per pixel: as set, else of the first micrograph that says so. */
  pixelSize(): number | null;
  /** That which commands must be given: as set, or of a list that knew it; the files say the rest. */
  givenPixelSize(): number | null;
  /** The folder below which ids are kept. */
  root(): string;
}

/**
 * Opens a project, making `deepem.json` where there is none.
 *
 * @param args - micrographs, kept in the settings; by default those kept there, else all below the folder
 * @throws FileError if the settings are damaged; UsageError if micrographs that were named are not there, or two have one name
 */
export async function openProject(path: string, args: readonly string[]): Promise<Project> {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new UsageError({ what: 'There is no such project folder', received: path, expected: 'a folder' });
  }
  const folder = await realpath(path);
  let settings = await readSettings(folder);
  if (args.length > 0) settings = { ...settings, micrographs: args.map((arg) => fromFolder(folder, arg)) };
  let micrographs = new Map<string, InputMicrograph>();
  let stars = new Map<string, StarMicrograph>();
  let [found, listed]: (number | null)[] = [null, null];
  let notices: readonly string[] = [];
  const inTurn = startQueue();
  const write = (now: ProjectSettings) => writeWhole(join(folder, SETTINGS), `${JSON.stringify(now, null, 1)}\n`);
  const project: Project = {
    folder,
    name: basename(folder),
    settings: () => settings,
    change: (change) =>
      inTurn(async () => {
        const changed = settingsSchema.parse({ ...settings, ...change(settings) });
        await write(changed);
        settings = changed;
      }),
    micrographs: () => micrographs,
    star: (id) => stars.get(resolve(micrographs.get(id)?.path ?? '')),
    notices: () => notices,
    async refresh() {
      const said: string[] = [];
      const given = await findMicrographs(folder, settings.micrographs, (sentence) => said.push(sentence));
      notices = said;
      stars = new Map(given.flatMap(({ path, star }) => (star ? [[resolve(path), star] as const] : [])));
      const paths = given.map(({ path }) => path);
      const root = resolve(folder, settings.root ?? rootOf(folder, paths));
      if (paths.length > 0) settings = { ...settings, root: fromFolder(folder, root) };
      const inputs = await expandMicrographs(paths, { root });
      assertOutputsApart(inputs, join(folder, 'labels'));
      micrographs = new Map(inputs.map((input) => [outputStem(input), input]));
      listed = given.find(({ pixelSize }) => pixelSize !== null)?.pixelSize ?? null;
      found = listed ?? (await firstPixelSize(inputs));
      await writeWhole(join(folder, LIST), paths.map((path) => `${fromFolder(folder, path)}\n`).join(''));
    },
    pixelSize: () => settings.pixelSize ?? found,
    givenPixelSize: () => settings.pixelSize ?? listed,
    root: () => settings.root ?? '.',
  };
  await project.refresh();
  await write(settings);
  return project;
}

async function readSettings(folder: string): Promise<ProjectSettings> {
  const file = join(folder, SETTINGS);
  if (!existsSync(file)) return NEW;
  try {
    return settingsSchema.parse(JSON.parse(await readText(file)));
  } catch (cause) {
    throw new FileError(
      {
        what: `${file} is not a project of this version`,
        received: messageOf(cause).replace(/\s+/g, ' ').slice(0, 200),
        hint: 'Fix it, or move it away to start over: labels, models and picks stay',
      },
      { cause },
    );
  }
}

/** A path as it is typed in the project folder; patterns and `@lists` too. */
function fromFolder(folder: string, path: string): string {
  const [mark, plain] = path.startsWith('@') ? ['@', path.slice(1)] : ['', path];
  const below = relative(folder, resolve(plain));
  return mark + (below.startsWith('..') || isAbsolute(below) ? resolve(plain) : below || '.');
}

/** @throws UsageError */
async function findMicrographs(
  folder: string,
  args: readonly string[],
  notice: (sentence: string) => void,
): Promise<InputMicrograph[]> {
  const inFolder = (arg: string) => (arg.startsWith('@') ? `@${resolve(folder, arg.slice(1))}` : resolve(folder, arg));
  // A folder without micrographs waits for the microscope; what was named must be there.
  const all =
    args.length > 0
      ? await expandMicrographs(args.map(inFolder), { notice })
      : await expandMicrographs([folder], { notice, mayBeEmpty: true });
  const own = OWN_FOLDERS.map((name) => join(folder, name) + sep);
  const inputs = all.filter(({ path }) => !own.some((start) => resolve(path).startsWith(start)));
  if (inputs.length === 0 && args.length > 0) {
    throw new UsageError({ what: `There are no micrographs in ${folder}`, expected: 'at least one' });
  }
  return inputs;
}

/** The project's folder where all micrographs are in it, else the one that they share. */
function rootOf(folder: string, paths: readonly string[]): string {
  return paths.every((path) => resolve(path).startsWith(folder + sep)) ? folder : commonFolder(paths);
}

async function firstPixelSize(inputs: readonly InputMicrograph[]): Promise<number | null> {
  for (const { path } of inputs) {
    const size = (await readMicrographHeader(path).catch(() => null))?.pixelSize ?? null;
    if (size !== null) return size;
  }
  return null;
}
