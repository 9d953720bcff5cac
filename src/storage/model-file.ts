/** Model files on disk, and the record of what a model was trained on. */

import { z } from 'zod';
import { FileError, messageOf, UsageError } from '../errors.js';
import { type Architecture, parseArchitecture } from '../network/architecture.js';
import { decodeModel, encodeModel, type Model } from '../network/model.js';
import { PRESETS } from '../network/presets.js';
import { readText, readWhole, writeWhole } from './files.js';

/**
 * Reads a model.
 *
 * @throws FileError, ModelError
 */
export async function loadModel(file: string): Promise<Model> {
  return decodeModel(await readWhole(file), file);
}

/**
 * Writes a model, whole or not at all.
 *
 * @throws FileError
 */
export async function saveModel(model: Model, file: string): Promise<void> {
  await writeWhole(file, encodeModel(model));
}

/**
 * A preset by name, or an architecture from a JSON file.
 *
 * @throws ArchitectureError, FileError, UsageError
 */
export async function loadArchitecture(nameOrFile: string): Promise<Architecture> {
  if (Object.hasOwn(PRESETS, nameOrFile)) return PRESETS[nameOrFile];
  if (!/\.json$/i.test(nameOrFile)) {
    throw new UsageError({
      what: 'Unknown preset',
      received: `"${nameOrFile}"`,
      expected: `${Object.keys(PRESETS).join(', ')}, or a file ending in .json`,
    });
  }
  const text = await readText(nameOrFile);
  try {
    return parseArchitecture(JSON.parse(text), nameOrFile);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FileError({ what: `${nameOrFile} is not JSON`, received: messageOf(cause) }, { cause });
  }
}

const pointSchema = z.object({ x: z.number(), y: z.number() });

/** What a model was trained on: paths and centres in full-size pixels; no pixels. */
const trainingRecordSchema = z.object({
  program: z.string(),
  settings: z.record(z.string(), z.unknown()),
  micrographs: z.array(
    z.object({
      path: z.string(),
      /** First and last full-size column that was held out; null where the micrograph was trained on. */
      heldOut: z.tuple([z.number(), z.number()]).nullable(),
      particles: z.array(pointSchema),
      negatives: z.array(pointSchema),
    }),
  ),
});

/** What a model was trained on. */
export type TrainingRecord = z.infer<typeof trainingRecordSchema>;

/** `model.training.json` beside `model.onnx`. */
export function trainingRecordFile(modelFile: string): string {
  return `${modelFile.replace(/\.onnx$/i, '')}.training.json`;
}

/** Writes the record beside its model. */
export async function saveTrainingRecord(record: TrainingRecord, modelFile: string): Promise<void> {
  await writeWhole(trainingRecordFile(modelFile), `${JSON.stringify(record, null, 1)}\n`);
}
