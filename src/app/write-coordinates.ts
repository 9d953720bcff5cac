/** Coordinates to files, for programs that use the library. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../core/errors.js';
import type { Particle } from '../core/particle.js';
import type { Provenance } from '../core/provenance.js';
import { PROGRAM } from '../core/version.js';
import type { CoordinateFormat } from '../formats/coordinate-format.js';
import { writtenFormats } from '../formats/coordinates.js';
import { openPicksWriter } from '../storage/write-picks.js';

/** The particles of a micrograph. */
export interface MicrographParticles {
  /** Path of the micrograph, as the next program is to find it. */
  readonly micrograph: string;
  /** In full-size pixels. */
  readonly width: number;
  readonly height: number;
  /** Angstroms per pixel; unknown by default. */
  readonly pixelSize?: number | null;
  /** Centres in full-size pixels. */
  readonly particles: readonly Particle[];
}

/** How coordinates are written. */
export interface WriteCoordinatesOptions {
  /** One or more names with commas, as for `deepem pick --format`; `csv` by default. */
  readonly formats?: string;
  /** Side of the boxes in full-size pixels, even; for formats that have boxes. */
  readonly box?: number;
  /** What the particles were found with, for the files. */
  readonly provenance?: Omit<Provenance, 'program'>;
}

/**
 * Writes a file for each micrograph and format, or one list where the format has one; files that are there are replaced.
 *
 * @param out - folder; it is made if it is not there
 * @returns paths of the files
 * @throws UsageError if a format is unknown, or has boxes and there is no side; FileError if a file cannot be written, or a format cannot hold a name
 */
export async function writeCoordinates(
  out: string,
  micrographs: readonly MicrographParticles[],
  { formats = 'csv', box = 0, provenance = {} }: WriteCoordinatesOptions = {},
): Promise<string[]> {
  const chosen = writtenFormats(formats);
  assertBox(chosen, box);
  const kept = await mkdtemp(join(tmpdir(), 'deepem-'));
  try {
    const writer = openPicksWriter(out, chosen, kept);
    const files: string[] = [];
    for (const { micrograph: name, pixelSize = null, ...picked } of micrographs) {
      const { width, height } = picked;
      const from = { program: PROGRAM, micrograph: name, width, height, pixelSize, ...provenance };
      files.push(...(await writer.write({ ...picked, name, pixelSize, box, values: {}, optics: {} }, '', from)));
    }
    await writer.finish(
      micrographs.map(({ micrograph: name }) => ({ name, folder: '' })),
      { program: PROGRAM, ...provenance },
    );
    return [...files.filter((file) => !file.startsWith('..')), ...writer.lists].map((file) => join(out, file));
  } finally {
    await rm(kept, { recursive: true, force: true });
  }
}

/** @throws UsageError where a format has boxes, and there is no side */
function assertBox(formats: readonly CoordinateFormat[], box: number): void {
  const format = formats.find(({ needsBox }) => needsBox);
  if (!format || (box > 0 && box % 2 === 0)) return;
  throw new UsageError({
    what: `The format ${format.name} has boxes`,
    received: `a side of ${box}`,
    expected: 'an even side in full-size pixels',
  });
}
