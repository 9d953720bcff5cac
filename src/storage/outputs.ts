/** Where the results of micrographs go, and that they harm nothing: no input is replaced, and no two results share a name. */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../core/errors.js';
import type { InputMicrograph } from './inputs.js';
import { stem } from './names.js';
import { hasMicrographEnding } from './read-micrograph.js';

/** Ending of score maps. */
export const SCORES = '_scores.mrc';
/** Ending of the candidates that filters left out. */
export const LEFT_OUT = '_left_out.json';

/** Existing files that an error names. */
const SHOWN = 3;

/**
 * The rule of every writer: a file that is there is replaced only where that was asked for. What a run goes on with is its own.
 *
 * @param overwrite - as given to --overwrite
 * @throws UsageError if one of the files is there
 */
export function assertFree(files: readonly string[], overwrite: boolean | undefined): void {
  if (overwrite) return;
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0) return;
  const more = there.length > SHOWN ? ` and ${there.length - SHOWN} more` : '';
  throw new UsageError({
    what: there.length === 1 ? 'A file would be replaced' : `${there.length} files would be replaced`,
    received: `${there.slice(0, SHOWN).join(', ')}${more}`,
    expected: 'names that are not taken',
    hint: 'Give another place, or --overwrite to replace what is there',
  });
}

/** Name of the outputs of a micrograph, below the output folder, without an ending. */
export function outputStem(input: InputMicrograph): string {
  return join(input.folder, stem(input.path));
}

/**
 * Checks that the results of each micrograph stand apart from it and from those of the others.
 *
 * @throws UsageError if results would stand beside a micrograph, where they could replace labels or the micrograph itself, or if two
 *   micrographs would be written to one file
 */
export function assertOutputsApart(inputs: readonly InputMicrograph[], out: string): void {
  const beside = inputs.find((input) => dirname(resolve(out, outputStem(input))) === dirname(resolve(input.path)));
  if (beside) {
    throw new UsageError({
      what: 'The results would stand beside the micrographs, where they could overwrite labels',
      received: `--out ${out}, so that ${dirname(join(out, outputStem(beside)))} is the folder of ${beside.path}`,
      expected: 'a folder without micrographs',
    });
  }
  const seen = new Map<string, string>();
  for (const input of inputs.filter(({ path }) => hasMicrographEnding(path))) {
    const other = seen.get(outputStem(input));
    if (other !== undefined) {
      throw new UsageError({
        what: 'Two micrographs would be written to the same file',
        received: `${other} and ${input.path}`,
        expected: 'different names once the ending is gone',
      });
    }
    seen.set(outputStem(input), input.path);
  }
}

/**
 * Checks that names are different also without their folders, for formats that keep none.
 *
 * @throws UsageError
 */
export function assertDistinctNames(paths: readonly string[], format: string): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const other = seen.get(stem(path));
    if (other !== undefined) {
      throw new UsageError({
        what: `The format ${format} names micrographs without their folders`,
        received: `${other} and ${path}`,
        expected: 'different names, or another format',
      });
    }
    seen.set(stem(path), path);
  }
}
