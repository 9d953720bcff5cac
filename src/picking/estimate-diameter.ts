/**
 * The diameter of the particles in micrographs of which nothing is known: the general model is made for one size after another, and its best
 * scores are highest where the size fits.
 */

import { logit } from '../evaluation/calibration.js';
import { cutMiddle } from '../imaging/frame.js';
import { forBrightParticles } from '../network/bright.js';
import type { Model } from '../network/model.js';
import type { Engine } from '../runtime/engine.js';
import { openPicker, pick, type SizedImage } from './pick.js';
import { rescaleModel } from './rescale.js';

/** A diameter, and how sure it is. */
export interface EstimatedDiameter {
  /** In full-size pixels. */
  readonly diameter: number;
  /** Logits by which the scores at this size exceed those at sizes that differ by more than a half. */
  readonly margin: number;
  /** What was tried: mean logits of the best scores, by diameter. */
  readonly tried: readonly { readonly diameter: number; readonly strength: number }[];
}

/** Smallest diameter that is tried in pixels, and the largest as a part of the image. */
const [SMALLEST, LARGEST_PART] = [16, 1 / 6];
const RATIO = 1.2;
/** Diameters along the side of the part of a micrograph that is looked at. */
const PART_DIAMETERS = 20;
/** Best candidates that count, for each square diameter of the part, and at the least. */
const [COUNTED, LEAST] = [0.15, 8];
/** Lowest score of a candidate. */
const LOWEST = 1e-3;
/** Sizes whose scores are lower by no more than this are as good as the best. */
const AS_GOOD = 0.5;
/** Scores are best where the size is taken somewhat too large: the mean over the real sets (docs/results.md). */
const TOO_LARGE = 1.15;
/** With a smaller margin in logits bright particles are tried, too; they must be better by as much. */
const CLEAR = 1;
/** Sizes farther than this factor from the estimate are other sizes. */
const OTHER = 1.5;

/** Diameters to try in images of so many pixels along their shorter side. */
function sizesFor(side: number): number[] {
  const count = Math.floor(Math.log((LARGEST_PART * side) / SMALLEST) / Math.log(RATIO)) + 1;
  return Array.from({ length: Math.max(1, count) }, (_, i) => SMALLEST * RATIO ** i);
}

/** Mean logit of the best candidates in the middle of a micrograph, if the particles were so large. */
async function strengthAt(diameter: number, micrograph: SizedImage, model: Model, engine: Engine): Promise<number> {
  const picker = openPicker(engine, rescaleModel(model, diameter));
  const part = cutMiddle(micrograph, Math.ceil(PART_DIAMETERS * diameter));
  const { particles } = await pick({ ...part, pixelSize: null }, picker, {
    threshold: LOWEST,
    lowerWhereEmpty: false,
  });
  await picker.release();
  const area = (part.width * part.height) / diameter ** 2;
  const best = particles.slice(0, Math.max(LEAST, Math.round(COUNTED * area)));
  if (best.length === 0) return logit(LOWEST);
  return best.reduce((sum, { score }) => sum + logit(Math.min(score, 1 - LOWEST)), 0) / best.length;
}

/**
 * Estimates the diameter of the particles, dark ones or bright ones.
 *
 * @param micrographs - of one pixel size
 * @param model - the general one
 */
export async function estimateDiameter(
  micrographs: readonly SizedImage[],
  model: Model,
  engine: Engine,
): Promise<EstimatedDiameter> {
  const dark = await estimateWith(micrographs, model, engine);
  if (dark.margin >= CLEAR) return dark;
  const bright = await estimateWith(
    micrographs,
    { ...model, weights: forBrightParticles(model.weights, model.architecture) },
    engine,
  );
  return bright.highest > dark.highest + CLEAR ? bright : dark;
}

async function estimateWith(
  micrographs: readonly SizedImage[],
  model: Model,
  engine: Engine,
): Promise<EstimatedDiameter & { readonly highest: number }> {
  const sides = micrographs.map(({ width, height }) => Math.min(width, height));
  const tried: { diameter: number; strength: number }[] = [];
  for (const diameter of sizesFor(Math.min(...sides))) {
    let sum = 0;
    for (const micrograph of micrographs) sum += await strengthAt(diameter, micrograph, model, engine);
    tried.push({ diameter, strength: sum / micrographs.length });
  }
  const highest = Math.max(...tried.map(({ strength }) => strength));
  const good = tried.filter(({ strength }) => strength >= highest - AS_GOOD);
  const middle = Math.exp(good.reduce((sum, { diameter }) => sum + Math.log(diameter), 0) / good.length);
  const isOther = (diameter: number) => Math.abs(Math.log(diameter / middle)) > Math.log(OTHER);
  const others = tried.flatMap(({ diameter, strength }) => (isOther(diameter) ? [strength] : []));
  return { diameter: middle / TOO_LARGE, margin: highest - Math.max(...others, logit(LOWEST)), tried, highest };
}
