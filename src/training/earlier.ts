/** Training again, with the picks of an earlier model that a person sorted: what else it found there, nobody has looked at. */

import { calibrate, logit, sigmoid } from '../evaluation/calibration.js';
import { type Evaluation, evaluate } from '../evaluation/evaluate.js';
import type { Model } from '../network/model.js';
import { random } from '../random.js';
import type { Engine } from '../runtime/engine.js';
import { matchRadius } from '../sizes.js';
import { awayFrom, SAME_DIAMETERS } from './confirmed.js';
import type { Region } from './examples.js';
import { gainsOver, isSure } from './gains.js';
import type { PreparedMicrograph } from './labelled.js';
import { candidatesAround, picksIn, scoreRegions } from './scored-region.js';
import { SEED_STREAM } from './seeds.js';

/** A model whose picks were sorted. */
export interface EarlierModel {
  readonly model: Model;
  /** Micrographs of which nothing but its sorted picks is known, by name. */
  readonly reviewed: ReadonlySet<string>;
}

/** Candidates that score so much below the threshold, in logits, may be particles: nobody was shown them. */
const BELOW_THRESHOLD = 2;

/**
 * Adds the places where the earlier model has candidates that nobody sorted: to reviewed micrographs, and to all of them where that model was
 * trained on labels that miss particles.
 */
export async function withUnsure(
  engine: Engine,
  micrographs: readonly PreparedMicrograph[],
  { model, reviewed }: EarlierModel,
): Promise<PreparedMicrograph[]> {
  const { calibration, threshold, diameter, objective } = model.metadata;
  const isMissing = objective !== 'positive-negative';
  const lowest = sigmoid(logit(threshold) - BELOW_THRESHOLD);
  const result: PreparedMicrograph[] = [];
  for (const micrograph of micrographs) {
    if (!isMissing && !reviewed.has(micrograph.name)) {
      result.push(micrograph);
      continue;
    }
    const region = { micrograph, from: 0, to: micrograph.width - 1 };
    const [scored] = await scoreRegions(engine, model, [region]);
    const likely = candidatesAround(model, scored, { ...model.metadata, deviationRange: null }).filter(
      ({ score }) => calibrate(calibration, score) >= lowest,
    );
    const sorted = [...micrograph.positives, ...micrograph.negatives];
    const unsure = awayFrom(likely, sorted, SAME_DIAMETERS * diameter * micrograph.scale);
    result.push({ ...micrograph, unsure, avoid: [...micrograph.avoid, ...unsure] });
  }
  return result;
}

/** An earlier model beside a new one on what is held out. */
export interface Comparison {
  /** How the earlier one does. */
  readonly before: Evaluation;
  /** Whether the new one is better by more than could be chance. */
  readonly isBetter: boolean;
}

/** Holds an earlier model against a new one. */
export async function compare(
  engine: Engine,
  earlier: Model,
  model: Model,
  regions: readonly Region[],
  seed: number,
): Promise<Comparison> {
  const [picks, others] = [await picksIn(engine, earlier, regions), await picksIn(engine, model, regions)];
  const { diameter } = model.metadata;
  const [gain] = gainsOver(picks, [others], diameter, random(seed, SEED_STREAM.bootstrap));
  return { before: evaluate(picks, { radius: matchRadius(earlier.metadata.diameter) }), isBetter: isSure(gain) };
}
