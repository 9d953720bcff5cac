/** The convention doctor: which change of convention puts coordinates onto particles, as far as the pixels can tell. */

import type { Image } from '../core/micrograph.js';
import { isInside, type Particle } from '../core/particle.js';
import { random, shuffle } from '../core/random.js';
import { type Transform, transform } from '../core/transform.js';
import { type Mistake, mistakes, shiftedBy } from './candidates.js';
import { blobResponse, contrastAt, controlShifts, type ResponseMap, type Shift, significance } from './contrast.js';

/** A micrograph with the coordinates that are in question. */
export interface Patient {
  readonly image: Image;
  readonly particles: readonly Particle[];
}

/** What the doctor needs to know. Lengths in full-size pixels. */
export interface DoctorOptions {
  /** Of the particle; several are tried where it is absent. */
  readonly diameter?: number;
  /** Side of the box, where the coordinates have one; else half boxes of common sizes are tried. */
  readonly box?: number;
  /** Of the controls; 1 by default. */
  readonly seed?: number;
}

/** A change, and how well it fits. */
export interface Finding extends Mistake {
  /** Contrast at the picks in standard deviations of shifted controls; positive where particles are dark. */
  readonly contrast: number;
  /** Share of the picks that lie inside the micrographs. */
  readonly inside: number;
}

/** What the doctor found. */
export interface Diagnosis {
  /** Best first; of shifts of unknown length, first the one that fits a wider blob best. */
  readonly findings: readonly Finding[];
  /** By how much the best is better than the best of those that put the picks elsewhere, in standard deviations. */
  readonly margin: number;
  /** Whether contrast and margin are large enough to trust the best. */
  readonly certain: boolean;
  /** Indices of the micrographs on which the best change does not put the picks onto particles. */
  readonly misfits: readonly number[];
  /** Diameter of the particle, as given or as the contrast has it, in full-size pixels. */
  readonly diameter: number;
}

/** Widths of blobs that are tried where the diameter is known, in diameters: particles are not quite blobs. */
export const NEAR_SHARES = [0.6, 0.8, 1, 1.25];
/** Diameters that are tried where none is known, as shares of the shorter side. */
const DIAMETER_SHARES = [1 / 10, 1 / 15, 1 / 22, 1 / 33, 1 / 50, 1 / 75, 1 / 110];
/** Width of the blob that finds the length of a shift, and the steps in which it is looked for, in diameters. */
const WIDE = 1.4;
const FINE = 0.04;
/** Fewer picks are no evidence. */
export const FEWEST_PICKS = 20;
/** A micrograph whose own picks stand out less than this, where those of others do, may follow another convention. */
const FITTING = 2;
/** Picks looked at in one micrograph. */
const MOST_PICKS = 500;
/** Share of the picks that must lie inside. */
const INSIDE = 0.9;
/** The best must stand out of the controls and of the others by so many standard deviations. */
const CONTRAST_NEEDED = 5;
const MARGIN_NEEDED = 3;
/** Changes that move the picks by less than this share of the diameter cannot be told apart. */
const SAME_PLACE = 0.75;

/**
 * Finds the change of convention under which the picks lie on particles.
 *
 * Every change is judged by the mean response of a blob filter at the picks, against that of the same pattern of picks shifted
 * elsewhere. Whether the first pixel is 0 or 1 is below what pixels can tell.
 */
export function diagnose(patients: readonly Patient[], options: DoctorOptions = {}): Diagnosis {
  const { diameter, box, seed = 1 } = options;
  const chosen = patients.map(({ image, particles }, i) => ({
    image,
    particles: shuffle([...particles], random(seed, i)).slice(0, MOST_PICKS),
  }));
  const side = Math.min(...chosen.map(({ image }) => Math.min(image.width, image.height)));
  const widths = diameter ? NEAR_SHARES.map((share) => share * diameter) : DIAMETER_SHARES.map((share) => share * side);
  const shifts = controlShifts(seed, patients.length);
  const diagnoses = widths.map((width) => diagnoseAt(chosen, width, diameter ?? width, box, shifts));
  const best = diagnoses.reduce((one, other) => (other.margin > one.margin ? other : one));
  if (box !== undefined || best.findings[0].transform.shift.x === 0) return best;
  const refined = refineShift(best, chosen, shifts);
  const turned = refined.findings[0].contrast * best.findings[0].contrast < 0;
  return turned && diameter === undefined ? best : refined;
}

/**
 * The length of a shift whose box is not known, by a blob wider than the particle: narrower ones also answer to the walls of a
 * hollow particle. (Where the diameter is not known, and the wide blob sees light for dark, the narrow one had found the hole.)
 */
