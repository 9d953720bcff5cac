/** Confirmed picks join the labels (paper, Fig. 2: true and false positives go back into the training set). */

import { indexPoints } from '../evaluation/match.js';
import type { Point } from '../particle.js';

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
  const kept = awayFrom(labels.particles, rejected, diameter);
  const negatives = awayFrom(labels.negatives, accepted, diameter);
  return {
    particles: [...kept, ...awayFrom(accepted, kept, diameter)],
    negatives: [...negatives, ...awayFrom(rejected, negatives, diameter)],
  };
}

/** The points that are not about the same particle as any of the others. */
export function awayFrom(points: readonly Point[], others: readonly Point[], diameter: number): Point[] {
  const distance = SAME_DIAMETERS * diameter;
  const index = indexPoints(others);
  return points.filter(({ x, y }) => (index?.within(x, y, distance).length ?? 0) === 0);
}
