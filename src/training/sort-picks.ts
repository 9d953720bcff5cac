/** Picks sorted by a selection of 2D classes: those that were kept are particles, those that were rejected are none. */

import { isInside, type Particle, type Point } from '../core/particle.js';
import { indexPoints } from '../evaluation/match.js';
import { awayFrom, type Confirmed, SAME_DIAMETERS } from './confirmed.js';

/** What became of the particles of a micrograph that were classified. */
export interface ClassSelection {
  readonly kept: readonly Point[];
  readonly rejected: readonly Point[];
}

/** Sorted picks; the others were not classified and count neither way. */
export interface SortedPicks extends Confirmed {
  readonly accepted: readonly Particle[];
  readonly rejected: readonly Particle[];
  readonly undecided: readonly Particle[];
}

/**
 * Parts classified particles by their classes; those without a class are in neither.
 *
 * @param isKept - of a class
 */
export function selectClasses(particles: readonly Particle[], isKept: (number: number) => boolean): ClassSelection {
  const classified = particles.filter((one) => one.class !== undefined);
  return {
    kept: classified.filter((one) => isKept(one.class ?? 0)),
    rejected: classified.filter((one) => !isKept(one.class ?? 0)),
  };
}

/**
 * Sorts the picks of a micrograph: each goes with the nearest particle that was selected.
 *
 * @param distance - within which a pick and a selected particle are the same, in pixels
 */
export function sortPicks(
  picks: readonly Particle[],
  { kept, rejected }: ClassSelection,
  distance: number,
): SortedPicks {
  const [toKept, toRejected] = [distanceTo(kept, distance), distanceTo(rejected, distance)];
  const fateOf = (pick: Particle) => {
    const [near, far] = [toKept(pick), toRejected(pick)];
    if (near === Number.POSITIVE_INFINITY && far === Number.POSITIVE_INFINITY) return 'undecided';
    return near <= far ? 'accepted' : 'rejected';
  };
  const of = (fate: ReturnType<typeof fateOf>) => picks.filter((pick) => fateOf(pick) === fate);
  return { accepted: of('accepted'), rejected: of('rejected'), undecided: of('undecided') };
}

/**
 * Picks nearer to the edge than this many diameters may not have been classified at all: their boxes, at most two diameters wide, reach over it.
 * That they are not among those that were kept says nothing.
 */
const UNCLASSIFIED_EDGE = 1;

/**
 * The picks of a micrograph that another program classified and did not keep.
 *
 * @param kept - particles that it kept
 * @param diameter - in pixels
 */
export function notKept<P extends Point>(
  picks: readonly P[],
  kept: readonly Point[],
  { width, height }: { readonly width: number; readonly height: number },
  diameter: number,
): P[] {
  const others = awayFrom(picks, kept, SAME_DIAMETERS * diameter);
  return others.filter((pick) => isInside(pick, width, height, UNCLASSIFIED_EDGE * diameter));
}

/** The distance to the nearest of some points; infinite where none is within `largest`. */
function distanceTo(points: readonly Point[], largest: number): (point: Point) => number {
  const index = indexPoints(points);
  return ({ x, y }) =>
    Math.min(
      Number.POSITIVE_INFINITY,
      ...(index?.within(x, y, largest) ?? []).map((i) => Math.hypot(points[i].x - x, points[i].y - y)),
    );
}
