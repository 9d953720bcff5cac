/** Model files on disk, and the record of what a model was trained on. */

import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { FileError, messageOf, UsageError } from '../core/errors.js';
import { type Architecture, parseArchitecture } from '../network/architecture.js';
import { decodeModel, encodeModel, type Model } from '../network/model.js';
import { PRESETS } from '../network/presets.js';
import { type RecipeSettings, recipeSettingsSchema } from '../training/recipe.js';
import { hashFile, readText, readWhole, writeWhole } from './files.js';

/** The model that comes with the program (docs/general-model.md). */
export const GENERAL_MODEL_FILE = fileURLToPath(new URL('../../models/general.onnx', import.meta.url));

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

/** An architecture, and the recipe that goes with it, if one does. */
export interface Preset {
  readonly architecture: Architecture;
  readonly recipe: RecipeSettings | null;
}

const presetSchema = z.strictObject({ architecture: z.unknown(), recipe: recipeSettingsSchema });

/**
 * A preset by name, or from a JSON file: an architecture, or (as `deepem tune` writes it) an architecture with its recipe.
 *
 * @throws ArchitectureError, FileError, UsageError
 */
export async function loadPreset(nameOrFile: string): Promise<Preset> {
  if (Object.hasOwn(PRESETS, nameOrFile)) return { architecture: PRESETS[nameOrFile], recipe: null };
  if (!/\.json$/i.test(nameOrFile)) {
    throw new UsageError({
      what: 'Unknown preset',
      received: `"${nameOrFile}"`,
      expected: `${Object.keys(PRESETS).join(', ')}, or a file ending in .json`,
    });
  }
  const data = parseJson(await readText(nameOrFile), nameOrFile);
  if (typeof data !== 'object' || data === null || !('architecture' in data)) {
    return { architecture: parseArchitecture(data, nameOrFile), recipe: null };
  }
  const parsed = presetSchema.safeParse(data);
  if (parsed.success) {
    const { architecture, recipe } = parsed.data;
    return { architecture: parseArchitecture(architecture, nameOrFile), recipe };
  }
  throw new FileError({
    what: `${nameOrFile} is not a preset`,
    received: z.prettifyError(parsed.error).replaceAll('\n', ' '),
    expected: '{ "architecture": {...}, "recipe": {...} }, as deepem tune writes it',
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError({ what: `${file} is not JSON`, received: messageOf(cause) }, { cause });
  }
}

const pointSchema = z.object({ x: z.number(), y: z.number() });

/** What a model was trained on: paths and centres in full-size pixels; no pixels. */
const trainingRecordSchema = z.object({
  program: z.string(),
  /** SHA-256 of the model that it belongs to; null in records of before this was kept. */
  model: z.string().nullable().default(null),
  /** The command's arguments. */
  settings: z.record(z.string(), z.unknown()),
  /** What `deepem retrain` trains again with; the model knows the rest. */
  training: z.object({
    recipe: recipeSettingsSchema,
    /** Smallest distance of a label from the edge in full-size pixels. */
    edge: z.number().min(0),
    /** Share that was to be held out; null: the recipe's. */
    testFraction: z.number().min(0).max(1).nullable().default(null),
    labels: z.enum(['auto', 'complete', 'incomplete']),
  }),
  micrographs: z.array(
    z.object({
      path: z.string(),
      /** Angstroms per pixel, or null where unknown. */
      pixelSize: z.number().gt(0).nullable().default(null),
      /** First and last full-size column that was held out; null where the micrograph was trained on. */
      heldOut: z.tuple([z.number(), z.number()]).nullable(),
      particles: z.array(pointSchema),
      negatives: z.array(pointSchema),
      /** Whether nothing but sorted picks is known of it. */
      reviewed: z.boolean().default(false),
    }),
  ),
});

/** What a model was trained on. */
export type TrainingRecord = z.infer<typeof trainingRecordSchema>;

/** `model.training.json` beside `model.onnx`. */
export function trainingRecordFile(modelFile: string): string {
  return `${modelFile.replace(/\.onnx$/i, '')}.training.json`;
}

/**
 * Reads the record beside a model.
 *
 * @throws FileError if there is none, or if it is damaged
 */
export async function loadTrainingRecord(modelFile: string): Promise<TrainingRecord> {
  const file = trainingRecordFile(modelFile);
  const parsed = trainingRecordSchema.safeParse(parseJson(await readText(file), file));
  if (parsed.success) {
    await assertSameTraining(parsed.data, modelFile, file);
    return parsed.data;
  }
  throw new FileError({
    what: `${file} is not the training record of a model`,
    received: z.prettifyError(parsed.error).replaceAll('\n', ' ').slice(0, 300),
    expected: 'the record that this version of deepem train writes beside its model',
  });
}

/** @throws FileError where the record is that of another model: a copy of one file of two, or a training that was killed between them */
async function assertSameTraining({ model }: TrainingRecord, modelFile: string, file: string): Promise<void> {
  if (model === null || model === (await hashFile(modelFile))) return;
  throw new FileError({
    what: `${file} is the record of another model than ${modelFile}`,
    received: 'two files of two trainings',
    expected: 'the record that was written with the model',
    hint: 'Copy both files together, or train the model again',
  });
}

/** Writes the record beside its model, which is there already. */
export async function saveTrainingRecord(record: Omit<TrainingRecord, 'model'>, modelFile: string): Promise<void> {
  const tied: TrainingRecord = { ...record, model: await hashFile(modelFile) };
  await writeWhole(trainingRecordFile(modelFile), `${JSON.stringify(tied, null, 1)}\n`);
}
