/** Picks held against truth, on their micrograph. */

import type { Image, Micrograph } from '../core/micrograph.js';
import type { Particle, Point } from '../core/particle.js';
import { matchPicks } from '../evaluation/match.js';
import { drawPicks } from './picture.js';

/** Colours that colour-blind people can tell on grey (Okabe & Ito 2008): right, false and missed. */
export const JUDGED_COLOURS = { right: '#56b4e9', false: '#d55e00', missed: '#f0e442' } as const;

/** What is drawn. */
export interface JudgedPicks {
  readonly truth: readonly Point[];
  /** Picks above the threshold. */
  readonly picks: readonly Particle[];
  /** Largest distance of a match, and diameter of the circles, in full-size pixels. */
  readonly radius: number;
  readonly diameter: number;
}

/** Draws right picks blue, false ones red and missed particles yellow, as PNG. */
export function drawJudged(
  micrograph: Image & Pick<Micrograph, 'pixelSize'>,
  { truth, picks, radius, diameter }: JudgedPicks,
): Promise<Uint8Array> {
  const matches = matchPicks(truth, picks, radius);
  const found = new Set(matches.map((match) => match.truth));
  const group = (right: boolean) => matches.filter((match) => match.truth >= 0 === right).map(({ pick }) => pick);
  const groups = [
    { points: group(true), diameter, colour: JUDGED_COLOURS.right },
    { points: group(false), diameter, colour: JUDGED_COLOURS.false },
    { points: truth.filter((_, i) => !found.has(i)), diameter, colour: JUDGED_COLOURS.missed },
  ];
  return drawPicks(micrograph, groups, micrograph.pixelSize);
}
