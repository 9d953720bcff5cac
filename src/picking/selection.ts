/** From a score map to particles: peaks, then one filter after the other, each counting what it leaves out. */

import { indexPoints } from '../evaluation/match.js';
import { type Frame, isInFrame } from '../imaging/frame.js';
import type { Image } from '../micrograph.js';
import type { Preparation } from '../network/model.js';
import type { Particle, ScoredParticle } from '../particle.js';
import { boxDeviations, type DeviationRange } from './deviation.js';
import { findPeaks, suppressClose } from './peaks.js';
import { timesOdds } from './prevalence.js';
import type { ScoreMap } from './score-map.js';
import { onEvenGround, type UnevennessMap, unevennessMap } from './unevenness.js';

/** What decides which peaks of a score map are particles. Lengths are full-size pixels of the micrograph. */
export interface Selection {
  readonly threshold: number;
  readonly edge: number;
  readonly minDistance: number;
  /** null: no filter. */
  readonly deviationRange: DeviationRange | null;
  /** null: no filter. */
  readonly unevennessLimit: number | null;
  /** null: overlapping particles stay. */
  readonly overlapDistance: number | null;
  /** Side of the network's box in prepared pixels. */
  readonly box: number;
}

/** The filters, in the order in which they look at the candidates. */
export const FILTERS = ['edge', 'close', 'deviation', 'uneven', 'sparse', 'overlap'] as const;

type Filter = (typeof FILTERS)[number];

/** A candidate that is no particle, and the filter that left it out. */
export interface LeftOut extends ScoredParticle {
  readonly filter: Filter;
}

/** Particles, and what each filter left out. */
export interface Selected {
  /** In falling score. */
  readonly particles: readonly ScoredParticle[];
  readonly removed: Readonly<Record<Filter, number>>;
  /** The candidates counted in `removed`, filter by filter, with the scores of the map. */
  readonly leftOut: readonly LeftOut[];
}

/** What the filters look at. */
export interface Grounds {
  /** Resampled grey values. */
  readonly grey: Image;
  /** Computed on first use: it costs five blurs, and the filter may be off. */
  readonly unevenness: () => UnevennessMap;
}

/**
 * Makes what the filters look at from resampled grey values.
 *
 * @param diameter - of the particle in full-size pixels
 * @param known - the unevenness, where it was computed already
 */
export function groundsOf(
  grey: Image,
  preparation: Preparation,
  diameter: number,
  known: UnevennessMap | null = null,
): Grounds {
  let map = known;
  return {
    grey,
    unevenness() {
      map ??= unevennessMap(grey, diameter / preparation.factor);
      return map;
    },
  };
}

type Peak = ScoredParticle;
/** Leaves out some peaks, for their place alone. */
type Layer = readonly [filter: Filter, kept: (peaks: readonly Peak[]) => Peak[]];

/** Peaks that no filter of places leaves out. */
export interface Candidates {
  /** In falling score. */
  readonly kept: readonly Peak[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Peaks, without those at the edge, too close to a better one, of unusual standard deviation, or on uneven ground.
 *
 * @param frame - what was recorded of the micrograph, in full-size pixels
 * @param lowest - score of a peak
 */
export function findCandidates(
  scoreMap: ScoreMap,
  grounds: Grounds,
  frame: Frame,
  selection: Omit<Selection, 'threshold' | 'overlapDistance'>,
  lowest: number,
): Candidates {
  let kept = findPeaks(scoreMap, lowest);
  const leftOut: LeftOut[] = [];
  for (const [filter, layer] of layersOf(grounds, scoreMap.factor, frame, selection)) {
    const still = layer(kept);
    leftOut.push(...missing(kept, still, filter));
    kept = still;
  }
  return { kept, leftOut };
}

/**
 * Candidates above the threshold that do not overlap.
 *
 * @param factor - what the odds of all scores are multiplied with first: below 1 where the micrograph is nearly empty
 */
export function selectParticles(
  { kept, leftOut }: Candidates,
  { threshold, overlapDistance }: Pick<Selection, 'threshold' | 'overlapDistance'>,
  factor = 1,
): Selected {
  const above = kept.filter(({ score }) => score >= threshold);
  const likely = above.filter(({ score }) => timesOdds(score, factor) >= threshold);
  const lowered = likely.map((peak) => (factor === 1 ? peak : { ...peak, score: timesOdds(peak.score, factor) }));
  const particles = overlapDistance === null ? lowered : withoutOverlaps(lowered, overlapDistance);
  const all = [
    ...leftOut.filter(({ score }) => score >= threshold),
    ...missing(above, likely, 'sparse'),
    ...missing(lowered, particles, 'overlap'),
  ];
  const removed = { edge: 0, close: 0, deviation: 0, uneven: 0, sparse: 0, overlap: 0 };
  for (const { filter } of all) removed[filter]++;
  return { particles, removed, leftOut: all };
}

function missing(before: readonly Peak[], after: readonly Peak[], filter: Filter): LeftOut[] {
  const still = new Set(after);
  return before.filter((peak) => !still.has(peak)).map((peak) => ({ ...peak, filter }));
}

/** The filters that look at places, in order; those that are off are left out. */
function layersOf(
  { grey, unevenness }: Grounds,
  factor: number,
  frame: Frame,
  { edge, minDistance, deviationRange: range, unevennessLimit, box }: Omit<Selection, 'threshold' | 'overlapDistance'>,
): Layer[] {
  const layers: Layer[] = [
    ['edge', (peaks) => peaks.filter((peak) => isInFrame(peak, frame, edge))],
    ['close', (peaks) => suppressClose(peaks, minDistance)],
  ];
  if (range) {
    layers.push([
      'deviation',
      (peaks) => {
        const deviations = boxDeviations(grey, factor, peaks, box, range.unit);
        return peaks.filter((_, i) => deviations[i] >= range.min && deviations[i] <= range.max);
      },
    ]);
  }
  if (unevennessLimit !== null) {
    layers.push([
      'uneven',
      (peaks) => {
        const even = onEvenGround(unevenness(), factor, peaks, unevennessLimit);
        return peaks.filter((_, i) => even[i]);
      },
    ]);
  }
  return layers;
}

/** Particles that have no other one closer than `distance`. */
function withoutOverlaps<P extends Particle>(particles: readonly P[], distance: number): P[] {
  const index = indexPoints(particles);
  return particles.filter(({ x, y }, i) => {
    const near = index?.within(x, y, distance) ?? [];
    return near.every((j) => j === i || Math.hypot(particles[j].x - x, particles[j].y - y) >= distance);
  });
}
