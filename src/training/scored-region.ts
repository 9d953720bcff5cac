/** Held-out regions as picking sees them: scored once, then judged with one distance and set of filters after the other. */

import type { Point, ScoredParticle } from '../core/particle.js';
import { matchRadius } from '../core/sizes.js';
import { type EvaluatedMicrograph, type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { indexPoints } from '../evaluation/match.js';
import { wholeFrame } from '../imaging/frame.js';
import type { Model, ModelMetadata } from '../network/model.js';
import { type ScoredNoise, scoreNoise, standOut } from '../picking/noise-twin.js';
import { automaticStep, openPicker } from '../picking/pick.js';
import type { PreparedImage } from '../picking/prepare.js';
import { CANDIDATE_SCORE } from '../picking/prevalence.js';
import { type ScoreMap, smooth } from '../picking/score-map.js';
import { findCandidates, type Grounds, groundsOf } from '../picking/selection.js';
import type { Engine } from '../runtime/engine.js';
import { inRegion, labelsIn, type Region } from './examples.js';

/** A region with the scores of its micrograph, smoothed and not calibrated. */
export interface ScoredRegion {
  readonly region: Region;
  readonly scoreMap: ScoreMap;
  readonly grounds: Grounds;
  /** Noise like its micrograph, scored the same way; null unless asked for. */
  readonly noise: ScoredNoise | null;
}

/** A network tells a micrograph from noise where at least this share of the best candidates, and so many standard deviations, are more than noise gives. */
const CLEAR = { share: 0.5, deviations: 2.5 };

/** What decides which candidates count, beside their scores. */
export type Filters = Pick<ModelMetadata, 'minDistance' | 'deviationRange' | 'unevennessLimit'>;

/** Scores regions as `pick` does, and noise like them if asked to. */
export async function scoreRegions(
  engine: Engine,
  model: Model,
  regions: readonly Region[],
  withNoise = false,
): Promise<ScoredRegion[]> {
  const { smoothing, preparation, diameter } = model.metadata;
  const picker = openPicker(engine, model);
  const scored: ScoredRegion[] = [];
  for (const region of regions) {
    const { image, grey } = region.micrograph;
    const scorer = await picker.scorer(automaticStep(model, image), model.metadata.scoring.turns);
    const score = async (scored: PreparedImage) => smooth(await scorer.score(scored), smoothing);
    const noise = withNoise ? await scoreNoise(image, image.factor, score) : null;
    scored.push({ region, scoreMap: await score(image), grounds: groundsOf(grey, preparation, diameter), noise });
  }
  await picker.release();
  return scored;
}

/** What may be a particle in a region. */
export function candidatesOf(model: Model, one: ScoredRegion, filters: Filters): ScoredParticle[] {
  return candidatesAround(model, one, filters).filter((point) => inRegion(one.region, point));
}

/** What may be a particle in the whole micrograph of a region. */
export function candidatesAround(
  { architecture }: Model,
  { region, scoreMap, grounds }: ScoredRegion,
  { minDistance, deviationRange, unevennessLimit }: Filters,
): readonly ScoredParticle[] {
  const { edge, scale } = region.micrograph;
  const filters = {
    ...{ edge, minDistance: minDistance * scale, deviationRange, unevennessLimit },
    ...{ box: architecture.box, isExcluded: null },
  };
  return findCandidates(scoreMap, grounds, wholeFrame(region.micrograph), filters, CANDIDATE_SCORE).kept;
}

/**
 * Whether the network tells the micrograph of a region from noise; null where no noise was scored.
 *
 * @param threshold - of the network's scores
 */
export function tellsNoise(model: Model, one: ScoredRegion, filters: Filters, threshold: number): boolean | null {
  if (!one.noise) return null;
  const { edge, scale } = one.region.micrograph;
  const scores = candidatesAround(model, one, filters).map(({ score }) => score);
  const found = { scores, frame: wholeFrame(one.region.micrograph), threshold, edge };
  return standOut({ ...found, minDistance: filters.minDistance * scale }, one.noise, CLEAR);
}

/** Candidates and labels, in pixels of the model's pixel size; what lies at places of which nothing is known does not count. */
export function judgedRegion(model: Model, one: ScoredRegion, filters: Filters): EvaluatedMicrograph {
  const { name, scale } = one.region.micrograph;
  const inModelPixels = <P extends Point>(points: readonly P[]) =>
    points.map((point) => ({ ...point, x: point.x / scale, y: point.y / scale }));
  const truth = inModelPixels(labelsIn(one.region));
  const radius = matchRadius(model.metadata.diameter);
  const picks = inModelPixels(candidatesOf(model, one, filters));
  const unsure = inModelPixels(one.region.micrograph.unsure);
  if (unsure.length === 0) return { name, picks, truth };
  const [atTruth, atUnsure] = [indexPoints(truth), indexPoints(unsure)];
  const isNear = (index: ReturnType<typeof indexPoints>, { x, y }: Point) =>
    (index?.within(x, y, radius).length ?? 0) > 0;
  return { name, picks: picks.filter((pick) => isNear(atTruth, pick) || !isNear(atUnsure, pick)), truth };
}

/** Judges candidates against labels. */
export function judge(model: Model, scored: readonly ScoredRegion[], filters: Filters): Evaluation {
  const micrographs = scored.map((one) => judgedRegion(model, one, filters));
  return evaluate(micrographs, { radius: matchRadius(model.metadata.diameter) });
}

/** What a model picks in regions, with its own distance and filters. */
export async function picksIn(
  engine: Engine,
  model: Model,
  regions: readonly Region[],
): Promise<EvaluatedMicrograph[]> {
  const scored = await scoreRegions(engine, model, regions);
  return scored.map((one) => judgedRegion(model, one, model.metadata));
}
