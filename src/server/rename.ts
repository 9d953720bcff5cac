/** Names of models and sets of picks: renamed together, deleted into the project's trash, and brought back from there. */

import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../core/errors.js';
import { CLASSES } from './classes.js';
import { isGeneral, TRASH } from './models.js';
import type { Project } from './project.js';
import { SELECTED } from './selected.js';

/** Folders in which a name stands for a file NAME.*, and those in which it stands for a folder. */
const FILES = ['models', CLASSES] as const;
const FOLDERS = ['picks', SELECTED] as const;

/** Files and folders of a name, below the project. */
async function partsOf({ folder }: Project, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const kind of FILES) {
    const files = await readdir(join(folder, kind)).catch(() => []);
    found.push(...files.filter((file) => file.startsWith(`${name}.`)).map((file) => join(kind, file)));
  }
  for (const kind of FOLDERS) if (existsSync(join(folder, kind, name))) found.push(join(kind, name));
  return found;
}

async function move(project: Project, from: string, to: string): Promise<void> {
  await mkdir(dirname(join(project.folder, to)), { recursive: true });
  await rename(join(project.folder, from), join(project.folder, to));
}

/** @throws UsageError if there is nothing of that name */
async function knownParts(project: Project, name: string): Promise<string[]> {
  const parts = await partsOf(project, name);
  if (parts.length > 0) return parts;
  throw new UsageError({ what: 'There is no model and no set of picks of that name', received: name });
}

/**
 * Gives a model and its picks another name.
 *
 * @throws UsageError if the name is not there, is taken, or is one of the general model's, which say how they were made
 */
export async function renameAll(project: Project, name: string, to: string): Promise<void> {
  if (isGeneral(name) || isGeneral(to)) {
    throw new UsageError({
      what: 'Picks of the general model keep their name, which says how they were made',
      received: `${name} to ${to}`,
      expected: 'another name',
    });
  }
  const parts = await knownParts(project, name);
  if ((await partsOf(project, to)).length > 0) {
    throw new UsageError({ what: 'This name is taken', received: to, expected: 'another name' });
  }
  for (const part of parts) await move(project, part, join(dirname(part), basename(part).replace(name, to)));
  await project.change(({ thresholds }) => {
    const { [name]: own, ...others } = thresholds;
    return { thresholds: own === undefined ? others : { ...others, [to]: own } };
  });
}

/**
 * Moves a model and its picks into the trash.
 *
 * @returns what brings them back
 * @throws UsageError if the name is not there
 */
export async function removeAll(project: Project, name: string): Promise<string> {
  const parts = await knownParts(project, name);
  const id = await freeId(project, name);
  for (const part of parts) await move(project, part, join(TRASH, id, part));
  return id;
}

async function freeId({ folder }: Project, name: string): Promise<string> {
  const taken = new Set(await readdir(join(folder, TRASH)).catch(() => []));
  for (let i = 1; ; i++) if (!taken.has(`${name}.${i}`)) return `${name}.${i}`;
}

/**
 * Brings back what was deleted.
 *
 * @throws UsageError if there is no such thing, or something of its name is there by now
 */
export async function restoreAll(project: Project, id: string): Promise<void> {
  const trash = join(project.folder, TRASH, id);
  const parts: string[] = [];
  for (const kind of [...FILES, ...FOLDERS]) {
    for (const file of await readdir(join(trash, kind)).catch(() => [])) parts.push(join(kind, file));
  }
  if (parts.length === 0) throw new UsageError({ what: 'There is nothing to bring back', received: id });
  const taken = parts.find((part) => existsSync(join(project.folder, part)));
  if (taken) {
    throw new UsageError({
      what: 'What was deleted cannot come back: something of its name is there',
      received: taken,
      expected: 'a name that is not taken',
      hint: 'Rename what is there first',
    });
  }
  for (const part of parts) await move(project, join(TRASH, id, part), part);
  await rm(trash, { recursive: true, force: true });
}
