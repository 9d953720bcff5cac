/** Whether the labels look complete: what a half-trained network finds, beside what is labelled. */

import { isInside } from '../core/particle.js';
import { matchRadius } from '../core/sizes.js';
import { precisionRecall, type ScoredHit } from '../evaluation/curve.js';
import { indexPoints, matchPicks } from '../evaluation/match.js';
import type { Architecture } from '../network/architecture.js';
import type { ModelMetadata } from '../network/model.js';
import type { Weights } from '../network/parameters.js';
import { findPeaks, suppressClose } from '../picking/peaks.js';
import { CANDIDATE_SCORE } from '../picking/prevalence.js';
import { openScorer, type ScoreMap, smooth } from '../picking/score-map.js';
import type { Engine } from '../runtime/engine.js';
import { inRegion, labelsIn, type Region } from './examples.js';
import type { Start } from './start.js';

/**
 * What the check found among the candidates that score at least as high as the better half of the labels, without those at places
 * that were given as no particles, or of which nothing is known.
 */
export interface LabelCheck {
  /** Candidates. */
  readonly found: number;
  /** Of these, labelled. */
  readonly labelled: number;
  /** False where less than half of them are labelled. */
  readonly complete: boolean;
  /** Share of particles among the unlabelled positions. */
  readonly hidden: number;
}

/** How the check looks at a region. */
export interface LabelCheckOptions {
  /** Particle diameter in full-size pixels. */
  readonly diameter: number;
  /** Of the score map, in prepared pixels. */
  readonly smoothing: number;
  /** Positions closer than this to a label show a particle, in full-size pixels. */
  readonly particleDistance: number;
}

/** How places without a label are taken. */
export function objectiveOf(
  labelsComplete: boolean,
  { few, from }: Pick<Start, 'few' | 'from'>,
): ModelMetadata['objective'] {
  if (labelsComplete) return 'positive-negative';
  return few && from !== 'general' ? 'labelled-unlabelled' : 'positive-unlabelled';
}

/** Labels are incomplete where fewer than this share of the candidates found are labelled. */
const COMPLETE_SHARE = 0.5;
/** Regions that are looked at, and the step in prepared pixels: the counts need no more. */
const MOST_REGIONS = 3;
const STEP = 2;
const MIN_DISTANCE_DIAMETERS = 0.5;
/** More than this cannot be hidden: particles would touch everywhere. */
const MOST_HIDDEN = 0.3;

/**
 * Looks at the candidates of the first regions with labels that score at least as high as the better half of the labels. Where labels are
 * complete, most of these are labelled, however little the network has learnt; where most particles have no label, few are.
 */
export async function checkLabels(
  engine: Engine,
  architecture: Architecture,
  weights: Weights,
  regions: readonly Region[],
  options: LabelCheckOptions,
): Promise<LabelCheck> {
  const looked = regions.filter((region) => labelsIn(region).length > 0).slice(0, MOST_REGIONS);
  const scorer = await openScorer(engine, architecture, weights, { step: STEP });
  const hits: ScoredHit[] = [];
  for (const region of looked)
    hits.push(...judgeCandidates(region, await scorer.score(region.micrograph.image), options));
  await scorer.release();
  const labels = looked.reduce((sum, region) => sum + labelsIn(region).length, 0);
  const better = precisionRecall(hits, labels).find(({ found }) => 2 * found >= labels);
  if (!better || better.found === 0) return { found: 0, labelled: 0, complete: true, hidden: 0 };
  const particles = (labels * better.kept) / better.found;
  const positionsOfOne = Math.PI * options.particleDistance ** 2;
  const area = looked.reduce((sum, region) => sum + areaOf(region), 0);
  return {
    found: better.kept,
    labelled: better.found,
    complete: better.found >= COMPLETE_SHARE * better.kept,
    hidden: Math.min(
      MOST_HIDDEN,
      ((particles - labels) * positionsOfOne) / Math.max(1, area - labels * positionsOfOne),
    ),
  };
}

/** Usable area of a region in square pixels of the model's pixel size. */
function areaOf({ micrograph: { width, height, edge, scale }, from, to }: Region): number {
  const columns = Math.min(to, width - 1 - edge) - Math.max(from, edge);
  return (Math.max(0, columns) * Math.max(0, height - 1 - 2 * edge)) / scale ** 2;
}

function judgeCandidates(region: Region, map: ScoreMap, { diameter, smoothing }: LabelCheckOptions): ScoredHit[] {
  const { width, height, edge, scale } = region.micrograph;
  const peaks = findPeaks(smooth(map, smoothing), CANDIDATE_SCORE);
  const inside = peaks.filter((peak) => isInside(peak, width, height, edge) && inRegion(region, peak));
  const candidates = suppressClose(inside, MIN_DISTANCE_DIAMETERS * diameter * scale);
  const radius = matchRadius(diameter * scale);
  const refused = indexPoints([...region.micrograph.negatives, ...region.micrograph.unsure]);
  return matchPicks(labelsIn(region), candidates, radius).flatMap(({ pick, truth }) => {
    const isRefused = (refused?.within(pick.x, pick.y, radius).length ?? 0) > 0;
    return truth < 0 && isRefused ? [] : [{ score: pick.score ?? 0, hit: truth >= 0 }];
  });
}
