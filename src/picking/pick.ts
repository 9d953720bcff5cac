/** The one straight line from a micrograph to its particles. */

import type { Image } from '../core/micrograph.js';
import type { Point, ScoredParticle } from '../core/particle.js';
import { calibrate } from '../evaluation/calibration.js';
import { cutMiddle, type Frame, isWhole, mirrorOutside, recordedFrame } from '../imaging/frame.js';
import { normalise } from '../imaging/normalise.js';
import { denseOperations } from '../network/cost.js';
import type { Turns } from '../network/dense-graph.js';
import type { Model, ModelMetadata } from '../network/model.js';
import type { Engine } from '../runtime/engine.js';
import type { DeviationRange } from './deviation.js';
import { type ScoredNoise, scoreNoise, standOut } from './noise-twin.js';
import { factorFor, type PreparedImage, prepare } from './prepare.js';
import { CANDIDATE_SCORE, oddsFactor } from './prevalence.js';
import { MAP_BYTES, openScorer, type ScoreMap, type Scorer, smooth } from './score-map.js';
import {
  type Candidates,
  findCandidates,
  type Grounds,
  groundsOf,
  type Selected,
  selectParticles,
} from './selection.js';
import { type UnevennessMap, unevennessMap } from './unevenness.js';
import { areaInDiameters, lookAtScores, type ScoreLook, usualDensity } from './usual.js';

/** How a micrograph is picked. Lengths are full-size pixels of that micrograph. */
export interface PickOptions {
  /** Lowest score of a particle; by default the model's threshold. */
  threshold?: number;
  /** Pixels between scored positions; by default the model's, or more where that is not affordable. The original program used 20. */
  step?: number;
  /** Smallest distance between two particles; half the diameter by default. */
  minDistance?: number;
  /** Smallest distance of a particle from the edge; half the diameter by default. */
  edge?: number;
  /** Allowed standard deviation of raw grey values in a box; by default the model's range; null turns the filter off. */
  deviationRange?: DeviationRange | null;
  /** Whether a place is excluded, where nothing is picked; by default none is. */
  isExcluded?: ((place: Point) => boolean) | null;
  /** Highest unevenness of the ground around a particle; by default the model's; null turns the filter off. */
  unevennessLimit?: number | null;
  /** Whether scores are lowered in nearly empty micrographs, where the model is calibrated; by default they are. */
  lowerWhereEmpty?: boolean;
  /** Particles closer to another than this are both left out as overlapping; by default none are. */
  overlapDistance?: number | null;
  /** Quarter turns of the network whose scores are averaged; by default the model's. Fewer are faster, and less exact. */
  turns?: Turns;
}

/** What came out of a micrograph. */
export interface PickResult extends Selected {
  /** What stands out of the picks as a whole; null where the model does not know what is usual. */
  readonly look: ScoreLook | null;
  /** Smoothed and, where the model is calibrated, probabilities; not lowered where the micrograph is nearly empty. */
  readonly scoreMap: ScoreMap;
}

/** A model that is ready to pick. */
export interface Picker {
  readonly model: Model;
  /** The scorer for a step in prepared pixels and some quarter turns; made on first use. */
  scorer(step: number, turns?: Turns): Promise<Scorer>;
  /** Frees the sessions; the engine stays. */
  release(): Promise<void>;
}

/** Operations that a micrograph may cost at step 1: some half a minute on two cores. Above, the step grows. */
const AFFORDABLE_OPERATIONS = 1e12;
const LARGEST_AUTOMATIC_STEP = 4;
/** Prepared pixels along the noise that a micrograph is held against where that is always done. */
const NOISE_SIDE = 512;
/** What the odds of candidates are multiplied with that do not stand out from noise. */
const AS_NOISE = 1e-6;
/** Where more than this share of the candidates lies on uneven ground, the others are not trusted to be particles with low scores. */
const MOST_UNEVEN = 0.2;

/**
 * Makes a model ready to pick.
 *
 * @param mapBytes - memory for the maps of the network; 256 MiB by default
 */
