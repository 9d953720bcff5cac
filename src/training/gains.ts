/** Whether one way of picking is surely better than another on the same labels. */

import type { Random } from '../core/random.js';
import { matchRadius } from '../core/sizes.js';
import type { EvaluatedMicrograph } from '../evaluation/evaluate.js';
import { type Gain, pairedGains } from '../evaluation/paired-bootstrap.js';

/** Side of the parts of the micrographs that are drawn to see how sure a gain is, in particle diameters. */
const PART_DIAMETERS = 3;
/** A gain is sure where it is this many of its standard deviations: labels are few, and the choices many. */
const SURE = 2;

/** Gains of other ways over a first one. Points and diameter are in pixels of the model's pixel size. */
export function gainsOver(
  first: readonly EvaluatedMicrograph[],
  others: readonly (readonly EvaluatedMicrograph[])[],
  diameter: number,
  random: Random,
): Gain[] {
  return pairedGains(first, others, { radius: matchRadius(diameter), part: PART_DIAMETERS * diameter, random });
}

/**
 * Whether a gain is sure.
 *
 * @param cost - what it must gain besides; 0 by default
 */
export function isSure({ mean, sd }: Gain, cost = 0): boolean {
  return mean - cost > SURE * sd;
}
