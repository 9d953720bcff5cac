/** The files that a micrograph gets, and whether they may be written. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type InputMicrograph, listedName } from '../../storage/inputs.js';
import { assertFree, LEFT_OUT, outputStem, SCORES } from '../../storage/outputs.js';
import { formatRank } from '../../storage/read-micrograph.js';
import type { OpenRun } from '../../storage/run.js';
import type { PicksWriter } from '../../storage/write-picks.js';
import type { PickSettings } from './settings.js';

/** Where results go, and what is known of those that are there. */
export interface Results {
  readonly run: OpenRun;
  readonly writer: PicksWriter;
  readonly settings: PickSettings;
}

/**
 * Checks that picking replaces nothing but results of this run.
 *
 * @throws UsageError naming what would be replaced
 */
export async function assertReplacesNothing(inputs: readonly InputMicrograph[], results: Results): Promise<void> {
  const { writer, settings } = results;
  const files: string[] = [];
  for (const file of writer.lists) if (await isForeign(file, results)) files.push(file);
  for (const input of inputs) files.push(...(await foreignFiles(input, results)));
  assertFree(
    files.map((file) => join(settings.out, file)),
    settings.overwrite,
  );
}

/** Why the results of a micrograph cannot be written: a file that this run did not write, or the results of another micrograph. */
export async function whatIsInTheWay(input: InputMicrograph, results: Results): Promise<string | null> {
  const { run, settings } = results;
  const [foreign] = await foreignFiles(input, results);
  if (foreign) {
    return `${input.path}: ${join(settings.out, foreign)} would be replaced, which this run did not write, or which was changed since; --overwrite replaces it`;
  }
  const own = resolve(input.path);
  const others = filesOf(input, results).map((file) => run.ownerOf(file));
  const other = others.find((owner) => typeof owner === 'string' && owner !== own && existsSync(owner));
  if (!other || formatRank(input.path) < formatRank(other)) return null;
  return `${input.path}: its results would replace those of ${other}, which has the same name`;
}

/** Files of a micrograph that no run of this folder wrote. */
async function foreignFiles(input: InputMicrograph, results: Results): Promise<string[]> {
  if (results.run.wasBegun(input.path)) return [];
  const files: string[] = [];
  for (const file of filesOf(input, results)) if (await isForeign(file, results)) files.push(file);
  return files;
}

/** Whether a file is there that no run of this folder wrote, or that somebody changed since. */
async function isForeign(file: string, { run, settings }: Results): Promise<boolean> {
  if (!existsSync(join(settings.out, file))) return false;
  return run.ownerOf(file) === undefined || !(await run.isUnchanged(file));
}

/** All files that a micrograph gets, below the output folder. */
function filesOf(input: InputMicrograph, { writer, settings }: Results): string[] {
  return [
    ...writer.filesOf({ name: listedName(input), folder: input.folder }),
    ...(settings.saveScores ? [`${outputStem(input)}${SCORES}`] : []),
    ...(settings.saveLeftOut ? [`${outputStem(input)}${LEFT_OUT}`] : []),
  ];
}