export function openPicker(engine: Engine, model: Model, mapBytes: number = MAP_BYTES): Picker {
  const scorers = new Map<string, Promise<Scorer>>();
  return {
    model,
    scorer(step, turns = 4) {
      const key = `${step} ${turns}`;
      const known =
        scorers.get(key) ?? openScorer(engine, model.architecture, model.weights, { step, turns, mapBytes });
      scorers.set(key, known);
      return known;
    },
    async release() {
      for (const scorer of scorers.values()) await (await scorer).release();
      scorers.clear();
    },
  };
}

/** What a model says of how a micrograph is prepared for it. */
export type PreparedFor = Pick<ModelMetadata, 'preparation' | 'pixelSize' | 'diameter'>;

/** A micrograph as picking looks at it. It can travel between threads. */
export interface ReadyMicrograph {
  /** Of the full-size micrograph, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly image: PreparedImage;
  /** Resampled grey values. */
  readonly grey: Image;
  /** What was recorded of it, in full-size pixels: no particle is picked in a border that motion correction filled. */
  readonly frame: Frame;
  /** null where the filter of uneven ground is off. */
  readonly unevenness: UnevennessMap | null;
}

/** An image with its pixel size in angstroms, or null where that is unknown. */
export type SizedImage = Image & { readonly pixelSize: number | null };

/**
 * Everything that picking does before the network.
 *
 * @param uneven - false where the filter of uneven ground is off: its map is not made then
 * @param owned - true: the pixels of a border that motion correction filled may be changed; else a copy is made where there is one
 * @throws ModelError if the model needs a pixel size and the micrograph has none
 */
export function prepareForPicking(
  micrograph: SizedImage,
  model: PreparedFor,
  uneven = true,
  owned = false,
): ReadyMicrograph {
  const { preparation, diameter } = model;
  const factor = factorFor(preparation, model.pixelSize, micrograph.pixelSize);
  const frame = recordedFrame(micrograph);
  const filled = !isWhole(frame, micrograph);
  const recorded = filled && !owned ? { ...micrograph, pixels: micrograph.pixels.slice() } : micrograph;
  if (filled) mirrorOutside(recorded, frame);
  const { image, grey } = prepare(recorded, preparation, factor);
  const unevenness = uneven ? unevennessMap(grey, diameter / preparation.factor) : null;
  return { width: micrograph.width, height: micrograph.height, image, grey, frame, unevenness };
}

/**
 * Picks the particles of one micrograph: prepare, score every position with four rotations, peaks above the threshold,
 * non-maximum suppression, filters (Zhu, Ouyang & Mao 2017, Methods, Recognition).
 *
 * @throws ModelError if the model needs a pixel size and the micrograph has none
 */
export function pick(micrograph: SizedImage, picker: Picker, options: PickOptions = {}): Promise<PickResult> {
  const { metadata } = picker.model;
  const { unevennessLimit = metadata.unevennessLimit } = options;
  return pickPrepared(prepareForPicking(micrograph, metadata, unevennessLimit !== null), picker, options);
}

/** As `pick`, of a micrograph that is prepared already; the memory of its prepared image is used up. */
export async function pickPrepared(
  { image, grey, frame, unevenness }: ReadyMicrograph,
  picker: Picker,
  options: PickOptions = {},
): Promise<PickResult> {
  const { metadata } = picker.model;
  const { factor } = image;
  const step = preparedStep(picker.model, image, options);
  const scorer = await picker.scorer(step, options.turns ?? metadata.scoring.turns);
  const score = async (scored: PreparedImage) => smooth(await scorer.score(scored, true), metadata.smoothing);
  // The network uses the image up; where every micrograph is held against noise, a part of it is kept for that.
  const part = metadata.mustStandOut ? copyOf(cutMiddle(image, NOISE_SIDE)) : null;
  const scoreMap = await score(image);
  const grounds = groundsOf(grey, metadata.preparation, metadata.diameter, unevenness);
  const noise = async () => {
    const scored = await scoreNoise(part ?? normalise(grey, metadata.preparation), factor, score);
    return { ...scored, scoreMap: calibrated(metadata, scored.scoreMap) };
  };
  return pickScored(picker.model, { frame, scoreMap, grounds, noise }, options);
}

function copyOf({ pixels, width, height }: Image): Image {
  return { pixels: pixels.slice(), width, height };
}

