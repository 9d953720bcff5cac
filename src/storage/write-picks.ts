/** Writes the coordinates of a run: a file for each micrograph and format, lists of the whole run, and where they come from. */

import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { FileError } from '../core/errors.js';
import { type Provenance, provenanceLine } from '../core/provenance.js';
import type { CoordinateFormat, PickedMicrograph, RunEntry, WriteContext } from '../formats/coordinate-format.js';
import { readText, writePieces, writeWhole } from './files.js';
import { stem } from './names.js';
import { keptPicksFolder, readKeptPicks } from './run-history.js';

/** Ending of the provenance that stands beside files that cannot hold it. */
const PROVENANCE = '.provenance.json';

/** Writes micrograph after micrograph, then the lists of the run. Memory does not grow with the picks. */
export interface PicksWriter {
  /** The files that a micrograph gets and that replace what is there, below the output folder. */
  filesOf(micrograph: WrittenMicrograph): string[];
  /** The lists of the run, below the output folder. */
  readonly lists: readonly string[];
  /**
   * Writes the files of one micrograph.
   *
   * @param folder - below the output folder
   * @returns the files, below the output folder
   * @throws FileError
   */
  write(picked: PickedMicrograph, folder: string, provenance: Provenance): Promise<string[]>;
  /**
   * Writes the lists of the run.
   *
   * @param micrographs - names and folders of those in the lists, in their order, as they were given to `write` now or earlier
   * @returns what they lack, in sentences
   * @throws FileError, LabelError
   */
  finish(micrographs: readonly WrittenMicrograph[], provenance: Provenance): Promise<string[]>;
}

/** @throws FileError if the file that is there cannot be merged into */
function textFor(format: CoordinateFormat, file: string, picked: PickedMicrograph, context: WriteContext): string {
  try {
    return format.perMicrograph?.write(picked, context) ?? '';
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FileError(
      { what: `Cannot add to ${file}, which is damaged`, received: cause.message, hint: 'Fix it, or move it away' },
      { cause },
    );
  }
}

/** @throws FileError where the list of the run could not be read any more with this micrograph in it */
function assertHolds({ name: format, perRun }: CoordinateFormat, micrograph: string, file: string | null): void {
  for (const name of [micrograph, file ?? '']) {
    const reason = perRun?.refuses?.(name) ?? null;
    if (reason === null || name === '') continue;
    throw new FileError({
      what: `${JSON.stringify(name)} cannot stand in ${perRun?.file}`,
      received: `${reason} in the name`,
      expected: `a name that the format ${format} can hold`,
      hint: 'Rename the micrograph, or choose another --format',
    });
  }
}

/** A micrograph that was written. */
export interface WrittenMicrograph {
  readonly name: string;
  readonly folder: string;
}

/**
 * Makes a writer of some formats into a folder.
 *
 * @param kept - folder where picks are kept until the lists of the run are written; that of the run in `out` by default
 */
export function openPicksWriter(
  out: string,
  formats: readonly CoordinateFormat[],
  kept = keptPicksFolder(out),
): PicksWriter {
  const besides = formats.some(({ perMicrograph }) => !perMicrograph?.holdsProvenance);
  const lists = formats.some(({ perRun }) => perRun);
  const pathOf = ({ perMicrograph }: CoordinateFormat, { name, folder }: WrittenMicrograph) =>
    perMicrograph ? join(out, folder, perMicrograph.path(stem(name))) : null;
  const keptFile = ({ name, folder }: WrittenMicrograph) => join(kept, folder, `${stem(name)}.json`);
  const beside = ({ name, folder }: WrittenMicrograph) => join(out, folder, `${stem(name)}${PROVENANCE}`);
  return {
    filesOf(micrograph) {
      const replaced = formats.flatMap((format) =>
        format.perMicrograph?.merges ? [] : (pathOf(format, micrograph) ?? []),
      );
      return [...replaced, ...(besides ? [beside(micrograph)] : [])].map((file) => relative(out, file));
    },
    lists: formats.flatMap(({ perRun }) => perRun?.file ?? []),
    async write(picked, folder, provenance) {
      const { name } = picked;
      for (const format of formats) assertHolds(format, name, pathOf(format, { name, folder }));
      const files: string[] = [];
      const put = async (file: string, text: string) => {
        await writeWhole(file, text);
        files.push(relative(out, file));
      };
      for (const format of formats) {
        const file = pathOf(format, { name, folder });
        if (!format.perMicrograph || file === null) continue;
        const existing = existsSync(file) ? await readText(file) : null;
        await put(file, textFor(format, file, picked, { provenance: provenanceLine(provenance), existing }));
      }
      if (besides) {
        await put(beside({ name, folder }), `${JSON.stringify(provenance, null, 1)}\n`);
      }
      if (lists) await put(keptFile({ name, folder }), JSON.stringify(picked));
      return files;
    },
    async finish(micrographs, provenance) {
      const warnings: string[] = [];
      for (const format of formats) {
        if (!format.perRun) continue;
        const entries = micrographs.map((micrograph): RunEntry => {
          return {
            name: micrograph.name,
            get picked() {
              return readKeptPicks<PickedMicrograph>(keptFile(micrograph));
            },
            file: pathOf(format, micrograph),
          };
        });
        warnings.push(...(format.perRun.warnings?.(entries) ?? []));
        const pieces = format.perRun.write(entries, provenanceLine(provenance));
        await writePieces(join(out, format.perRun.file), pieces);
      }
      return warnings;
    },
  };
}
