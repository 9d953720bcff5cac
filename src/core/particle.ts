/**
 * The one coordinate convention: a particle is its centre, in pixels of the full-size micrograph, 0-based; pixel centres
 * are integers; x is the column and y the row of the array as `readMicrograph` returns it.
 */

/** A point of a micrograph. */
export interface Point {
  /** Column, in full-size pixels from the centre of the first column. */
  readonly x: number;
  /** Row, in full-size pixels from the centre of the first row. */
  readonly y: number;
}

/** A particle, labelled or picked. */
export interface Particle extends Point {
  /** Figure of merit: for picks, the network's score in 0..1; absent for plain labels. */
  readonly score?: number;
  /** Class of a 2D classification, from 1; absent where it was in none. */
  readonly class?: number;
}

/** A particle whose score is known. */
export interface ScoredParticle extends Particle {
  readonly score: number;
}

/** True where a centre is at least `edge` pixels away from every edge of the micrograph (edge 0: inside it). */
export function isInside(point: Point, width: number, height: number, edge: number): boolean {
  return point.x >= edge && point.y >= edge && point.x <= width - 1 - edge && point.y <= height - 1 - edge;
}
