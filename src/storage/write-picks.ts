/** Writes the coordinates of a run: a file for each micrograph and format, lists of the whole run, and where they come from. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CoordinateFormat, PickedMicrograph, RunEntry } from '../formats/coordinate-format.js';
import { type Provenance, provenanceLine } from '../provenance.js';
import { readText, writePieces, writeWhole } from './files.js';
import { stem } from './names.js';

/** Ending of the provenance that stands beside files that cannot hold it. */
const PROVENANCE = '.provenance.json';

/** Writes micrograph after micrograph, then the lists of the run. */
export interface PicksWriter {
  /**
   * Writes the files of one micrograph.
   *
   * @param folder - below the output folder
   * @returns the files
   * @throws FileError
   */
  write(picked: PickedMicrograph, folder: string, provenance: Provenance): Promise<string[]>;
  /**
   * Writes the lists of the run.
   *
   * @returns the files
   * @throws FileError
   */
  finish(provenance: Provenance): Promise<string[]>;
}

/** Makes a writer of some formats into a folder. Memory grows with the picks only where a format is one file for all. */
export function openPicksWriter(out: string, formats: readonly CoordinateFormat[]): PicksWriter {
  const entries = new Map<CoordinateFormat, RunEntry[]>(
    formats.filter(({ perRun }) => perRun).map((format) => [format, []]),
  );
  const besides = formats.some(({ perMicrograph }) => !perMicrograph?.holdsProvenance);
  return {
    async write(picked, folder, provenance) {
      const name = stem(picked.name);
      const files: string[] = [];
      for (const format of formats) {
        const file = format.perMicrograph ? join(out, folder, format.perMicrograph.path(name)) : null;
        if (format.perMicrograph && file !== null) {
          const existing = existsSync(file) ? await readText(file) : null;
          await writeWhole(
            file,
            format.perMicrograph.write(picked, { provenance: provenanceLine(provenance), existing }),
          );
          files.push(file);
        }
        entries.get(format)?.push({ picked, file });
      }
      if (besides) {
        const file = join(out, folder, `${name}${PROVENANCE}`);
        await writeWhole(file, `${JSON.stringify(provenance, null, 1)}\n`);
        files.push(file);
      }
      return files;
    },
    async finish(provenance) {
      const files: string[] = [];
      for (const [{ perRun }, all] of entries) {
        if (!perRun) continue;
        const file = join(out, perRun.file);
        await writePieces(file, perRun.write(all, provenanceLine(provenance)));
        files.push(file);
      }
      return files;
    },
  };
}
