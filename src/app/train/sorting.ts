/** How a person sorted the picks of a model. */

import type { CoordinateSet } from '../../storage/coordinate-pairs.js';
import type { Tell } from '../events.js';
import { readLabels } from '../labels/labelled-inputs.js';
import { classParter } from '../particles/class-parts.js';

/** One by one (a folder of coordinate files or one file each), or by 2D class. */
export type Sorting =
  | { readonly kind: 'picks'; readonly accepted?: string; readonly rejected?: string }
  | { readonly kind: 'classes'; readonly file: string; readonly rejected: readonly number[] };

/** Sorted picks. */
export interface SortedSets {
  readonly accepted: readonly CoordinateSet[];
  readonly rejected: readonly CoordinateSet[];
  /** Where accepted ones are from; null: there are none. */
  readonly from: string | null;
}

/** Reads sorted picks. @throws LabelError, FileError, UsageError if they cannot be read */
export async function readSorted(sorting: Sorting, tell: Tell): Promise<SortedSets> {
  if (sorting.kind === 'picks') {
    const { accepted, rejected } = sorting;
    return {
      accepted: accepted ? await readLabels(accepted, tell) : [],
      rejected: rejected ? await readLabels(rejected, tell) : [],
      from: accepted ?? null,
    };
  }
  const sets = await readLabels(sorting.file, tell);
  const part = classParter(sorting.file, sets, { reject: sorting.rejected });
  const parted = sets.map((set) => ({ set, selection: part(set.particles) }));
  return {
    accepted: parted.map(({ set, selection }) => ({ ...set, particles: selection.kept })),
    rejected: parted.map(({ set, selection }) => ({ ...set, particles: selection.rejected })),
    from: sorting.file,
  };
}
