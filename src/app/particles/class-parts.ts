/** Particles parted by the numbers of their 2D classes. */

import { LabelError, UsageError } from '../../core/errors.js';
import type { Particle } from '../../core/particle.js';
import type { CoordinateSet } from '../../storage/coordinate-pairs.js';
import { type ClassSelection, selectClasses } from '../../training/sort-picks.js';

/** Classes that were kept, the others being rejected, or the reverse. */
export interface ClassNumbers {
  readonly keep?: readonly number[];
  readonly reject?: readonly number[];
}

/**
 * What parts the particles of classified sets.
 *
 * @param file - that the sets are from, for the errors
 * @throws LabelError, UsageError where classes are not known or not there
 */
export function classParter(
  file: string,
  sets: readonly CoordinateSet[],
  { keep, reject = [] }: ClassNumbers,
): (particles: readonly Particle[]) => ClassSelection {
  const known = new Set(sets.flatMap(({ particles }) => particles.flatMap((one) => one.class ?? [])));
  if (known.size === 0) {
    throw new LabelError({
      what: `${file} does not say to which class a particle belongs`,
      expected: 'the table that deepem classes writes, or a STAR file with rlnClassNumber',
    });
  }
  const wrong = [...(keep ?? []), ...reject].find((number) => !known.has(number));
  if (wrong !== undefined) {
    throw new UsageError({
      what: `There is no class ${wrong} in ${file}`,
      received: `class ${wrong}`,
      expected: `one of ${[...known].sort((a, b) => a - b).join(', ')}`,
    });
  }
  return (particles) => selectClasses(particles, (number) => (keep ? keep.includes(number) : !reject.includes(number)));
}
