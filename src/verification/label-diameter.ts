/** What labels themselves, and the files they come from, say against a diameter. Lengths in full-size pixels. */

import type { Point } from '../core/particle.js';
import { indexPoints } from '../evaluation/match.js';
import type { Patient } from './doctor.js';
import { factorForLook } from './label-look.js';
import { labelSize } from './label-size.js';

/** The labels of a micrograph, and what their file says beside them. */
export interface SizedLabels {
  readonly particles: readonly Point[];
  /** Side of the box. */
  readonly box?: number;
  /** Of the particle. */
  readonly diameter?: number;
}

/** Diameters that differ by more than this factor contradict each other. */
const OTHER_DIAMETER = 1.33;
/** Boxes are this many diameters wide, at the least and at the most. */
const BOX_DIAMETERS = [0.9, 5] as const;
/** Particles are at least half a diameter apart, but for this share of labels that lie on overlapping ones. */
const CLOSE_DIAMETERS = 0.5;
const CLOSE_SHARE = 0.2;
/** Fewer labels than this are close by chance. */
const FEWEST = 10;
/** The mean image contradicts a diameter where it is this many times as large; further off it shows something else. */
const TOO_SMALL = [0.37, 0.66] as const;
const TOO_LARGE = [1.4, 2.8] as const;
/** Two estimates of the size agree up to this factor. */
const SAME_SIZE = 1.35;
/** Labels whose mean image is made. */
const MOST_AVERAGED = 200;

/**
 * What contradicts a diameter, one sentence each, the surest first.
 *
 * @param patients - the labelled micrographs as `reduceForLook` makes them
 */
export function diameterWarnings(
  labels: readonly SizedLabels[],
  patients: readonly Patient[],
  diameter: number,
): string[] {
  const checks = [
    ofFile(labels, diameter),
    ofBox(labels, diameter),
    ofDistances(labels, diameter),
    ofImages(patients, diameter),
  ];
  return checks.flatMap((warning) => (warning === null ? [] : [warning]));
}

function ofFile(labels: readonly SizedLabels[], diameter: number): string | null {
  const said = labels.find((one) => one.diameter !== undefined)?.diameter;
  if (said === undefined || Math.max(said, diameter) <= OTHER_DIAMETER * Math.min(said, diameter)) return null;
  return `the label file gives particles of ${round(said)} px, ${times(said / diameter)} --diameter (${round(diameter)} px)`;
}

function ofBox(labels: readonly SizedLabels[], diameter: number): string | null {
  const box = labels.find((one) => one.box !== undefined)?.box;
  const [least, most] = BOX_DIAMETERS;
  if (box === undefined || (box >= least * diameter && box <= most * diameter)) return null;
  return `the labels have boxes of ${round(box)} px, ${times(box / diameter)} --diameter (${round(diameter)} px); boxes are mostly 1.3 to 2 diameters wide`;
}

function ofDistances(labels: readonly SizedLabels[], diameter: number): string | null {
  const all = labels.reduce((sum, { particles }) => sum + particles.length, 0);
  const close = labels.reduce((sum, { particles }) => {
    const index = indexPoints(particles);
    const crowded = particles.filter(({ x, y }) => (index?.within(x, y, CLOSE_DIAMETERS * diameter).length ?? 0) > 1);
    return sum + crowded.length;
  }, 0);
  if (all < FEWEST || close <= CLOSE_SHARE * all) return null;
  return `${close} of ${all} labels have another within half of --diameter (${round(diameter / 2)} px): particles would overlap; is --diameter too large, or are labels doubled?`;
}

function ofImages(patients: readonly Patient[], diameter: number): string | null {
  const factor = factorForLook(diameter);
  const some = firstOf(patients, MOST_AVERAGED);
  const size = labelSize(some, diameter / factor);
  if (size === null) return null;
  const ratio = (size * factor) / diameter;
  const isBetween = ([low, high]: readonly [number, number]) => ratio >= low && ratio <= high;
  if (!isBetween(TOO_SMALL) && !isBetween(TOO_LARGE)) return null;
  // A size that is right is found again when it is asked for; a fringe that only depends on what was asked is not.
  const again = labelSize(some, size);
  if (again === null || Math.max(again, size) > SAME_SIZE * Math.min(again, size)) return null;
  return `the mean image of the labels shows particles of about ${round(size * factor)} px, ${times(ratio)} --diameter (${round(diameter)} px)`;
}

function firstOf(patients: readonly Patient[], most: number): Patient[] {
  const each = Math.ceil(most / Math.max(1, patients.length));
  return patients.map(({ image, particles }) => ({ image, particles: particles.slice(0, each) }));
}

function times(ratio: number): string {
  return `${round(ratio)} times`;
}

/** Two digits: no estimate is better. */
function round(value: number): number {
  return value < 100 ? Number(value.toPrecision(2)) : Math.round(value);
}
