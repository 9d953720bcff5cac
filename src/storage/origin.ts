/** What picks of this program say of where they come from: the model, its threshold and the micrograph. */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { CoordinateSet } from './coordinate-pairs.js';
import { readStart, readText } from './files.js';
import { loadTrainingRecord, trainingRecordFile } from './model-file.js';

/** Where picks come from, as far as it is known. */
export interface PickOrigin {
  /** Score below which nothing was written. */
  readonly threshold: number | null;
  readonly model: string | null;
  readonly micrograph: string | null;
  /** Of the particle, in pixels of the micrograph. */
  readonly diameter: number | null;
}

const NOTHING: PickOrigin = { threshold: null, model: null, micrograph: null, diameter: null };
/** Bytes in which the comment at the top of a file ends. */
const COMMENT = 4096;
const besideSchema = z.object({
  threshold: z.number().optional(),
  model: z.string().optional(),
  micrograph: z.string().optional(),
  diameter: z.number().optional(),
});

/** Reads where a set of picks comes from: of the file beside it, else of the comment in it. */
export async function originOf({ file, name }: CoordinateSet): Promise<PickOrigin> {
  const beside = join(dirname(file), `${name}.provenance.json`);
  try {
    if (existsSync(beside)) {
      const {
        threshold = null,
        model = null,
        micrograph = null,
        diameter = null,
      } = besideSchema.parse(JSON.parse(await readText(beside)));
      return { threshold, model, micrograph, diameter };
    }
    const { start } = await readStart(file, COMMENT);
    return fromComment(new TextDecoder().decode(start));
  } catch {
    return NOTHING;
  }
}

/** The line that `provenanceLine` writes. */
function fromComment(text: string): PickOrigin {
  const line = /^#\s*(deepem .*)$/m.exec(text)?.[1];
  if (line === undefined) return NOTHING;
  const value = (key: string) => new RegExp(`; ${key} ([^;]*)`).exec(line)?.[1] ?? null;
  const number = (key: string) => (value(key) === null ? null : Number(value(key)));
  return {
    threshold: number('threshold'),
    model: value('model'),
    micrograph: value('micrograph'),
    diameter: number('diameter'),
  };
}

/**
 * Absolute paths of the micrographs that models were trained on, also in part; those that were held out as a whole are not among them.
 *
 * @param models - files, as the picks name them
 * @param folder - that the models were trained in: paths in their records refer to it; the current one by default
 */
export async function trainedOn(models: ReadonlySet<string>, folder = '.'): Promise<Set<string>> {
  const trained = new Set<string>();
  for (const model of models) {
    if (!existsSync(trainingRecordFile(model))) continue;
    const record = await loadTrainingRecord(model).catch(() => null);
    for (const { path, heldOut, particles } of record?.micrographs ?? []) {
      if (heldOut === null && particles.length > 0) trained.add(resolve(folder, path));
    }
  }
  return trained;
}
