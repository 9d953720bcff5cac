/** The threshold: where F2 peaks on held-out micrographs (paper, Recognition, step 5). */

import { fMeasure } from '../evaluation/curve.js';
import { evaluate } from '../evaluation/evaluate.js';
import type { Model } from '../network/model.js';
import { isInside } from '../particle.js';
import { findPeaks, suppressClose } from '../picking/peaks.js';
import { openScorer, smooth } from '../picking/score-map.js';
import type { Engine } from '../runtime/engine.js';
import { inRegion, type Region } from './examples.js';

/** Candidates below this score are never particles. */
const LOWEST = 0.02;
/** A pick matches a label within this share of the diameter. */
const MATCH_DIAMETERS = 1 / 3;

/** Smallest distances that are tried, in particle diameters; the paper's authors chose theirs by hand for each data set. */
const DISTANCES = [0.5, 0.6, 0.7, 0.8, 0.9];

/**
 * F2 within this of its best counts as equal, and the highest such threshold is taken: the curve is flat there, and a few
 * hundred labels do not tell F2 better than this.
 */
const F2_TOLERANCE = 0.005;

/** What is chosen on held-out micrographs. */
export interface Choice {
  /** Where F2 is best. */
  readonly threshold: number;
  /** How the threshold was found, in words. */
  readonly thresholdFrom: string;
  /** Smallest distance between two particles in full-size pixels: that with the best F1. */
  readonly minDistance: number;
}

/**
 * Picks the held-out regions and chooses the smallest distance (best F1) and the threshold (best F2).
 *
 * @returns only words where the regions hold no labels or no candidates
 */
export async function chooseThreshold(
  engine: Engine,
  model: Model,
  regions: readonly Region[],
): Promise<Partial<Choice>> {
  const { diameter } = model.metadata;
  const candidates = await candidatesOf(engine, model, regions);
  const choices = DISTANCES.map((distance) => {
    const picked = candidates.map(({ region, peaks, truth }) => {
      const picks = suppressClose(peaks, distance * diameter).filter((particle) => inRegion(region, particle));
      return { name: region.micrograph.name, picks, truth };
    });
    return { distance, result: evaluate(picked, { radius: MATCH_DIAMETERS * diameter }) };
  });
  const best = choices.reduce((a, b) => ((b.result.bestF1?.f1 ?? 0) > (a.result.bestF1?.f1 ?? 0) ? b : a));
  const { bestF2, truthCount, curve } = best.result;
  if (regions.length === 0) return { thresholdFrom: 'nothing was held out' };
  if (!bestF2 || truthCount === 0) {
    return {
      thresholdFrom: `${truthCount} labels and ${bestF2 ? '' : 'no '}candidates were held out: too few to choose`,
    };
  }
  const chosen = curve.find((point) => fMeasure(point, 2) >= bestF2.f2 - F2_TOLERANCE) ?? bestF2;
  const { threshold, precision, recall } = chosen;
  const found = `best F2 ${fMeasure(chosen, 2).toFixed(3)} (precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)})`;
  return {
    threshold,
    thresholdFrom: `${found} for ${truthCount} labels of ${regions.length} held-out micrographs`,
    minDistance: best.distance * diameter,
  };
}

async function candidatesOf(engine: Engine, model: Model, regions: readonly Region[]) {
  const scorer = await openScorer(engine, model.architecture, model.weights);
  const candidates = [];
  for (const region of regions) {
    const { image, width, height, edge, positives } = region.micrograph;
    const map = smooth(await scorer.score(image), model.metadata.smoothing);
    const peaks = findPeaks(map, LOWEST).filter((peak) => isInside(peak, width, height, edge));
    candidates.push({ region, peaks, truth: positives.filter((point) => inRegion(region, point)) });
  }
  await scorer.release();
  return candidates;
}
