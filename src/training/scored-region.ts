/** Held-out regions as picking sees them: scored once, then judged with one distance and set of filters after the other. */

import { type EvaluatedMicrograph, type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { wholeFrame } from '../imaging/frame.js';
import type { Model, ModelMetadata } from '../network/model.js';
import type { Particle, Point } from '../particle.js';
import { automaticStep, openPicker } from '../picking/pick.js';
import { CANDIDATE_SCORE } from '../picking/prevalence.js';
import { type ScoreMap, smooth } from '../picking/score-map.js';
import { type Grounds, groundsOf, selectParticles } from '../picking/selection.js';
import type { Engine } from '../runtime/engine.js';
import { matchRadius } from '../sizes.js';
import { inRegion, labelsIn, type Region } from './examples.js';

/** A region with the scores of its micrograph, smoothed and not calibrated. */
export interface ScoredRegion {
  readonly region: Region;
  readonly scoreMap: ScoreMap;
  readonly grounds: Grounds;
}

/** What decides which candidates count, beside their scores. */
export type Filters = Pick<ModelMetadata, 'minDistance' | 'deviationRange' | 'unevennessLimit'>;

/** Scores regions as `pick` does. */
export async function scoreRegions(engine: Engine, model: Model, regions: readonly Region[]): Promise<ScoredRegion[]> {
  const { smoothing, preparation, diameter } = model.metadata;
  const picker = openPicker(engine, model);
  const scored: ScoredRegion[] = [];
  for (const region of regions) {
    const { image, grey } = region.micrograph;
    const scorer = await picker.scorer(automaticStep(model, image), model.metadata.scoring.turns);
    const scoreMap = smooth(await scorer.score(image), smoothing);
    scored.push({ region, scoreMap, grounds: groundsOf(grey, preparation, diameter) });
  }
  await picker.release();
  return scored;
}

/** What may be a particle in a region. */
export function candidatesOf(
  { architecture }: Model,
  { region, scoreMap, grounds }: ScoredRegion,
  { minDistance, deviationRange, unevennessLimit }: Filters,
): Required<Particle>[] {
  const { edge, scale } = region.micrograph;
  const { particles } = selectParticles(scoreMap, grounds, wholeFrame(region.micrograph), {
    threshold: CANDIDATE_SCORE,
    edge,
    minDistance: minDistance * scale,
    prevalence: null,
    deviationRange,
    unevennessLimit,
    overlapDistance: null,
    box: architecture.box,
  });
  return particles.filter((point) => inRegion(region, point));
}

/** Candidates and labels, in pixels of the model's pixel size. */
export function judgedRegion(model: Model, one: ScoredRegion, filters: Filters): EvaluatedMicrograph {
  const { name, scale } = one.region.micrograph;
  const inModelPixels = <P extends Point>(points: readonly P[]) =>
    points.map((point) => ({ ...point, x: point.x / scale, y: point.y / scale }));
  return { name, picks: inModelPixels(candidatesOf(model, one, filters)), truth: inModelPixels(labelsIn(one.region)) };
}

/** Judges candidates against labels. */
export function judge(model: Model, scored: readonly ScoredRegion[], filters: Filters): Evaluation {
  const micrographs = scored.map((one) => judgedRegion(model, one, filters));
  return evaluate(micrographs, { radius: matchRadius(model.metadata.diameter) });
}

/** Judges a model on regions, with its own distance and filters. */
export async function judgeModel(engine: Engine, model: Model, regions: readonly Region[]): Promise<Evaluation> {
  return judge(model, await scoreRegions(engine, model, regions), model.metadata);
}
