/** The one straight line from a micrograph to its particles. */

import type { Image, Micrograph } from '../micrograph.js';
import { denseOperations } from '../network/cost.js';
import type { Model } from '../network/model.js';
import { isInside, type Particle } from '../particle.js';
import type { Engine } from '../runtime/engine.js';
import { boxDeviations, type DeviationRange } from './deviation.js';
import { findPeaks, suppressClose } from './peaks.js';
import { factorFor, prepare } from './prepare.js';
import { openScorer, type ScoreMap, type Scorer, smooth } from './score-map.js';

/** How a micrograph is picked. Lengths are full-size pixels of that micrograph. */
export interface PickOptions {
  /** Lowest score of a particle; by default the model's threshold. */
  threshold?: number;
  /** Pixels between scored positions; by default every prepared pixel where affordable. The original program used 20. */
  step?: number;
  /** Smallest distance between two particles; half the diameter by default. */
  minDistance?: number;
  /** Smallest distance of a particle from the edge; half the diameter by default. */
  edge?: number;
  /** Allowed standard deviation of raw grey values in a box; by default the model's range; null turns the filter off. */
  deviationRange?: DeviationRange | null;
}

/** What came out of a micrograph. */
export interface PickResult {
  /** In falling score. */
  readonly particles: readonly Required<Particle>[];
  /** Candidates that a filter removed, by reason. */
  readonly removed: { readonly edge: number; readonly close: number; readonly deviation: number };
  readonly scoreMap: ScoreMap;
}

/** A model that is ready to pick. */
export interface Picker {
  readonly model: Model;
  /** The scorer for a step in prepared pixels; made on first use. */
  scorer(step: number): Promise<Scorer>;
  /** Frees the sessions; the engine stays. */
  release(): Promise<void>;
}

/** Operations that a micrograph may cost at step 1: some half a minute on two cores. Above, the step grows. */
const AFFORDABLE_OPERATIONS = 1e12;
const LARGEST_AUTOMATIC_STEP = 4;

/** Makes a model ready to pick. */
export function openPicker(engine: Engine, model: Model): Picker {
  const scorers = new Map<number, Promise<Scorer>>();
  return {
    model,
    scorer(step) {
      const known = scorers.get(step) ?? openScorer(engine, model.architecture, model.weights, { step });
      scorers.set(step, known);
      return known;
    },
    async release() {
      for (const scorer of scorers.values()) await (await scorer).release();
      scorers.clear();
    },
  };
}

/**
 * Picks the particles of one micrograph: prepare, score every position with four rotations, peaks above the threshold,
 * non-maximum suppression, standard-deviation filter (deepem-reference.md, Recognition).
 *
 * @throws ModelError if the model needs a pixel size and the micrograph has none
 */
export async function pick(micrograph: Micrograph, picker: Picker, options: PickOptions = {}): Promise<PickResult> {
  const { architecture, metadata } = picker.model;
  const factor = factorFor(metadata.preparation, metadata.pixelSize, micrograph.pixelSize);
  const scale = factor / metadata.preparation.factor;
  const settings = {
    threshold: metadata.threshold,
    minDistance: scale * metadata.minDistance,
    edge: (scale * metadata.diameter) / 2,
    deviationRange: metadata.deviationRange,
    ...options,
  };
  const { image, grey } = prepare(micrograph, metadata.preparation, factor);
  const step =
    settings.step === undefined ? automaticStep(architecture, image) : Math.max(1, Math.round(settings.step / factor));
  const scoreMap = smooth(await (await picker.scorer(step)).score(image), metadata.smoothing);
  return { ...selectParticles(scoreMap, grey, micrograph, { ...settings, box: architecture.box }), scoreMap };
}

/** What decides which peaks of a score map are particles. Lengths are full-size pixels of the micrograph. */
export interface Selection {
  readonly threshold: number;
  readonly edge: number;
  readonly minDistance: number;
  /** null: no filter. */
  readonly deviationRange: DeviationRange | null;
  /** Side of the network's box in prepared pixels. */
  readonly box: number;
}

/**
 * From a score map to particles: peaks above the threshold, edge, non-maximum suppression, standard deviation.
 *
 * @param grey - resampled grey values
 * @param size - of the full-size micrograph
 */
export function selectParticles(
  scoreMap: ScoreMap,
  grey: Image,
  size: { readonly width: number; readonly height: number },
  { threshold, edge, minDistance, deviationRange, box }: Selection,
): Pick<PickResult, 'particles' | 'removed'> {
  const peaks = findPeaks(scoreMap, threshold);
  const inside = peaks.filter((peak) => isInside(peak, size.width, size.height, edge));
  const apart = suppressClose(inside, minDistance);
  const particles = filterDeviation(grey, scoreMap.factor, apart, box, deviationRange);
  const removed = {
    edge: peaks.length - inside.length,
    close: inside.length - apart.length,
    deviation: apart.length - particles.length,
  };
  return { particles, removed };
}

function filterDeviation(
  grey: Image,
  factor: number,
  particles: readonly Required<Particle>[],
  box: number,
  range: DeviationRange | null,
): readonly Required<Particle>[] {
  if (!range) return particles;
  const deviations = boxDeviations(grey, factor, particles, box, range.unit);
  return particles.filter((_, i) => deviations[i] >= range.min && deviations[i] <= range.max);
}

/** The smallest step whose cost is affordable. */
export function automaticStep(architecture: Model['architecture'], { width, height }: Image): number {
  const cost = (step: number) => (denseOperations(architecture, step) * width * height) / step ** 2;
  for (let step = 1; step < LARGEST_AUTOMATIC_STEP; step++) if (cost(step) <= AFFORDABLE_OPERATIONS) return step;
  return LARGEST_AUTOMATIC_STEP;
}
