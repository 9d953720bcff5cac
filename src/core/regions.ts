/** Regions of a micrograph in which nothing is picked, as a person draws them. Lengths are full-size pixels. */

import type { Point } from './particle.js';

/** What lies inside a closed line. */
export interface Outline {
  readonly outline: readonly Point[];
}

/** What a round brush has covered. */
export interface Stroke {
  readonly path: readonly Point[];
  /** Diameter of the brush. */
  readonly width: number;
}

export type Region = Outline | Stroke;

/** Whether a point lies in a region. */
export function isInRegion(point: Point, region: Region): boolean {
  return 'outline' in region
    ? isInPolygon(point, region.outline)
    : distanceToPath(point, region.path) <= region.width / 2;
}

/** Whether a point lies inside a closed line: a ray from it crosses the line an odd number of times. */
export function isInPolygon({ x, y }: Point, corners: readonly Point[]): boolean {
  let inside = false;
  for (const [i, a] of corners.entries()) {
    const b = corners[(i + 1) % corners.length];
    if (a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
  }
  return inside;
}

/** Distance to the nearest point of a line through some points. */
function distanceToPath(point: Point, path: readonly Point[]): number {
  const last = path.length - 1;
  if (last === 0) return Math.hypot(point.x - path[0].x, point.y - path[0].y);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < last; i++) least = Math.min(least, distanceToSegment(point, path[i], path[i + 1]));
  return least;
}

function distanceToSegment({ x, y }: Point, a: Point, b: Point): number {
  const [u, v] = [b.x - a.x, b.y - a.y];
  const along = ((x - a.x) * u + (y - a.y) * v) / (u * u + v * v || 1);
  const part = Math.min(1, Math.max(0, along));
  return Math.hypot(x - a.x - part * u, y - a.y - part * v);
}
