/** Training again, with the picks of an earlier model that a person sorted: what else it found there, nobody has looked at. */

import { evenly } from '../core/evenly.js';
import type { Point } from '../core/particle.js';
import { random } from '../core/random.js';
import { matchRadius } from '../core/sizes.js';
import { calibrate, logit, sigmoid } from '../evaluation/calibration.js';
import { type Evaluation, evaluate } from '../evaluation/evaluate.js';
import type { Model } from '../network/model.js';
import type { Engine } from '../runtime/engine.js';
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

/** What a new model no longer finds of the picks that the earlier one was sure of and nobody rejected. */
export interface SureLoss {
  readonly sure: number;
  readonly lost: number;
  /** Whether more is lost than sorted picks explain: a selection has cost the new model a view of the particle. */
  readonly isTooMuch: boolean;
}

/** The earlier model is sure of picks with this probability or more. */
const SURE = 0.9;
/** Micrographs that are looked at. */
const MOST_LOOKED_AT = 3;
/** Share of sure picks that may go, beyond what sorting says of them. */
const ALLOWED = 0.1;
/** Fewer sure picks tell nothing. */
const LEAST_SURE = 10;

/**
 * Looks for picks that the earlier model was sure of and the new one does not find. Of picks that nobody sorted as large a share may go as was
 * rejected of sorted ones.
 */
export async function lossOfSure(
  engine: Engine,
  earlier: Model,
  model: Model,
  micrographs: readonly PreparedMicrograph[],
): Promise<SureLoss> {
  const regions = evenly(micrographs, MOST_LOOKED_AT).map((micrograph) => {
    return { micrograph, from: 0, to: micrograph.width - 1 };
  });
  const [before, after] = [await picksOn(engine, earlier, regions, SURE), await picksOn(engine, model, regions)];
  const counts = { accepted: 0, rejected: 0, unsorted: 0 };
  let [lostAccepted, lostUnsorted] = [0, 0];
  for (const [i, { micrograph }] of regions.entries()) {
    const distance = SAME_DIAMETERS * earlier.metadata.diameter * micrograph.scale;
    const unsorted = awayFrom(before[i], [...micrograph.positives, ...micrograph.negatives], distance);
    const accepted = awayFrom(before[i], [...unsorted, ...micrograph.negatives], distance);
    counts.accepted += accepted.length;
    counts.unsorted += unsorted.length;
    counts.rejected += before[i].length - accepted.length - unsorted.length;
    lostAccepted += awayFrom(accepted, after[i], distance).length;
    lostUnsorted += awayFrom(unsorted, after[i], distance).length;
  }
  const wrong = counts.rejected / Math.max(1, counts.rejected + counts.accepted);
  const [sure, lost] = [counts.accepted + counts.unsorted, lostAccepted + lostUnsorted];
  const expected = wrong * counts.unsorted + ALLOWED * sure;
  return { sure, lost, isTooMuch: sure >= LEAST_SURE && lost > expected };
}

/** What a model picks, by micrograph: with its own threshold, or a higher one. */
async function picksOn(engine: Engine, model: Model, regions: readonly Region[], least = 0): Promise<Point[][]> {
  const { calibration, threshold } = model.metadata;
  const scored = await scoreRegions(engine, model, regions);
  return scored.map((one) =>
    candidatesAround(model, one, model.metadata).filter(
      ({ score }) => calibrate(calibration, score) >= Math.max(least, threshold),
    ),
  );
}
