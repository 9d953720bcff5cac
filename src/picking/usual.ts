/**
 * What is usual: how the micrographs looked that a model was trained on, so that those it picks can be held against them. Power spectra are
 * of prepared images, so in units of the particle: a wrong diameter or pixel size shifts them, a filter bends them.
 */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { logit } from '../evaluation/calibration.js';
import { radialPower } from '../imaging/fft.js';
import { areaInside, cutMiddle, type Frame } from '../imaging/frame.js';
import { SPECTRUM_BANDS, type Usual } from '../network/model.js';

/** Lowest and highest frequency of a spectrum, in cycles per prepared pixel. */
const [LOWEST, HIGHEST] = [1 / 64, 1 / 2];
/** Side of the middle of an image whose spectrum is taken. */
const SPECTRUM_SIDE = 512;
/** Spectra of one specimen differ by this much, too, where few micrographs show less: natural logarithms of power. */
const LEAST_SD = 0.1;
/** Spectra that are further from the usual ones, in root mean square standard deviations, are of other micrographs. */
export const LARGEST_DISTANCE = 1.5;
/** Picks of the expected number whose scores make the strength: the better half. */
const BETTER_SHARE = 0.5;
const FEWEST = 5;
/** Counts beyond the usual ones by more than this factor are unusual. */
const COUNT_FACTOR = 3;
/** Strength that may be missing at the least, in logits. */
const STRENGTH_MARGIN = 1;

/** Natural logarithms of the power in bands of frequencies, from low to high. */
export function spectrumOf(image: Image): number[] {
  const power = radialPower(cutMiddle(image, SPECTRUM_SIDE));
  const [sums, weights] = [new Float64Array(SPECTRUM_BANDS), new Float64Array(SPECTRUM_BANDS)];
  for (let i = 1; i < power.length; i++) {
    const frequency = i / power.length;
    if (frequency < LOWEST || frequency >= HIGHEST) continue;
    const band = Math.floor((SPECTRUM_BANDS * Math.log(frequency / LOWEST)) / Math.log(HIGHEST / LOWEST));
    sums[band] += i * power[i];
    weights[band] += i;
  }
  return Array.from(sums, (sum, band) => Math.log(sum / Math.max(1, weights[band]) + Number.EPSILON));
}

/** How far a spectrum is from the usual ones, in root mean square standard deviations. */
export function spectrumDistance(spectrum: readonly number[], { mean, sd }: Usual['spectrum']): number {
  const squares = spectrum.map((value, band) => ((value - mean[band]) / (sd[band] + LEAST_SD)) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / spectrum.length);
}

/** What picking says of a micrograph as a whole. */
export interface ScoreLook {
  /** Picks in a square of one diameter. */
  readonly density: number;
  /** Mean logit of the scores of the best candidates. */
  readonly strength: number;
}

/** The candidates of a micrograph. */
export interface LookedAt {
  /** In falling order, also those below the threshold. */
  readonly scores: readonly number[];
  readonly threshold: number;
  /** Usable area in squares of one diameter. */
  readonly area: number;
}

/** Usable area in squares of one diameter. Lengths in full-size pixels. */
export function areaInDiameters(
  frame: Frame,
  edge: number,
  diameter: number,
  isExcluded: ((place: Point) => boolean) | null = null,
): number {
  return areaInside(frame, edge, isExcluded) / diameter ** 2;
}

function densityOf({ scores, threshold, area }: LookedAt): number {
  return scores.filter((score) => score >= threshold).length / area;
}

/** The look of a micrograph. */
export function lookAtScores(found: LookedAt, usualDensity: number): ScoreLook {
  const count = Math.max(FEWEST, Math.round(BETTER_SHARE * usualDensity * found.area));
  const best = Array.from({ length: count }, (_, i) => logit(found.scores[i] ?? 0));
  return { density: densityOf(found), strength: best.reduce((sum, value) => sum + value, 0) / count };
}

/** The middle of what is usual. */
export function usualDensity({ density }: Usual): number {
  return (density.low + density.high) / 2;
}

/** What is usual of some micrographs; null without any. */
export function usualOf(spectra: readonly (readonly number[])[], found: readonly LookedAt[]): Usual | null {
  if (spectra.length === 0 || found.length === 0) return null;
  const mean = spectra[0].map((_, band) => meanOf(spectra.map((spectrum) => spectrum[band])));
  const sd = mean.map((middle, band) => {
    const squares = spectra.map((spectrum) => (spectrum[band] - middle) ** 2);
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / Math.max(1, spectra.length - 1));
  });
  const density = rangeOf(found.map(densityOf));
  const middle = (density.low + density.high) / 2;
  const strength = rangeOf(found.map((one) => lookAtScores(one, middle).strength));
  return { spectrum: { mean: mean.map(rounded), sd: sd.map(rounded) }, density, strength };
}

/** What is unusual in a micrograph's picks, in words; null where nothing is. */
export function unusualIn({ density, strength }: ScoreLook, usual: Usual): string | null {
  const { low, high } = usual.strength;
  if (strength < low - Math.max(STRENGTH_MARGIN, high - low)) return 'scores are lower than usual';
  if (density < usual.density.low / COUNT_FACTOR) return 'few particles';
  if (density > usual.density.high * COUNT_FACTOR) return 'many particles';
  return null;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rangeOf(values: readonly number[]): Usual['density'] {
  return { low: rounded(Math.min(...values)), high: rounded(Math.max(...values)) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
