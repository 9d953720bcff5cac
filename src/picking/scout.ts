/**
 * What the scores of a few micrographs decide where nobody has labelled any: whether particles are dark or bright, and from which
 * score on a candidate is picked.
 */

import { logit } from '../evaluation/calibration.js';
import { thresholdWithoutLabels } from '../evaluation/mixture.js';
import { cutMiddle } from '../imaging/frame.js';
import { findPeaks, suppressClose } from './peaks.js';
import { type Picker, preparedStep } from './pick.js';
import type { PreparedImage } from './prepare.js';
import { smooth } from './score-map.js';

/** What was decided. */
export interface Scouted {
  /** Whether particles are brighter than what is around them. */
  readonly bright: boolean;
  readonly threshold: number;
  /** Micrographs that were looked at. */
  readonly micrographs: number;
  /** Particles that some thresholds keep in one micrograph, on average. */
  readonly keeps: readonly { readonly threshold: number; readonly particles: number }[];
}

/** Prepared pixels along the part of a micrograph in which both signs of contrast are tried. */
const PART = 512;
/** Best candidates of that part that are compared, and the lowest score of a candidate. */
const [COMPARED, LOWEST] = [20, 1e-3];
/** Particles are bright where the best candidates of the negative exceed the others by so many logits. */
export const BRIGHTER = 1;
/** Candidates from this score on decide the threshold. */
export const CANDIDATE = 0.01;

/**
 * How much better the best candidates of an image's negative score than its own, in logits: above `BRIGHTER` particles are bright.
 */
export async function gainOfNegative(image: PreparedImage, picker: Picker): Promise<number> {
  const { metadata } = picker.model;
  const scorer = await picker.scorer(preparedStep(picker.model, image, {}), metadata.scoring.turns);
  const part = cutMiddle(image, PART);
  const strength = async (sign: number) => {
    const pixels = part.pixels.map((value) => sign * value);
    const map = smooth(await scorer.score({ ...part, pixels, factor: image.factor }, true), metadata.smoothing);
    const best = suppressClose(findPeaks(map, LOWEST), metadata.minDistance).slice(0, COMPARED);
    return best.reduce((sum, { score }) => sum + logit(score), 0) / Math.max(1, best.length);
  };
  return (await strength(-1)) - (await strength(1));
}

/** Thresholds that are shown beside the one that was taken. */
const SHOWN = [0.1, 0.3, 0.5, 0.7, 0.9];

/**
 * What the scores of all candidates in some micrographs decide: they are taken for two groups, particles and others.
 *
 * @param scores - from `CANDIDATE` on, by micrograph
 * @param usual - the threshold where candidates are too few
 */
export function decide(scores: readonly (readonly number[])[], usual: number): Pick<Scouted, 'threshold' | 'keeps'> {
  const all = scores.flat();
  const threshold = thresholdWithoutLabels(all) ?? usual;
  const kept = (limit: number) => all.filter((score) => score >= limit).length / Math.max(1, scores.length);
  const keeps = [...SHOWN, threshold].sort((a, b) => a - b).map((at) => ({ threshold: at, particles: kept(at) }));
  return { threshold, keeps };
}
