/** Labels that all lie to the same side of their particles. */

import type { Evaluation } from '../evaluation/evaluate.js';

/** Share of the diameter from which on a common offset is worth a word: extraction and refinement bear less. */
const NOTABLE = 0.03;

/**
 * Says how far labels lie from the picks that match them, on average: the network averages over turns, so that its picks have no
 * direction to be off in.
 *
 * @param diameter - in pixels of the evaluation
 * @returns null where the offset is small
 */
export function describeOffset({ meanOffset }: Pick<Evaluation, 'meanOffset'>, diameter: number): string | null {
  if (!meanOffset) return null;
  const [x, y] = [-meanOffset.x, -meanOffset.y];
  const share = Math.hypot(x, y) / diameter;
  if (share < NOTABLE) return null;
  const along = (value: number, words: readonly [string, string]) =>
    `${Math.abs(value).toFixed(1)} px ${words[value < 0 ? 0 : 1]}`;
  return (
    `held-out labels lie on average ${along(x, ['left', 'right'])} of and ${along(y, ['above', 'below'])} the picks that match them ` +
    `(${(100 * share).toFixed(1)} % of the diameter): picks are centred on what the image shows, not on the labels`
  );
}
