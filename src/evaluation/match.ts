/** Matching of picks to true centres: best score first, each takes the nearest true centre that is still free. */

import KDBush from 'kdbush';
import type { Particle, Point } from '../core/particle.js';

/** What became of one pick. */
export interface Match {
  readonly pick: Particle;
  /** Index of the true centre it took, or -1: a false positive. */
  readonly truth: number;
  /** Distance to that centre in pixels, or NaN. */
  readonly distance: number;
}

/** The order in which picks choose: by falling score, then by row and column so that ties cannot depend on the input. */
export function byScore(a: Particle, b: Particle): number {
  return (b.score ?? 1) - (a.score ?? 1) || a.y - b.y || a.x - b.x;
}

/** An index of points for searches by distance; null for no points, which KDBush cannot hold. */
export function indexPoints(points: readonly Point[]): KDBush | null {
  if (points.length === 0) return null;
  const index = new KDBush(points.length);
  for (const { x, y } of points) index.add(x, y);
  return index.finish();
}

/**
 * Matches the picks of one micrograph.
 *
 * @param radius - largest distance of a match, in pixels
 * @returns one entry a pick, in falling score; a pick without a score counts as 1
 */
export function matchPicks(truth: readonly Point[], picks: readonly Particle[], radius: number): Match[] {
  const index = indexPoints(truth);
  const taken = new Uint8Array(truth.length);
  return [...picks].sort(byScore).map((pick) => {
    let [nearest, distance] = [-1, Number.POSITIVE_INFINITY];
    for (const i of index?.within(pick.x, pick.y, radius) ?? []) {
      const d = Math.hypot(truth[i].x - pick.x, truth[i].y - pick.y);
      if (!taken[i] && (d < distance || (d === distance && i < nearest))) [nearest, distance] = [i, d];
    }
    if (nearest < 0) return { pick, truth: -1, distance: Number.NaN };
    taken[nearest] = 1;
    return { pick, truth: nearest, distance };
  });
}
