/** The list of coordinate formats. To add one: write its file after `coordinate-format.ts`, and add it here. */

import { FileError, messageOf, UsageError } from '../core/errors.js';
import { boxFormat } from './box.js';
import { cboxFormat } from './cbox.js';
import type { CoordinateFormat, CoordinateRecord, ReadContext } from './coordinate-format.js';
import { cryopppFormat } from './cryoppp.js';
import { cryosparcFormat } from './cryosparc.js';
import { csvFormat } from './csv.js';
import { emanJsonFormat } from './eman-json.js';
import { particlesStarFormat } from './particles-star.js';
import { relionStarFormat } from './relion-star.js';
import { topazFormat } from './topaz.js';

/** Every format, the most exact first: of files with the same picks the first format's is read. */
export const COORDINATE_FORMATS: readonly CoordinateFormat[] = [
  csvFormat,
  relionStarFormat,
  particlesStarFormat,
  cboxFormat,
  cryosparcFormat,
  emanJsonFormat,
  boxFormat,
  topazFormat,
  cryopppFormat,
];

/** The formats that can be written. */
export const WRITTEN_FORMATS: readonly CoordinateFormat[] = COORDINATE_FORMATS.filter(
  ({ perMicrograph, perRun }) => perMicrograph ?? perRun,
);

/** Endings of coordinate files, each with its dot: `.star`, `.csv`. */
export const COORDINATE_ENDINGS: readonly string[] = [
  ...new Set(
    COORDINATE_FORMATS.flatMap(({ extensions, namedExtensions = [] }) =>
      [...extensions, ...namedExtensions].map((extension) => extension.slice(extension.lastIndexOf('.'))),
    ),
  ),
];

/**
 * The format of a name as given to `--format`.
 *
 * @param formats - to choose from; all by default
 * @throws UsageError if there is none
 */
export function formatNamed(name: string, formats = COORDINATE_FORMATS): CoordinateFormat {
  const format = formats.find((candidate) => candidate.name === name);
  if (format) return format;
  throw new UsageError({
    what: 'Unknown coordinate format',
    received: `"${name}"`,
    expected: formats.map((candidate) => candidate.name).join(', '),
  });
}

/**
 * The formats of a list with commas, as given to `--format`, each once.
 *
 * @throws UsageError if one is unknown or cannot be written, or if two would write the same file
 */
export function writtenFormats(list: string): CoordinateFormat[] {
  const formats = [...new Set(list.split(',').map((name) => formatNamed(name.trim(), WRITTEN_FORMATS)))];
  const files = new Map<string, string>();
  for (const { name, perMicrograph } of formats) {
    const file = perMicrograph?.path('NAME') ?? '';
    const other = files.get(file);
    if (file !== '' && other !== undefined) {
      throw new UsageError({
        what: 'Two formats would be written to the same file',
        received: `${other} and ${name}, both to ${file}`,
        expected: 'one of them at a time',
      });
    }
    files.set(file, name);
  }
  return formats;
}

/**
 * The format that a file's ending names, or undefined.
 *
 * @param named - whether the file itself was named, not only its folder
 */
export function formatOfFile(file: string, named = true): CoordinateFormat | undefined {
  const lower = file.toLowerCase();
  return COORDINATE_FORMATS.find(({ extensions, namedExtensions = [] }) =>
    [...extensions, ...(named ? namedExtensions : [])].some((extension) => lower.endsWith(extension)),
  );
}

/** How a file is to be read where its ending does not say all. */
export interface ParseOptions extends ReadContext {
  /** By the ending where absent. */
  readonly format?: CoordinateFormat;
}

/**
 * Parses the coordinates in a file's bytes.
 *
 * @param file - the name, which decides the format unless one is given
 * @throws FileError if the ending is unknown or the bytes are not of that format
 */
export function parseCoordinates(data: Uint8Array, file: string, options: ParseOptions = {}): CoordinateRecord[] {
  const format = options.format ?? formatOfFile(file);
  if (!format) {
    throw new FileError({
      what: `Cannot read coordinates from ${file}`,
      received: 'an unknown ending',
      expected: COORDINATE_FORMATS.flatMap(({ extensions, namedExtensions = [] }) => [
        ...extensions,
        ...namedExtensions,
      ]).join(', '),
    });
  }
  try {
    return format.read(data, options);
  } catch (cause) {
    throw notOfFormat(file, format, cause);
  }
}

/** The error for a file that is not what its ending says. */
export function notOfFormat(file: string, format: CoordinateFormat, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  return new FileError(
    {
      what: `Cannot read coordinates from ${file}`,
      received: messageOf(cause).replace(/\s+/g, ' '),
      expected: `${format.name} coordinates`,
    },
    { cause },
  );
}
