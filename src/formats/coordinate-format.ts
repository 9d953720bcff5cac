/** What a coordinate format is: one small file each, listed in `coordinates.ts`. */

import type { Particle } from '../core/particle.js';
import { eachLine } from './lines.js';

/** A particle as a file has it: with the micrograph's name where the file gives one (else the file's own name tells). */
export interface CoordinateRecord {
  readonly micrograph: string | null;
  readonly particle: Particle;
  /** Side of the box in full-size pixels, where the file has one. */
  readonly box?: number;
  /** Diameter of the particle in full-size pixels, where the file has one. */
  readonly diameter?: number;
  /** Values of its optics group by label, where the file has groups. */
  readonly optics?: Readonly<Record<string, string>>;
}

/** What a reader may need beside the file. */
export interface ReadContext {
  /** Rows of the micrograph, for formats that count from its last row. */
  readonly height?: number;
}

/** The micrograph that particles are written for. */
export interface PickedMicrograph {
  /** Path of the micrograph, as the next program is to find it. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Angstroms per pixel, or null where unknown. */
  readonly pixelSize: number | null;
  /** Values by label of its row in a `micrographs.star`, and of the optics group there; empty without one. */
  readonly values: Readonly<Record<string, string>>;
  readonly optics: Readonly<Record<string, string>>;
  /** Side of the box in full-size pixels, even. */
  readonly box: number;
  readonly particles: readonly Particle[];
}

/** What a writer of one micrograph's file needs beside the particles. */
export interface WriteContext {
  /** One line on where the picks come from, for formats that can hold a comment. */
  readonly provenance: string;
  /** Text of the file that is about to be replaced, for formats that keep what else is in it; null where there is none. */
  readonly existing: string | null;
}

/** A micrograph of a run, with the file that its format wrote for it. */
export interface RunEntry {
  /** As in `picked`. */
  readonly name: string;
  /** May be read from disk each time it is asked for. */
  readonly picked: PickedMicrograph;
  /** Path of the file of this micrograph; null where the format has none. */
  readonly file: string | null;
}

/** A way to keep the coordinates of particles. */
export interface CoordinateFormat {
  /** As given to `--format`. */
  readonly name: string;
  /** In one line, for help and docs. */
  readonly summary: string;
  /** Endings of the files that it reads, in lower case. Of equal endings the first format in the list reads. */
  readonly extensions: readonly string[];
  /** Endings that are read only where the file itself is named: below a folder they are mostly something else. */
  readonly namedExtensions?: readonly string[];
  /** Whether its files hold the size of a box. */
  readonly needsBox?: boolean;
  /** Whether the size of the micrograph is needed to write it. */
  readonly needsSize?: boolean;
  /** Whether micrographs are named without their folders. */
  readonly bareNames?: boolean;
  /** Largest error of a centre written and read back, in pixels. */
  readonly tolerance: number;
  /**
   * A file to particles (centres, full-size pixels). A row whose coordinates are NaN comes as it is: the caller counts it.
   *
   * @throws SyntaxError naming the line; the caller adds the file's name
   */
  read(data: Uint8Array, context?: ReadContext): CoordinateRecord[];
  /** Reads text line by line, for files of any length; absent where the whole file is needed at once. */
  readonly scan?: (context: ReadContext) => CoordinateScanner;
  /** Files of one micrograph each. */
  readonly perMicrograph?: {
    /** Path of the file for a micrograph's name without folder and ending. */
    path(stem: string): string;
    /** Whether the provenance is in the file. */
    readonly holdsProvenance: boolean;
    /** Whether what else is in a file that is there is kept. */
    readonly merges?: boolean;
    /** Particles to text; no particles give an empty, valid file. */
    write(picked: PickedMicrograph, context: WriteContext): string;
  };
  /** One file for all micrographs of a run. */
  readonly perRun?: {
    readonly file: string;
    /** Why the file cannot hold the name of a micrograph or of its file, or null. */
    readonly refuses?: (name: string) => string | null;
    /** What the file will lack, in sentences. @throws LabelError if it cannot be written */
    readonly warnings?: (entries: readonly RunEntry[]) => string[];
    /** The text in pieces: the whole may be longer than a string can be. */
    write(entries: readonly RunEntry[], provenance: string): Iterable<string>;
  };
}

/** Takes the lines of a coordinate file, one after the other. */
export interface CoordinateScanner {
  /** @throws SyntaxError naming the line */
  line(text: string, number: number): void;
  /** What was read. @throws SyntaxError if something is missing */
  end(): CoordinateRecord[];
  /** What is in the file and is not kept, in sentences; complete after `end`. */
  readonly warnings?: readonly string[];
}

/** Both ways to read a text: line by line, and from all of its bytes. */
export function readsLines(scan: (context: ReadContext) => CoordinateScanner): Pick<CoordinateFormat, 'read' | 'scan'> {
  const checked = (context: ReadContext): CoordinateScanner => {
    const scanner = scan(context);
    return {
      line(text, number) {
        if (number === 1) assertNoHelix(text);
        scanner.line(text, number);
      },
      end: scanner.end,
      ...(scanner.warnings && { warnings: scanner.warnings }),
    };
  };
  return {
    scan: checked,
    read(data, context = {}) {
      const scanner = checked(context);
      eachLine(data, scanner.line);
      return scanner.end();
    },
  };
}

/** A reader of whole texts from one of bytes. */
export function textReader(
  read: (text: string, context: ReadContext) => CoordinateRecord[],
): (data: Uint8Array, context?: ReadContext) => CoordinateRecord[] {
  return (data, context = {}) => {
    const text = new TextDecoder().decode(data);
    assertNoHelix(text);
    return read(text, context);
  };
}

/** @throws SyntaxError for EMAN2's text files of helices, which begin with the micrograph's name in a comment */
function assertNoHelix(text: string): void {
  if (!/^\s*#\s*(micrograph|helix|segment)\b/i.test(text)) return;
  throw new SyntaxError('line 1 is "#micrograph": these are EMAN2 helices (filaments), not particles');
}

/** One string for each name, however many rows have it; a copy, so that the text that it was cut from can go. */
export function sharedNames(): (name: string) => string {
  const names = new Map<string, string>();
  return (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const copy = Buffer.from(name).toString();
    names.set(copy, copy);
    return copy;
  };
}

/** A particle with its score; without one where the score is NaN or there is none. */
export function scoredParticle(x: number, y: number, score: number | undefined): Particle {
  return score === undefined || Number.isNaN(score) ? { x, y } : { x, y, score };
}

/** A particle with its class; what is not a whole number from 1 on names none, as 0 in RELION's lists of picks. */
export function withClass(particle: Particle, text: string | undefined): Particle {
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 ? { ...particle, class: number } : particle;
}

/** A line with its number from 1. */
export interface NumberedLine {
  readonly line: string;
  readonly number: number;
}

/** The lines of a text that are not empty. */
export function filledLines(text: string): NumberedLine[] {
  const lines: NumberedLine[] = [];
  eachLine(text, (line, number) => {
    if (line.trim() !== '') lines.push({ line: line.trim(), number });
  });
  return lines;
}

/** True for a line that begins with #. */
export function isComment({ line }: NumberedLine): boolean {
  return line.startsWith('#');
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

/** Writes a score, 0 where there is none. */
export function scoreText(score: number | undefined): string {
  return (score ?? 0).toFixed(6);
}
