/** Training again, with the picks of an earlier model that a person sorted: what else it found there, nobody has looked at. */

import { calibrate, logit, sigmoid } from '../evaluation/calibration.js';
import type { EvaluatedMicrograph } from '../evaluation/evaluate.js';
import { pairedGains } from '../evaluation/paired-bootstrap.js';
import type { Model } from '../network/model.js';
import { random } from '../random.js';
import type { Engine } from '../runtime/engine.js';
import { matchRadius } from '../sizes.js';
import { awayFrom, SAME_DIAMETERS } from './confirmed.js';
import type { Split } from './examples.js';
import type { PreparedMicrograph } from './labelled.js';
import { candidatesAround, judgedRegion, PART_DIAMETERS, scoreRegions } from './scored-region.js';
import { SEED_STREAM } from './seeds.js';

/** A model whose picks were sorted. */
export interface EarlierModel {
  readonly model: Model;
  /** Micrographs of which nothing but its sorted picks is known, by name. */
  readonly reviewed: ReadonlySet<string>;
}

/** A new model takes the place of an earlier one where it gains this many standard deviations of the gain. */
const SURE = 2;
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

/** Whether a new model is better than an earlier one on what is held out, by more than that could show by chance. */
export async function isSurelyBetter(engine: Engine, model: Model, earlier: Model, split: Split, seed: number) {
  const picksOf = async (judged: Model): Promise<EvaluatedMicrograph[]> => {
    const scored = await scoreRegions(engine, judged, split.heldOut);
    return scored.map((one) => judgedRegion(judged, one, judged.metadata));
  };
  const { diameter } = model.metadata;
  const options = {
    ...{ radius: matchRadius(diameter), part: PART_DIAMETERS * diameter },
    random: random(seed, SEED_STREAM.bootstrap),
  };
  const [gain] = pairedGains(await picksOf(earlier), [await picksOf(model)], options);
  return gain.mean > SURE * gain.sd;
}