function refineShift(diagnosis: Diagnosis, patients: readonly Patient[], shifts: readonly Shift[]): Diagnosis {
  const { findings, diameter } = diagnosis;
  const { x } = findings[0].transform.shift;
  const maps = patients.map(({ image }) => blobResponse(image, WIDE * diameter));
  const reach = SAME_PLACE / Math.SQRT2;
  const steps = Math.floor(reach / FINE);
  const near = Array.from({ length: 2 * steps + 1 }, (_, i) => Math.round(x + (i - steps) * FINE * diameter))
    .filter((half) => half * x > 0)
    .map((half) => judge(shiftedBy(half), patients, maps, diameter, shifts));
  const first = near.reduce((one, other) => (Math.abs(other.contrast) > Math.abs(one.contrast) ? other : one));
  const others = findings.filter(({ transform }) => Math.abs(transform.shift.x - x) > reach * diameter);
  return { ...diagnosis, findings: [first, ...others] };
}

function diagnoseAt(
  patients: readonly Patient[],
  width: number,
  diameter: number,
  box: number | undefined,
  shifts: readonly Shift[],
): Diagnosis {
  const maps = patients.map(({ image }) => blobResponse(image, width));
  const beyond = reachBeyond(patients);
  const findings = mistakes(diameter, box)
    .filter(({ transform: { scale } }) => scale >= 1 || beyond)
    .map((mistake) => judge(mistake, patients, maps, diameter, shifts))
    .sort((a, b) => Math.abs(b.contrast) - Math.abs(a.contrast));
  const [best] = findings;
  const other = findings.find((finding) => isElsewhere(finding.transform, best.transform, patients, diameter));
  const margin = Math.abs(best.contrast) - Math.abs(other?.contrast ?? 0);
  const count = patients.reduce((sum, { particles }) => sum + particles.length, 0);
  const certain = count >= FEWEST_PICKS && Math.abs(best.contrast) >= CONTRAST_NEEDED && margin >= MARGIN_NEEDED;
  return { findings, margin, certain, diameter, misfits: misfitsOf(best, patients, maps, diameter, shifts) };
}

/** True where picks as they are lie outside: only then can they be too large. */
function reachBeyond(patients: readonly Patient[]): boolean {
  return patients.some(({ image: { width, height }, particles }) => {
    const inside = particles.filter((point) => isInside(point, width, height, 0));
    return inside.length < INSIDE * particles.length;
  });
}

/** Micrographs with picks enough to tell, on which a change does not fit. */
function misfitsOf(
  { transform: change, contrast }: Finding,
  patients: readonly Patient[],
  maps: readonly ResponseMap[],
  diameter: number,
  shifts: readonly Shift[],
): number[] {
  if (patients.length < 2) return [];
  return patients.flatMap((patient, i) => {
    if (patient.particles.length < FEWEST_PICKS) return [];
    const own = judge({ transform: change, words: '' }, [patient], [maps[i]], diameter, shifts);
    return own.contrast * Math.sign(contrast) < FITTING ? [i] : [];
  });
}

function judge(
  mistake: Mistake,
  patients: readonly Patient[],
  maps: readonly ResponseMap[],
  diameter: number,
  shifts: readonly Shift[],
): Finding {
  const moved = patients.map(({ image, particles }) =>
    transform(particles, mistake.transform, image).filter((point) => isInside(point, image.width, image.height, 0)),
  );
  const all = patients.reduce((sum, { particles }) => sum + particles.length, 0);
  const inside = moved.reduce((sum, picks) => sum + picks.length, 0) / Math.max(1, all);
  const apart = moved.map((picks) => onePerPlace(picks, diameter / 2));
  const contrast = inside < INSIDE ? 0 : significance(apart.map((picks, i) => contrastAt(maps[i], picks, shifts)));
  return { ...mistake, contrast, inside };
}

/** One pick for each square of some side: picks that a scale has squeezed into one spot are no evidence of their own. */
function onePerPlace(picks: readonly Particle[], side: number): Particle[] {
  return [
    ...new Map(picks.map((pick) => [`${Math.floor(pick.x / side)} ${Math.floor(pick.y / side)}`, pick])).values(),
  ];
}

/** True where two changes move the picks, on average, to different places. */
function isElsewhere(a: Transform, b: Transform, patients: readonly Patient[], diameter: number): boolean {
  let [sum, count] = [0, 0];
  for (const { image, particles } of patients) {
    const [one, other] = [transform(particles, a, image), transform(particles, b, image)];
    for (const [i, { x, y }] of one.entries()) {
      sum += Math.min(diameter, Math.hypot(x - other[i].x, y - other[i].y));
      count++;
    }
  }
  return sum >= SAME_PLACE * diameter * count;
}
