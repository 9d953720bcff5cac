/** Where coordinates come from: written into each file that can hold a comment, else into a file beside it. */

/** The history of the coordinates of one micrograph. */
export interface Provenance {
  /** Name and version of this program. */
  readonly program: string;
  /** Path of the micrograph; absent where it was not looked at. */
  readonly micrograph?: string;
  readonly width?: number;
  readonly height?: number;
  /** Hash of the micrograph's file, as `sha256sum` gives it. */
  readonly sha256?: string;
  /** Angstroms per pixel, or null where unknown. */
  readonly pixelSize?: number | null;
  /** Diameter of the particle in pixels of the micrograph. */
  readonly diameter?: number;
  /** Pixels of the micrograph per pixel that the network saw. */
  readonly binning?: number;
  /** Path of the model, or what was used instead. */
  readonly model?: string;
  /** Lowest score. */
  readonly threshold?: number;
  /** Coordinates that were converted, and how. */
  readonly convertedFrom?: string;
  readonly changes?: string;
}

/** The convention of every coordinate that is written. */
const CONVENTION = 'first stored row is y = 0';

/** Provenance in one line, for a comment. */
export function provenanceLine(provenance: Provenance): string {
  const { program, width, height, pixelSize, ...rest } = provenance;
  const size = width === undefined ? [] : [`size ${width}x${height}`];
  const scale = pixelSize ? [`pixel size ${pixelSize} A`] : [];
  const others = Object.entries(rest).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`],
  );
  return [program, ...others, ...size, ...scale, CONVENTION].join('; ');
}
