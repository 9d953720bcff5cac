/** Labels that other programs, or a person, put into the folders of a project: whose they are, and what is left alone. */

import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Point } from '../core/particle.js';
import { counted, listed } from '../core/words.js';
import { pairCoordinates } from '../storage/coordinate-pairs.js';
import { readCoordinateSets } from '../storage/coordinates.js';
import { commonFolder, type InputMicrograph } from '../storage/inputs.js';

/** What was found. */
export interface ForeignLabels {
  /** Labels to be copied: of a micrograph, and the file that they come from as the label file of the micrograph names it. */
  readonly taken: readonly { readonly id: string; readonly points: readonly Point[]; readonly name: string }[];
  /** What was taken and what was not, in sentences. */
  readonly notices: readonly string[];
}

/**
 * Looks for label files that the page did not write. They are taken only where their path, or their name and folders, say whose they
 * are, and only for micrographs that have no file of the page's own.
 *
 * @param folder - of the labels
 * @param fileOf - the page's own file of a micrograph
 */
export async function foreignLabels(
  folder: string,
  micrographs: ReadonlyMap<string, InputMicrograph>,
  fileOf: (id: string) => string,
): Promise<ForeignLabels> {
  if (!existsSync(folder)) return { taken: [], notices: [] };
  const own = new Set([...micrographs.keys()].map(fileOf));
  const { sets, failed } = await readCoordinateSets(folder).catch(() => ({ sets: [], failed: [] }));
  const unclear: string[] = [];
  const ids = belowCommonFolder(micrographs);
  const pairing = pairCoordinates([...ids.keys()], sets, (error) => unclear.push(error.message));
  const isSure = ({ rule }: { readonly rule: string }) => rule === 'path' || rule === 'folders';
  const foreign = pairing.pairs.filter(({ set }) => !own.has(set.file));
  const taken = foreign.filter(isSure).flatMap(({ owner, set }) => {
    const id = ids.get(owner) ?? '';
    if (existsSync(fileOf(id))) return [];
    const points = set.particles.map(({ x, y }) => ({ x, y }));
    return [{ id, points, name: relative(dirname(fileOf(id)), set.file), file: set.file }];
  });
  const left = [
    ...foreign.filter((pair) => !isSure(pair)).map(({ set, owner }) => `${set.file} (perhaps of ${owner.path})`),
    ...pairing.sets.filter(({ file }) => !own.has(file)).map(({ file }) => file),
  ];
  const damaged = failed.filter(({ file }) => !own.has(file)).map(({ reason }) => `not read: ${reason}`);
  const unclearFolders = listed(
    ['label file', 'not used, because the folder does not say which micrograph it belongs to'],
    [...new Set(left)],
  );
  return {
    taken,
    notices: [
      ...taken.map(({ id, points, file }) => `${file}: ${counted(points.length, 'label')} copied to ${fileOf(id)}`),
      ...(unclearFolders === null ? [] : [unclearFolders]),
      ...unclear.map((message) => `not used: ${message}`),
      ...damaged,
    ],
  };
}

/** Ids by micrographs, whose folders are those below the one that all share: people repeat these folders, not the project's. */
function belowCommonFolder(micrographs: ReadonlyMap<string, InputMicrograph>): Map<InputMicrograph, string> {
  const common = commonFolder([...micrographs.values()].map(({ path }) => path));
  return new Map(
    [...micrographs].map(([id, input]) => [{ ...input, folder: relative(common, dirname(resolve(input.path))) }, id]),
  );
}
