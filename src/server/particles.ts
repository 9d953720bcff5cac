/**
 * What counts as a particle of a micrograph, for the screen, counts, averages, exports and classes alike: picks from the threshold on that
 * nobody rejected, and every place that a person accepted or labelled.
 */

import type { Point, ScoredParticle } from '../core/particle.js';
import { indexPoints } from '../evaluation/match.js';
import { awayFrom, type Labels, SAME_DIAMETERS } from '../training/confirmed.js';
import type { Decision } from './api.js';

/** A pick with what a person decided about it. */
export interface DecidedPick extends ScoredParticle {
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
  picks: readonly ScoredParticle[],
  { particles, negatives }: Labels,
  diameter: number | null,
): DecidedPick[] {
  const distance = Math.max(1, SAME_DIAMETERS * (diameter ?? 0));
  const rejected = indexPoints(negatives);
  const placed = labelsByPick(picks, particles, distance);
  const decided = picks.map((pick, i): DecidedPick => {
    const label = placed.get(i);
    if (label) return { ...pick, x: label.x, y: label.y, decision: 'accepted', counts: ALWAYS };
    if ((rejected?.within(pick.x, pick.y, distance).length ?? 0) > 0) {
      return { ...pick, decision: 'rejected', counts: NEVER };
    }
    return { ...pick, decision: null, counts: pick.score };
  });
  const alone = awayFrom(particles, picks, distance);
  return [
    ...decided,
    ...alone.map((place): DecidedPick => ({ ...place, score: 1, decision: 'accepted', counts: ALWAYS })),
  ];
}

/** The label that stands for a pick, by the index of the pick: a label stands for the nearest one, and it is where a person wants it. */
function labelsByPick(picks: readonly Point[], labels: readonly Point[], distance: number): ReadonlyMap<number, Point> {
  const index = indexPoints(picks);
  const found = new Map<number, Point>();
  for (const label of labels) {
    const apart = (i: number) => Math.hypot(picks[i].x - label.x, picks[i].y - label.y);
    const near = index?.within(label.x, label.y, distance) ?? [];
    const nearest = [...near].sort((a, b) => apart(a) - apart(b))[0];
    if (nearest === undefined) continue;
    const before = found.get(nearest);
    const known = before && Math.hypot(picks[nearest].x - before.x, picks[nearest].y - before.y);
    if (known === undefined || known > apart(nearest)) found.set(nearest, label);
  }
  return found;
}

/** Those that count as particles at a threshold. */
export function particlesAt(picks: readonly DecidedPick[], threshold: number): DecidedPick[] {
  return picks.filter(({ counts }) => counts >= threshold);
}
