/** The micrograph that coordinates belong to. */

import { LabelError } from '../errors.js';
import type { InputMicrograph } from './inputs.js';
import { baseName } from './names.js';

/** Micrographs by base name, made once for each list. */
const indices = new WeakMap<readonly InputMicrograph[], Map<string, InputMicrograph[]>>();

function indexOf(inputs: readonly InputMicrograph[]): Map<string, InputMicrograph[]> {
  const known = indices.get(inputs);
  if (known) return known;
  const index = new Map<string, InputMicrograph[]>();
  for (const input of inputs) {
    const name = baseName(input.path);
    const named = index.get(name);
    if (named) named.push(input);
    else index.set(name, [input]);
  }
  indices.set(inputs, index);
  return index;
}

/** What is known of the coordinates: their file, and the name and folder that it gives. */
interface CoordinateOrigin {
  readonly file: string;
  readonly name?: string;
  readonly folder?: string;
}

/**
 * Finds a micrograph by the base name of its coordinates; of equal names the one in the same folder.
 *
 * @returns undefined where there is none
 * @throws LabelError if there are several
 */
export function findMicrograph(
  inputs: readonly InputMicrograph[],
  { file, name = baseName(file), folder }: CoordinateOrigin,
): InputMicrograph | undefined {
  const named = indexOf(inputs).get(name) ?? [];
  if (named.length < 2) return named[0];
  const inFolder = named.filter((input) => input.folder === folder || `/${file}`.includes(`/${input.folder}/`));
  if (inFolder.length === 1) return inFolder[0];
  throw new LabelError({
    what: `More than one micrograph is named "${name}"`,
    received: named.map(({ path }) => path).join(', '),
    expected: `one in the folder of ${file}`,
  });
}
