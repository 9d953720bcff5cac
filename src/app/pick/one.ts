/** Picking one micrograph, and writing what came of it. */

import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { messageOf } from '../../core/errors.js';
import type { Provenance } from '../../core/provenance.js';
import { evenBox } from '../../core/sizes.js';
import { PROGRAM } from '../../core/version.js';
import { writeMrc } from '../../formats/mrc.js';
import type { Model, Usual } from '../../network/model.js';
import type { FirstLook } from '../../picking/first-look.js';
import { type Picker, type PickResult, pickPrepared } from '../../picking/pick.js';
import { unusualIn } from '../../picking/usual.js';
import { changedWhileRead, writeWhole } from '../../storage/files.js';
import { type InputMicrograph, listedName } from '../../storage/inputs.js';
import type { Masks } from '../../storage/masks.js';
import { LEFT_OUT, outputStem, SCORES } from '../../storage/outputs.js';
import type { PreparedFile } from '../../storage/preparer.js';
import { hashesOf, type RunRecord } from '../../storage/run-history.js';
import type { PicksWriter } from '../../storage/write-picks.js';
import { describeRemoved, type Outcome } from './outcome.js';
import { type PickSettings, pickOptionsOf } from './settings.js';

/** What every micrograph is picked and written with. */
export interface PickTools {
  readonly picker: Picker;
  readonly writer: PicksWriter;
  /** null: there are none. */
  readonly masks: Masks | null;
}

/** What became of a micrograph. */
interface PickedOne {
  readonly record: RunRecord;
  readonly outcome: Outcome;
  /** What it says of whether the model fits; null where that is not looked at. */
  readonly first: FirstLook | null;
}

/** Picks a micrograph that is being prepared, and writes its files; one that cannot be picked is an outcome, too. */
export async function pickOne(
  input: InputMicrograph,
  preparing: Promise<PreparedFile>,
  tools: PickTools,
  settings: PickSettings,
): Promise<PickedOne> {
  const started = performance.now();
  const about = () => ({
    micrograph: resolve(input.path),
    seconds: (performance.now() - started) / 1000,
    at: Date.now(),
  });
  const before = await stat(input.path).catch(() => null);
  const file = { size: before?.size ?? null, modified: before?.mtimeMs ?? null };
  try {
    const read = await preparing;
    if (read.modified !== file.modified) {
      throw changedWhileRead(input.path);
    }
    const isExcluded = (await tools.masks?.of(input, read.prepared)) ?? null;
    const result = await pickPrepared(read.prepared, tools.picker, {
      ...pickOptionsOf(settings, read.pixelSize),
      isExcluded,
    });
    const files = await writeResult(input, read, tools, result, settings);
    const { particles, removed, look } = result;
    const unusual = describeUnusual(result, tools.picker.model.metadata.usual);
    const written = { particles: particles.length, removed, files };
    const hashes = await hashesOf(settings.out, files);
    return {
      record: { ...about(), ...file, sha256: read.sha256, state: 'done', ...written, hashes, reason: null, unusual },
      outcome: {
        ...{
          micrograph: input.path,
          ...written,
          files: files.filter(isResult).map((name) => join(settings.out, name)),
        },
        ...{ warnings: read.warnings, unusual },
      },
      first: look && read.spectrum && { look, spectrum: read.spectrum },
    };
  } catch (error) {
    const nothing = { sha256: null, particles: null, removed: null, files: [], hashes: {}, unusual: null };
    const reason = messageOf(error);
    return {
      record: { ...about(), ...file, ...nothing, state: 'failed', reason },
      outcome: { micrograph: input.path, error: reason },
      first: null,
    };
  }
}

/** What is kept for the run itself is of no interest to others. */
function isResult(file: string): boolean {
  return !file.startsWith('.');
}

/** Writes the files of one micrograph; returns them, below the output folder. */
async function writeResult(
  input: InputMicrograph,
  { prepared: { width, height }, pixelSize, sha256 }: PreparedFile,
  { picker: { model }, writer }: PickTools,
  { particles, scoreMap, leftOut }: PickResult,
  settings: PickSettings,
): Promise<string[]> {
  const { metadata } = model;
  const scale = metadata.pixelSize && pixelSize ? metadata.pixelSize / pixelSize : 1;
  const box = evenBox(metadata.box * scale);
  const { values = {}, optics = {} } = input.star ?? {};
  const picked = { name: listedName(input), width, height, pixelSize, values, optics, box, particles };
  const files = await writer.write(picked, input.folder, {
    ...runProvenance(settings, model),
    ...{ micrograph: input.path, width, height, sha256, pixelSize },
    ...{ diameter: Number((scale * metadata.diameter).toFixed(2)), binning: Number(scoreMap.factor.toFixed(6)) },
  });
  const write = async (ending: string, data: string | Uint8Array) => {
    const file = `${join(settings.out, outputStem(input))}${ending}`;
    await writeWhole(file, data);
    files.push(relative(settings.out, file));
  };
  if (settings.saveLeftOut) await write(LEFT_OUT, `${JSON.stringify(leftOut)}\n`);
  const spacing = pixelSize === null ? null : pixelSize * scoreMap.factor * scoreMap.step;
  if (settings.saveScores) await write(SCORES, writeMrc(scoreMap, spacing, `${PROGRAM} score map`));
  return files;
}

/** What is unusual in the picks of a micrograph; null where nothing is. */
function describeUnusual({ particles, removed, look }: PickResult, usual: Usual | null): string | null {
  if (particles.length === 0) return `no particles (candidates left out: ${describeRemoved(removed)})`;
  return look && usual && unusualIn(look, usual);
}

/** What picks were made with. */
export function runProvenance(settings: PickSettings, { metadata }: Model): Provenance {
  const threshold = typeof settings.threshold === 'number' ? settings.threshold : metadata.threshold;
  const { with: picks } = settings;
  const what = picks.kind === 'blob' ? 'blobs' : 'the general model for particles';
  const model = picks.kind === 'model' ? picks.file : `${what} of ${Number(metadata.diameter.toFixed(2))} px`;
  return { program: PROGRAM, model, threshold };
}
