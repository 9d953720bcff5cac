/** From a score map to particles: peaks, then one filter after the other, each counting what it leaves out. */

import { indexPoints } from '../evaluation/match.js';
import type { Image } from '../micrograph.js';
import type { Preparation } from '../network/model.js';
import { isInside, type Particle } from '../particle.js';
import { boxDeviations, type DeviationRange } from './deviation.js';
import { findPeaks, suppressClose } from './peaks.js';
import { oddsFactor, timesOdds } from './prevalence.js';
import type { ScoreMap } from './score-map.js';
import { onEvenGround, type UnevennessMap, unevennessMap } from './unevenness.js';

/** What decides which peaks of a score map are particles. Lengths are full-size pixels of the micrograph. */
export interface Selection {
  readonly threshold: number;
  readonly edge: number;
  readonly minDistance: number;
  /** null: no filter. */
  readonly deviationRange: DeviationRange | null;
  /** Share of the candidates that are particles where scores are calibrated, and the lowest score of a candidate; null: no filter. */
  readonly prevalence: { readonly usual: number; readonly candidateScore: number } | null;
  /** null: no filter. */
  readonly unevennessLimit: number | null;
  /** null: overlapping particles stay. */
  readonly overlapDistance: number | null;
  /** Side of the network's box in prepared pixels. */
  readonly box: number;
}

/** The filters, in the order in which they look at the candidates. */
export const FILTERS = ['edge', 'close', 'sparse', 'deviation', 'uneven', 'overlap'] as const;

/** A candidate that is no particle, and the filter that left it out. */
export interface LeftOut extends Required<Particle> {
  readonly filter: (typeof FILTERS)[number];
}

/** Particles, and what each filter left out. */
export interface Selected {
  /** In falling score. */
  readonly particles: readonly Required<Particle>[];
  readonly removed: Readonly<Record<(typeof FILTERS)[number], number>>;
  /** The candidates counted in `removed`, filter by filter. */
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

/**
 * Peaks above the threshold, without those at the edge, too close to a better one, not likely enough in a nearly empty
 * micrograph (where all scores are lowered), of unusual standard deviation, on uneven ground, or overlapping.
 *
 * @param size - of the full-size micrograph
 */
export function selectParticles(
  scoreMap: ScoreMap,
  { grey, unevenness }: Grounds,
  size: { readonly width: number; readonly height: number },
  selection: Selection,
): Selected {
  const { threshold, prevalence, deviationRange: range, unevennessLimit, overlapDistance } = selection;
  const removed = { edge: 0, close: 0, sparse: 0, deviation: 0, uneven: 0, overlap: 0 };
  const inside = (peak: Particle) => isInside(peak, size.width, size.height, selection.edge);
  let particles = findPeaks(scoreMap, threshold);
  const leftOut: LeftOut[] = [];
  const leave = (filter: keyof typeof removed, kept: typeof particles) => {
    removed[filter] = particles.length - kept.length;
    const still = new Set(kept);
    for (const particle of particles) if (!still.has(particle)) leftOut.push({ ...particle, filter });
    particles = kept;
  };
  leave('edge', particles.filter(inside));
  leave('close', suppressClose(particles, selection.minDistance));
  if (prevalence) {
    const peaks = findPeaks(scoreMap, prevalence.candidateScore).filter(inside);
    const scores = suppressClose(peaks, selection.minDistance).map(({ score }) => score);
    const factor = oddsFactor(scores, prevalence.usual);
    if (factor < 1) {
      particles = particles.map((peak) => ({ ...peak, score: timesOdds(peak.score, factor) }));
      leave(
        'sparse',
        particles.filter(({ score }) => score >= threshold),
      );
    }
  }
  if (range) {
    const deviations = boxDeviations(grey, scoreMap.factor, particles, selection.box, range.unit);
    leave(
      'deviation',
      particles.filter((_, i) => deviations[i] >= range.min && deviations[i] <= range.max),
    );
  }
  if (unevennessLimit !== null) {
    const even = onEvenGround(unevenness(), scoreMap.factor, particles, unevennessLimit);
    leave(
      'uneven',
      particles.filter((_, i) => even[i]),
    );
  }
  if (overlapDistance !== null) leave('overlap', withoutOverlaps(particles, overlapDistance));
  return { particles, removed, leftOut };
}

/** Particles that have no other one closer than `distance`. */
function withoutOverlaps<P extends Particle>(particles: readonly P[], distance: number): P[] {
  const index = indexPoints(particles);
  return particles.filter(({ x, y }, i) => {
    const near = index?.within(x, y, distance) ?? [];
    return near.every((j) => j === i || Math.hypot(particles[j].x - x, particles[j].y - y) >= distance);
  });
}
