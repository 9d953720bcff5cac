/** From a score map to particles: peaks, then one filter after the other, each counting what it leaves out. */

import type { Image } from '../core/micrograph.js';
import type { ScoredParticle } from '../core/particle.js';
import { FILTERS, type Filter } from '../core/words.js';
import type { Frame } from '../imaging/frame.js';
import type { Preparation } from '../network/model.js';
import { PLACE_FILTERS, type PlaceSettings, withoutOverlaps } from './filters.js';
import { findPeaks } from './peaks.js';
import { timesOdds } from './prevalence.js';
import type { ScoreMap } from './score-map.js';
import { type UnevennessMap, unevennessMap } from './unevenness.js';

/** What decides which peaks of a score map are particles. Lengths are full-size pixels of the micrograph. */
export interface Selection extends PlaceSettings {
  readonly threshold: number;
  /** null: overlapping particles stay. */
  readonly overlapDistance: number | null;
}

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

/** Peaks that no filter of places leaves out. */
export interface Candidates {
  /** In falling score. */
  readonly kept: readonly Peak[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Peaks that no filter of places leaves out.
 *
 * @param frame - what was recorded of the micrograph, in full-size pixels
 * @param lowest - score of a peak
 */
export function findCandidates(
  scoreMap: ScoreMap,
  grounds: Grounds,
  frame: Frame,
  settings: PlaceSettings,
  lowest: number,
): Candidates {
  const context = { ...settings, grounds, frame, factor: scoreMap.factor };
  let kept: readonly Peak[] = findPeaks(scoreMap, lowest);
  const leftOut: LeftOut[] = [];
  for (const { name, keep } of PLACE_FILTERS) {
    const still = keep(kept, context);
    leftOut.push(...missing(kept, still, name));
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
  const removed = Object.fromEntries(FILTERS.map((filter) => [filter, 0])) as Record<Filter, number>;
  for (const { filter } of all) removed[filter]++;
  return { particles, removed, leftOut: all };
}

function missing(before: readonly Peak[], after: readonly Peak[], filter: Filter): LeftOut[] {
  const still = new Set(after);
  return before.filter((peak) => !still.has(peak)).map((peak) => ({ ...peak, filter }));
}
