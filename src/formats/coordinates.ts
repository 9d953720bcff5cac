/** The list of coordinate formats. To add one: write its file after `coordinate-format.ts`, and add it here. */

import { FileError, messageOf, UsageError } from '../errors.js';
import { boxFormat } from './box.js';
import type { CoordinateFormat, CoordinateRecord } from './coordinate-format.js';
import { csvFormat } from './csv.js';
import { relionStarFormat } from './relion-star.js';

/** Every format that is read and written. */
export const COORDINATE_FORMATS: readonly CoordinateFormat[] = [boxFormat, csvFormat, relionStarFormat];

/**
 * The format of a name as given to `--format`.
 *
 * @throws UsageError if there is none
 */
export function formatNamed(name: string): CoordinateFormat {
  const format = COORDINATE_FORMATS.find((candidate) => candidate.name === name);
  if (format) return format;
  throw new UsageError({
    what: 'Unknown coordinate format',
    received: `"${name}"`,
    expected: COORDINATE_FORMATS.map((candidate) => candidate.name).join(', '),
  });
}

/** The format that a file's ending names, or undefined. */
export function formatOfFile(file: string): CoordinateFormat | undefined {
  const lower = file.toLowerCase();
  return COORDINATE_FORMATS.find(({ extensions }) => extensions.some((extension) => lower.endsWith(extension)));
}

/**
 * Parses the coordinates in a file's text.
 *
 * @param file - the name, which decides the format
 * @throws FileError if the ending is unknown or the text is not of that format
 */
export function parseCoordinates(text: string, file: string): CoordinateRecord[] {
  const format = formatOfFile(file);
  if (!format) {
    throw new FileError({
      what: `Cannot read coordinates from ${file}`,
      received: 'an unknown ending',
      expected: COORDINATE_FORMATS.flatMap(({ extensions }) => extensions).join(', '),
    });
  }
  try {
    return format.read(text);
  } catch (cause) {
    throw new FileError(
      {
        what: `Cannot read coordinates from ${file}`,
        received: messageOf(cause),
        expected: `${format.name} coordinates`,
      },
      { cause },
    );
  }
}
