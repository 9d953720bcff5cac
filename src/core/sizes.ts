/** Lengths that follow from a particle's diameter or box. Each of these decisions stands here and nowhere else. */

/** Boxes written to files are this many particle diameters wide. */
export const BOX_DIAMETERS = 1.5;
/** A pick matches a true centre within this many particle diameters. */
const MATCH_DIAMETERS = 1 / 3;

/** The even number of pixels nearest to a length, 2 at the least: files and RELION want even boxes. */
export function evenBox(pixels: number): number {
  return 2 * Math.max(1, Math.round(pixels / 2));
}

/** Side of the box that is written to files for a particle, in the pixels of its diameter, even. */
export function boxOfDiameter(diameter: number): number {
  return evenBox(BOX_DIAMETERS * diameter);
}

/** Largest distance between a pick and the true centre that it matches, in the pixels of the diameter. */
export function matchRadius(diameter: number): number {
  return MATCH_DIAMETERS * diameter;
}