/** A micrograph whose positions are scored. */
export interface ScoredMicrograph {
  /** What was recorded, in full-size pixels. */
  readonly frame: Frame;
  /** Smoothed; its pixels are calibrated in place. */
  readonly scoreMap: ScoreMap;
  readonly grounds: Grounds;
  /** Noise like the micrograph, scored and calibrated. */
  readonly noise: () => Promise<ScoredNoise>;
}

/** Everything that picking does after the network. */
export async function pickScored(
  { architecture, metadata }: Model,
  { frame, scoreMap, grounds, noise }: ScoredMicrograph,
  options: PickOptions = {},
): Promise<PickResult> {
  const scale = scoreMap.factor / metadata.preparation.factor;
  const settings = {
    threshold: metadata.threshold,
    minDistance: scale * metadata.minDistance,
    edge: (scale * metadata.diameter) / 2,
    deviationRange: metadata.deviationRange,
    unevennessLimit: metadata.unevennessLimit,
    isExcluded: null,
    lowerWhereEmpty: true,
    overlapDistance: null,
    box: architecture.box,
    ...options,
  };
  calibrated(metadata, scoreMap);
  const lowest = calibrate(metadata.calibration, CANDIDATE_SCORE);
  const found = findCandidates(scoreMap, grounds, frame, settings, Math.min(lowest, settings.threshold));
  const usual = settings.lowerWhereEmpty ? metadata.prevalence : null;
  const scores = found.kept.flatMap(({ score }) => (score >= lowest ? [score] : []));
  const factor = usual === null ? 1 : oddsFactor(scores, usual);
  // Whether a micrograph shows anything is seen in all of it, excluded regions too: half of it would be half of the evidence.
  const masked = found.leftOut.filter(({ filter }) => filter === 'masked').map(({ score }) => score);
  const everywhere = { scores: [...scores, ...masked], frame, ...settings, threshold: metadata.threshold };
  const standsOut = async () => standOut(everywhere, await noise());
  const isShifted = async () => isEven(found, metadata.threshold) && standsOut();
  const isNoise = async () => metadata.mustStandOut && settings.lowerWhereEmpty && !(await standsOut());
  const lowered = (await isNoise()) ? AS_NOISE : factor < 1 && (await isShifted()) ? 1 : factor;
  const selected = selectParticles(found, settings, lowered);
  const area = areaInDiameters(frame, settings.edge, scale * metadata.diameter, settings.isExcluded);
  const { usual: trained, threshold } = metadata;
  return { ...selected, scoreMap, look: trained && lookAtScores({ scores, threshold, area }, usualDensity(trained)) };
}

/** Crystalline ice stands out from noise, too; much of it is uneven. */
function isEven({ kept, leftOut }: Candidates, threshold: number): boolean {
  const above = (some: readonly ScoredParticle[]) => some.filter(({ score }) => score >= threshold).length;
  const uneven = above(leftOut.filter(({ filter }) => filter === 'uneven'));
  return uneven <= MOST_UNEVEN * (above(kept) + uneven);
}

function calibrated({ calibration }: ModelMetadata, scoreMap: ScoreMap): ScoreMap {
  const { pixels } = scoreMap;
  for (let i = 0; i < pixels.length; i++) pixels[i] = calibrate(calibration, pixels[i]);
  return scoreMap;
}

/** Prepared pixels between positions, for a prepared image. */
export function preparedStep(
  model: Model,
  image: Pick<PreparedImage, 'width' | 'height' | 'factor'>,
  { step }: PickOptions,
): number {
  return step === undefined ? automaticStep(model, image) : Math.max(1, Math.round(step / image.factor));
}

/** The smallest step, from the model's on, whose cost is affordable. */
export function automaticStep(
  { architecture, metadata }: Model,
  { width, height }: Pick<Image, 'width' | 'height'>,
): number {
  const cost = (step: number) => (denseOperations(architecture, step) * width * height) / step ** 2;
  for (let step = metadata.scoring.step; step < LARGEST_AUTOMATIC_STEP; step++)
    if (cost(step) <= AFFORDABLE_OPERATIONS) return step;
  return LARGEST_AUTOMATIC_STEP;
}
