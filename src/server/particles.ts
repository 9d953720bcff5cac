/**
 * What counts as a particle of a micrograph, for the screen, counts, averages, exports and classes alike: picks from the threshold on that
 * nobody rejected, and every place that a person accepted or labelled.
 */

import { indexPoints } from '../evaluation/match.js';
import type { Particle, Point } from '../particle.js';
import { awayFrom, type Labels, SAME_DIAMETERS } from '../training/confirmed.js';
import type { Decision } from './api.js';

/** A pick with what a person decided about it. */
export interface DecidedPick extends Required<Particle> {
  readonly decision: Decision;
  /** It counts as a particle at thresholds up to here: its score; 1 where it was accepted, -1 where it was rejected. */
  readonly counts: number;
}

/** Of what was accepted, and of labels: it counts at every threshold. */
const ALWAYS = 1;
const NEVER = -1;

/**
 * Picks with what was decided about them, and labels that no pick stands for.
 *
 * @param diameter - of the particle in pixels; null where it is not known: a decision then counts for its very place
 */
export function decidedPicks(
  picks: readonly Required<Particle>[],
  { particles, negatives }: Labels,
  diameter: number | null,
): DecidedPick[] {
  const distance = Math.max(1, SAME_DIAMETERS * (diameter ?? 0));
  const [accepted, rejected] = [indexPoints(particles), indexPoints(negatives)];
  const near = (index: ReturnType<typeof indexPoints>, { x, y }: Point) =>
    (index?.within(x, y, distance).length ?? 0) > 0;
  const decided = picks.map((pick): DecidedPick => {
    if (near(accepted, pick)) return { ...pick, decision: 'accepted', counts: ALWAYS };
    if (near(rejected, pick)) return { ...pick, decision: 'rejected', counts: NEVER };
    return { ...pick, decision: null, counts: pick.score };
  });
  const alone = awayFrom(particles, picks, distance);
  return [
    ...decided,
    ...alone.map((place): DecidedPick => ({ ...place, score: 1, decision: 'accepted', counts: ALWAYS })),
  ];
}

/** Those that count as particles at a threshold. */
export function particlesAt(picks: readonly DecidedPick[], threshold: number): DecidedPick[] {
  return picks.filter(({ counts }) => counts >= threshold);
}
