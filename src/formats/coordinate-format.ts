/** What a coordinate format is: one small file each, listed in `coordinates.ts`. */

import type { Particle } from '../particle.js';

/** A particle as a file has it: with the micrograph's name where the file gives one (else the file's own name tells). */
export interface CoordinateRecord {
  readonly micrograph: string | null;
  readonly particle: Particle;
}

/** What a writer needs beside the particles. */
export interface WriteContext {
  /** Side of the box in full-size pixels, even. */
  readonly box: number;
  /** One line on where the picks come from, for formats that can hold a comment. */
  readonly provenance: string;
}

/** A way to keep the particles of one micrograph in text. */
export interface CoordinateFormat {
  /** As given to `--format`. */
  readonly name: string;
  /** Ending of the files it writes, after the micrograph's base name. */
  readonly suffix: string;
  /** Endings of the files it reads, in lower case. */
  readonly extensions: readonly string[];
  /**
   * Text to particles (centres, full-size pixels). A row whose coordinates are NaN comes as it is: the caller counts it.
   *
   * @throws SyntaxError naming the line; the caller adds the file's name
   */
  read(text: string): CoordinateRecord[];
  /** Particles to text; no particles give an empty, valid file. */
  write(particles: readonly Particle[], context: WriteContext): string;
}

/** A particle with its score; without one where the score is NaN or there is none. */
export function scoredParticle(x: number, y: number, score: number | undefined): Particle {
  return score === undefined || Number.isNaN(score) ? { x, y } : { x, y, score };
}

/** The lines of a text that are neither empty nor comments, with their numbers from 1. */
export function contentLines(text: string): { line: string; number: number }[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}

const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/**
 * A number; NaN where the text says that it is not finite, as programs write it.
 *
 * @throws SyntaxError naming the line and the field where the text is no number
 */
export function parseNumber(text: string | undefined, field: string, line: number): number {
  if (text !== undefined && NOT_FINITE.test(text.trim())) return Number.NaN;
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new SyntaxError(
    `line ${line}: ${field} is ${text === undefined ? 'missing' : `"${text.slice(0, 40)}"`}, not a number`,
  );
}
