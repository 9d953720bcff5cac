/** What is chosen on held-out micrographs: smallest distance, standard-deviation filter, threshold. */

import { fMeasure } from '../evaluation/curve.js';
import { type EvaluatedMicrograph, type Evaluation, evaluate } from '../evaluation/evaluate.js';
import type { Model, ModelMetadata } from '../network/model.js';
import type { Point } from '../particle.js';
import { automaticStep, openPicker, selectParticles } from '../picking/pick.js';
import { type ScoreMap, smooth } from '../picking/score-map.js';
import type { Engine } from '../runtime/engine.js';
import { inRegion, type Region } from './examples.js';
import type { Recipe } from './recipe.js';

/** Candidates below this score are never particles. */
const LOWEST = 0.02;
/** A pick matches a label within this share of the diameter. */
const MATCH_DIAMETERS = 1 / 3;
/** Smallest distances that are tried, in particle diameters; the paper's authors chose theirs by hand for each data set. */
const DISTANCES = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/**
 * F2 within this of its best counts as equal, and the highest such threshold is taken: the curve is flat there, and a few
 * hundred labels do not tell F2 better than this.
 */
const F2_TOLERANCE = 0.005;

/** What is chosen on held-out micrographs. */
export type Choice = Pick<ModelMetadata, 'threshold' | 'thresholdFrom' | 'minDistance' | 'deviationRange'>;

/**
 * Picks the held-out regions as `pick` does, and chooses the smallest distance (and, where the recipe lets it, whether the
 * standard-deviation filter is used) with the best mean of F1 and average precision; then the threshold with the best F2.
 *
 * @returns only words where the regions hold no labels or no candidates
 */
export async function chooseThreshold(
  engine: Engine,
  model: Model,
  recipe: Recipe,
  regions: readonly Region[],
): Promise<Partial<Choice>> {
  if (regions.length === 0) return { thresholdFrom: 'nothing was held out' };
  const { diameter, deviationRange } = model.metadata;
  const scored = await scoreRegions(engine, model, regions);
  const ranges = recipe.deviationFilter === 'always' ? [deviationRange] : [null, deviationRange];
  const choices = ranges.flatMap((range) =>
    DISTANCES.map((distance) => {
      const choice = { minDistance: distance * diameter, deviationRange: range };
      return { ...choice, result: judge(model, scored, choice) };
    }),
  );
  const best = choices.reduce((a, b) => (merit(b.result) > merit(a.result) ? b : a));
  const { bestF2, truthCount, curve } = best.result;
  if (!bestF2 || truthCount === 0) {
    const candidates = bestF2 ? 'candidates' : 'no candidates';
    return { thresholdFrom: `${truthCount} labels and ${candidates} were held out: too few to choose` };
  }
  const chosen = curve.find((point) => fMeasure(point, 2) >= bestF2.f2 - F2_TOLERANCE) ?? bestF2;
  const { threshold, precision, recall } = chosen;
  const found = `best F2 ${fMeasure(chosen, 2).toFixed(3)} (precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)})`;
  return {
    threshold,
    thresholdFrom: `${found} for ${truthCount} labels of ${regions.length} held-out micrographs`,
    minDistance: best.minDistance,
    deviationRange: best.deviationRange,
  };
}

function merit({ bestF1, averagePrecision }: Evaluation): number {
  return (bestF1?.f1 ?? 0) + averagePrecision;
}

interface ScoredRegion {
  readonly region: Region;
  readonly scoreMap: ScoreMap;
}

async function scoreRegions(engine: Engine, model: Model, regions: readonly Region[]): Promise<ScoredRegion[]> {
  const picker = openPicker(engine, model);
  const scored: ScoredRegion[] = [];
  for (const region of regions) {
    const { image } = region.micrograph;
    const scorer = await picker.scorer(automaticStep(model.architecture, image));
    scored.push({ region, scoreMap: smooth(await scorer.score(image), model.metadata.smoothing) });
  }
  await picker.release();
  return scored;
}

/** Picks against labels, in pixels of the model's pixel size. */
function judge(
  { architecture, metadata }: Model,
  scored: readonly ScoredRegion[],
  { minDistance, deviationRange }: Pick<Choice, 'minDistance' | 'deviationRange'>,
): Evaluation {
  const micrographs = scored.map(({ region, scoreMap }): EvaluatedMicrograph => {
    const { name, grey, edge, scale, positives } = region.micrograph;
    const { particles } = selectParticles(scoreMap, grey, region.micrograph, {
      threshold: LOWEST,
      edge,
      minDistance: minDistance * scale,
      deviationRange,
      box: architecture.box,
    });
    const inModelPixels = <P extends Point>(points: readonly P[]) =>
      points
        .filter((point) => inRegion(region, point))
        .map((point) => ({ ...point, x: point.x / scale, y: point.y / scale }));
    return { name, picks: inModelPixels(particles), truth: inModelPixels(positives) };
  });
  return evaluate(micrographs, { radius: MATCH_DIAMETERS * metadata.diameter });
}
