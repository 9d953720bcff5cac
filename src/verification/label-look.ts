/**
 * Whether labels lie on particles, before anything is trained on them: the doctor's question, asked of labels that somebody believes in,
 * and of each micrograph by itself. The pixels can contradict labels, agree with them, or say nothing.
 */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { resample, toResampled } from '../imaging/resample.js';
import { blobResponse, contrastAt, controlShifts, significance } from './contrast.js';
import { type Diagnosis, diagnose, FEWEST_PICKS, type Finding, NEAR_SHARES, type Patient } from './doctor.js';

/** What the pixels say of all labels together. */
export type LabelVerdict =
  /** Too few to tell. */
  | { readonly kind: 'few'; readonly labels: number }
  /** They stand out from the same pattern shifted elsewhere by so many standard deviations. */
  | { readonly kind: 'agree'; readonly contrast: number }
  /** They do not stand out, nor does any change of them. */
  | { readonly kind: 'silent'; readonly contrast: number }
  /** Another convention puts them onto particles, and they are not on particles as they are. */
  | { readonly kind: 'contradicted'; readonly finding: Finding; readonly margin: number; readonly contrast: number };

/** What was found. */
export interface LabelLook {
  readonly verdict: LabelVerdict;
  /** Indices of micrographs whose labels do not lie on particles, where those of the others do. */
  readonly strangers: readonly number[];
}

/** Diameter of the particle in the pixels that are looked at. */
const SIDE = 24;
/** Fewer labels than this say nothing. */
const FEWEST = 10;
/** Standard deviations from which labels agree with the pixels. */
const AGREE = 3;
/** A micrograph is a stranger where at least this was to be expected of its labels, by those of the others, ... */
const EXPECTED = 5;
/** ... and less than this share of it was found. */
const FOUND_SHARE = 0.25;

/** Full-size pixels per pixel that is looked at, for a diameter in full-size pixels. */
export function factorForLook(diameter: number): number {
  return Math.max(1, diameter / SIDE);
}

/**
 * A micrograph as small as the question allows, with its labels.
 *
 * @param diameter - of the particle in full-size pixels
 */
export function reduceForLook(image: Image, labels: readonly Point[], diameter: number): Patient {
  const factor = factorForLook(diameter);
  const particles = labels.map(({ x, y }) => ({ x: toResampled(x, factor), y: toResampled(y, factor) }));
  return { image: factor === 1 ? image : resample(image, factor), particles };
}

/**
 * Looks at labels.
 *
 * @param patients - made by `reduceForLook`
 * @param options - diameter and box in full-size pixels
 */
export function lookAtLabels(
  patients: readonly Patient[],
  { diameter, box }: { readonly diameter: number; readonly box?: number },
): LabelLook {
  const labels = patients.reduce((sum, { particles }) => sum + particles.length, 0);
  if (labels < FEWEST) return { verdict: { kind: 'few', labels }, strangers: [] };
  const factor = factorForLook(diameter);
  const { pooled, own } = contrasts(patients, diameter / factor);
  const strangers = strangersAmong(patients, own);
  const rest = patients.filter((_, i) => !strangers.includes(i));
  const size = { diameter: diameter / factor, ...(box !== undefined && { box: box / factor }) };
  const diagnosis = labels >= FEWEST_PICKS ? diagnose(rest, size) : null;
  const other = diagnosis && contradiction(diagnosis);
  if (other) return { verdict: { kind: 'contradicted', contrast: pooled, ...other }, strangers: [] };
  return { verdict: { kind: Math.abs(pooled) >= AGREE ? 'agree' : 'silent', contrast: pooled }, strangers };
}

/** The change that puts labels onto particles, where they are not on any as they are. */
function contradiction({ certain, findings, margin }: Diagnosis) {
  const [best] = findings;
  const plain = findings.find(({ transform: { scale, shift, flipX, flipY, swap } }) => {
    return scale === 1 && shift.x === 0 && !flipX && !flipY && !swap;
  });
  // A shift puts part of each particle under its label all the same: such labels are not contradicted as a whole.
  if (!certain || best === plain || Math.abs(plain?.contrast ?? 0) > Math.abs(best.contrast) / 2) return null;
  return { finding: best, margin };
}

/** Contrast of the labels as they are, of all and of each micrograph, by the width of blob that sees most. */
function contrasts(patients: readonly Patient[], diameter: number): { pooled: number; own: number[] } {
  const shifts = controlShifts(1, patients.length);
  const looks = NEAR_SHARES.map((share) => {
    const each = patients.map(({ image, particles }) =>
      contrastAt(blobResponse(image, share * diameter), particles, shifts),
    );
    return { pooled: significance(each), own: each.map((one) => significance([one])) };
  });
  return looks.reduce((one, other) => (Math.abs(other.pooled) > Math.abs(one.pooled) ? other : one));
}

/** Micrographs whose labels stand out far less than as many labels of the others do. */
function strangersAmong(patients: readonly Patient[], own: readonly number[]): number[] {
  const strength = (i: number) => own[i] / Math.sqrt(Math.max(1, patients[i].particles.length));
  const all = patients.map((_, i) => strength(i)).filter((_, i) => patients[i].particles.length > 0);
  if (all.length < 3) return [];
  const median = all.sort((a, b) => a - b)[Math.floor(all.length / 2)];
  return patients.flatMap(({ particles }, i) => {
    const expected = Math.abs(median) * Math.sqrt(particles.length);
    return expected >= EXPECTED && own[i] * Math.sign(median) < FOUND_SHARE * expected ? [i] : [];
  });
}
