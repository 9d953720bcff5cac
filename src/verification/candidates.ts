/** The mistakes of convention that the doctor knows, each as the change that fixes it. */

import { IDENTITY, type Transform } from '../core/transform.js';

/** A change, in words. */
export interface Mistake {
  readonly transform: Transform;
  readonly words: string;
}

/** Binnings and scales in use. */
const SCALES = [2, 3, 4, 5, 6, 8, 10, 12, 16];
/** Half boxes that are looked for where the box is not known, in diameters. Below, a shift is hard to tell from none. */
const HALF_BOXES = Array.from({ length: 21 }, (_, i) => 0.5 + 0.1 * i);

const ORIENTATIONS: readonly Mistake[] = [
  { transform: IDENTITY, words: 'as they are' },
  { transform: { ...IDENTITY, flipY: true }, words: 'rows counted from the last' },
  { transform: { ...IDENTITY, flipX: true }, words: 'columns counted from the last' },
  { transform: { ...IDENTITY, flipX: true, flipY: true }, words: 'rows and columns counted from the last' },
  { transform: { ...IDENTITY, swap: true }, words: 'x and y exchanged' },
];

/**
 * Every change that is tried.
 *
 * @param diameter - of the particle in full-size pixels
 * @param box - side of the box in full-size pixels, where it is known
 */
export function mistakes(diameter: number, box?: number): Mistake[] {
  const scaled = ORIENTATIONS.flatMap(({ transform, words }) =>
    SCALES.flatMap((factor) =>
      [factor, 1 / factor].map((scale) => {
        const one = scale > 1 ? `pixels of an image binned ${factor} times` : `${factor} times too large`;
        return { transform: { ...transform, scale }, words: words === 'as they are' ? one : `${one}, ${words}` };
      }),
    ),
  );
  const halves = box ? [box / 2] : HALF_BOXES.map((share) => Math.round(share * diameter));
  const shifted = halves.flatMap((half) => [shiftedBy(half), shiftedBy(-half)]);
  return [...ORIENTATIONS, ...scaled, ...shifted];
}

/** The mistake that a shift along both axes fixes. */
export function shiftedBy(half: number): Mistake {
  const box = `a box of ${2 * Math.abs(half)} px`;
  return {
    transform: { ...IDENTITY, shift: { x: half, y: half } },
    words: half > 0 ? `the corner of ${box}` : `half ${box} too far, as a centre read as a corner`,
  };
}
