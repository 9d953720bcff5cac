/**
 * A field of noise as even and as coarse as an image: the same power at every spatial frequency, and nothing else. What the network finds
 * there it finds by chance, so an image with no more candidates than its twin shows no particles; and where scores are low because the
 * micrograph was filtered or is noisier than those trained on, particles still stand out from the twin.
 */

import type { Image } from '../core/micrograph.js';
import { random } from '../core/random.js';
import { logit, sigmoid } from '../evaluation/calibration.js';
import { filterByFrequency, radialPower } from '../imaging/fft.js';
import { areaInside, cutMiddle, type Frame, isInFrame, wholeFrame } from '../imaging/frame.js';
import { findPeaks, suppressClose } from './peaks.js';
import type { PreparedImage } from './prepare.js';
import type { ScoreMap } from './score-map.js';

/** Sides of the twin at the most: counts are compared by area, and a thousand pixels hold enough of them. */
const LARGEST_SIDE = 1024;
const SEED = 1;
/** Of the candidates above some score at least this share must be more than chance gives, by at least so many standard deviations. */
const CLEAR = { share: 0.2, deviations: 3.5 };
/** That score is at most so much below the threshold, in logits. */
const BELOW_THRESHOLD = 1.5;

/** The twin of the middle of an image. */
export function noiseTwin(image: Image): Image {
  const middle = cutMiddle(image, LARGEST_SIDE);
  const power = radialPower(middle);
  const source = random(SEED);
  const white = { ...middle, pixels: middle.pixels.map(() => source.normal()) };
  const last = power.length - 1;
  return filterByFrequency(white, (squared) =>
    Math.sqrt(power[Math.min(last, Math.round(power.length * Math.sqrt(squared)))]),
  );
}

/** The scores of a noise twin, and its size in full-size pixels. */
export interface ScoredNoise {
  readonly scoreMap: ScoreMap;
  readonly frame: Frame;
}

/**
 * Scores the noise twin of a prepared image.
 *
 * @param factor - full-size pixels per prepared pixel
 */
export async function scoreNoise(
  image: Image,
  factor: number,
  score: (image: PreparedImage) => Promise<ScoreMap>,
): Promise<ScoredNoise> {
  const twin = noiseTwin(image);
  const size = { width: twin.width * factor, height: twin.height * factor };
  return { scoreMap: await score({ ...twin, factor }), frame: wholeFrame(size) };
}

/** The candidates of a micrograph, and how they are chosen. */
export interface FoundCandidates {
  readonly scores: readonly number[];
  /** Of the micrograph. */
  readonly frame: Frame;
  readonly threshold: number;
  readonly edge: number;
  readonly minDistance: number;
}

/**
 * Whether candidates are more than in the twin: whether there is a score, at the threshold or somewhat below, from which on they are
 * significantly more.
 *
 * @param clear - of the candidates from that score on, the share that must be more than chance gives, and by how many standard deviations
 */
export function standOut(
  { scores, frame, threshold, edge, minDistance }: FoundCandidates,
  { scoreMap, frame: size }: ScoredNoise,
  clear = CLEAR,
): boolean {
  const lowest = sigmoid(logit(threshold) - BELOW_THRESHOLD);
  const inside = findPeaks(scoreMap, lowest).filter((peak) => isInFrame(peak, size, edge));
  const noise = suppressClose(inside, minDistance).map(({ score }) => score);
  const share = areaInside(size, edge) / areaInside(frame, edge);
  const found = scores.filter((score) => score >= lowest).sort((a, b) => b - a);
  let inTwin = 0;
  return found.some((score, i) => {
    while (inTwin < noise.length && noise[inTwin] >= score) inTwin++;
    const excess = i + 1 - inTwin / share;
    return excess > Math.max(clear.share * (i + 1), clear.deviations * Math.sqrt(i + 1 + inTwin / share ** 2));
  });
}
