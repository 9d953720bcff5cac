/** The filters that look at the place of a candidate. A new one is a name with its words in `words.ts`, and a record here. */

import type { Particle, Point, ScoredParticle } from '../core/particle.js';
import type { Filter } from '../core/words.js';
import { indexPoints } from '../evaluation/match.js';
import { type Frame, isInFrame } from '../imaging/frame.js';
import { boxDeviations, type DeviationRange } from './deviation.js';
import { suppressClose } from './peaks.js';
import type { Grounds } from './selection.js';
import { onEvenGround } from './unevenness.js';

/** Settings of the filters that look at places. Lengths are full-size pixels of the micrograph. */
export interface PlaceSettings {
  readonly edge: number;
  /** Whether a place is excluded; null: none is. */
  readonly isExcluded: ((place: Point) => boolean) | null;
  readonly minDistance: number;
  /** null: no filter. */
  readonly deviationRange: DeviationRange | null;
  /** null: no filter. */
  readonly unevennessLimit: number | null;
  /** Side of the network's box in prepared pixels. */
  readonly box: number;
}

/** What a filter of places looks at. */
export interface PlaceContext extends PlaceSettings {
  readonly grounds: Grounds;
  /** Full-size pixels per prepared pixel. */
  readonly factor: number;
  /** What was recorded of the micrograph. */
  readonly frame: Frame;
}

interface PlaceFilter {
  readonly name: Filter;
  /** The candidates that stay, in their order; all of them where the filter is off. */
  keep(peaks: readonly ScoredParticle[], context: PlaceContext): readonly ScoredParticle[];
}

/** In their order. */
export const PLACE_FILTERS: readonly PlaceFilter[] = [
  {
    name: 'edge',
    keep: (peaks, { frame, edge }) => peaks.filter((peak) => isInFrame(peak, frame, edge)),
  },
  {
    name: 'masked',
    keep: (peaks, { isExcluded }) => (isExcluded ? peaks.filter((peak) => !isExcluded(peak)) : peaks),
  },
  {
    name: 'close',
    keep: (peaks, { minDistance }) => suppressClose(peaks, minDistance),
  },
  {
    name: 'deviation',
    keep(peaks, { grounds, factor, box, deviationRange: range }) {
      if (!range) return peaks;
      const deviations = boxDeviations(grounds.grey, factor, peaks, box, range.unit);
      return peaks.filter((_, i) => deviations[i] >= range.min && deviations[i] <= range.max);
    },
  },
  {
    name: 'uneven',
    keep(peaks, { grounds, factor, unevennessLimit }) {
      if (unevennessLimit === null) return peaks;
      const even = onEvenGround(grounds.unevenness(), factor, peaks, unevennessLimit);
      return peaks.filter((_, i) => even[i]);
    },
  },
];

/** Particles that have no other one closer than `distance`. */
export function withoutOverlaps<P extends Particle>(particles: readonly P[], distance: number): P[] {
  const index = indexPoints(particles);
  return particles.filter(({ x, y }, i) => {
    const near = index?.within(x, y, distance) ?? [];
    return near.every((j) => j === i || Math.hypot(particles[j].x - x, particles[j].y - y) >= distance);
  });
}
