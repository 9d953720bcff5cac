/** The labels of a model that was trained before, and picks that were sorted since. */

import { dirname, relative, resolve } from 'node:path';
import type { Point } from '../../core/particle.js';
import type { CoordinateSet } from '../../storage/coordinate-pairs.js';
import { commonFolder, type InputMicrograph } from '../../storage/inputs.js';
import type { TrainingRecord } from '../../storage/model-file.js';
import { stem } from '../../storage/names.js';
import { addConfirmed } from '../../training/confirmed.js';
import type { Tell } from '../events.js';
import { micrographsOf } from '../inputs.js';
import { type LabelledInput, pairWithMicrographs } from '../labels/labelled-inputs.js';
import type { SortedSets } from './sorting.js';

/** What was trained on, then further micrographs; their folders are below the one that all of them share. */
export async function earlierInputs(
  record: TrainingRecord,
  micrographs: readonly string[],
  tell: Tell,
): Promise<LabelledInput[]> {
  const known = new Set(record.micrographs.map(({ path }) => resolve(path)));
  const further = micrographs.length > 0 ? await micrographsOf(micrographs, tell) : [];
  const inputs = [
    ...record.micrographs.map(({ path, pixelSize, particles, negatives, reviewed }) => ({
      input: { path, pixelSize, folder: '' },
      positives: setOf(path, particles),
      negatives: setOf(path, negatives),
      reviewed,
    })),
    ...further
      .filter(({ path }) => !known.has(resolve(path)))
      .map((input) => ({
        ...{ input, positives: setOf(input.path, []), negatives: setOf(input.path, []) },
        reviewed: true,
      })),
  ];
  const common = commonFolder(inputs.map(({ input }) => input.path));
  return inputs.map((one) => ({
    ...one,
    input: { ...one.input, folder: relative(common, dirname(resolve(one.input.path))) },
  }));
}

/** What else is needed to add sorted picks. */
interface AddOptions {
  /** The diameter of the particle in pixels of a micrograph. */
  readonly diameterIn: (input: InputMicrograph) => number;
  readonly tell: Tell;
}

/** Labels with what was sorted; further micrographs without any are left out. */
export function addSorted(
  inputs: readonly LabelledInput[],
  { accepted, rejected }: SortedSets,
  { diameterIn, tell }: AddOptions,
): LabelledInput[] {
  const micrographs = inputs.map(({ input }) => input);
  const find = (sets: readonly CoordinateSet[], what: string) =>
    sets.length === 0
      ? new Map<InputMicrograph, CoordinateSet>()
      : pairWithMicrographs(micrographs, sets, what, tell, {
          partial: true,
          hint: 'Give the micrographs that were picked as further arguments',
        });
  const [yes, no] = [find(accepted, 'accepted picks'), find(rejected, 'rejected picks')];
  return inputs.flatMap((one) => {
    const { particles, negatives } = addConfirmed(
      { particles: one.positives.particles, negatives: one.negatives?.particles ?? [] },
      { accepted: yes.get(one.input)?.particles ?? [], rejected: no.get(one.input)?.particles ?? [] },
      diameterIn(one.input),
    );
    if (particles.length + negatives.length === 0) return [];
    return [{ ...one, positives: setOf(one.input.path, particles), negatives: setOf(one.input.path, negatives) }];
  });
}

function setOf(path: string, particles: readonly Point[]): CoordinateSet {
  const named = { file: path, micrograph: path, namesMicrograph: true };
  return { ...named, name: stem(path), folder: '', particles, notPoints: 0 };
}
