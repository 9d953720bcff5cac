/** Labels that all lie to the same side of their particles. */

import type { Evaluation } from '../evaluation/evaluate.js';

/** Share of the diameter from which on a common offset is worth a word: extraction and refinement bear less. */
const NOTABLE = 0.03;
/** Fewer labels than this can lie to one side by chance: single ones are off by some 5 % of the diameter along either axis. */
const ENOUGH_LABELS = 50;

/**
 * Says how far labels lie from the picks that match them, on average: the network averages over turns, so that its picks have no
 * direction to be off in.
 *
 * @param diameter - in pixels of the evaluation
 * @returns null where the offset is small, or the labels are few
 */
export function describeOffset(
  { meanOffset, truthCount }: Pick<Evaluation, 'meanOffset' | 'truthCount'>,
  diameter: number,
): string | null {
  if (!meanOffset || truthCount < ENOUGH_LABELS) return null;
  const [x, y] = [-meanOffset.x, -meanOffset.y];
  const share = Math.hypot(x, y) / diameter;
  if (share < NOTABLE) return null;
  return (
    `held-out labels lie on average ${x.toFixed(1)} px in x and ${y.toFixed(1)} px in y from the picks that match them ` +
    `(${(100 * share).toFixed(1)} % of the diameter): picks are centred on what the image shows, not on the labels`
  );
}
