/** Confirmed picks join the labels (paper, Fig. 2: true and false positives go back into the training set). */

import type { Point } from '../core/particle.js';
import { indexPoints } from '../evaluation/match.js';

/** The labels of a micrograph. */
export interface Labels {
  readonly particles: readonly Point[];
  /** Places that are no particles. */
  readonly negatives: readonly Point[];
}

/** What a person decided about picks. */
export interface Confirmed {
  readonly accepted: readonly Point[];
  readonly rejected: readonly Point[];
}

/** Points closer than this many diameters are about the same particle. */
export const SAME_DIAMETERS = 0.3;

/**
 * Adds accepted picks that are not labelled yet and rejected picks as negatives. What was decided last counts: labels at
 * rejected places go, and so do negatives at accepted ones.
 *
 * @param diameter - of the particle in pixels
 */
export function addConfirmed(labels: Labels, { accepted, rejected }: Confirmed, diameter: number): Labels {
  const distance = SAME_DIAMETERS * diameter;
  const kept = awayFrom(labels.particles, rejected, distance);
  const negatives = awayFrom(labels.negatives, accepted, distance);
  return {
    particles: [...kept, ...awayFrom(distinct(accepted, distance), kept, distance)],
    negatives: [...negatives, ...awayFrom(distinct(rejected, distance), negatives, distance)],
  };
}

/** The points that are farther than `distance` pixels from each of the others. */
export function awayFrom<P extends Point>(points: readonly P[], others: readonly Point[], distance: number): P[] {
  if (points.length === 0) return [];
  const index = indexPoints(others);
  return points.filter(({ x, y }) => (index?.within(x, y, distance).length ?? 0) === 0);
}

/** The points of which none that is kept before them lies within `distance` pixels. */
export function distinct(points: readonly Point[], distance: number): Point[] {
  const index = indexPoints(points);
  const gone = new Set<number>();
  return points.filter(({ x, y }, i) => {
    if (gone.has(i)) return false;
    for (const j of index?.within(x, y, distance) ?? []) if (j > i) gone.add(j);
    return true;
  });
}
