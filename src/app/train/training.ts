/** What `train` and `retrain` share: a training that can be resumed, and what is written at its end. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defined } from '../../core/defined.js';
import { UsageError } from '../../core/errors.js';
import { PROGRAM } from '../../core/version.js';
import type { Weights } from '../../network/parameters.js';
import { drawTraining } from '../../report/training-chart.js';
import { threadCount } from '../../runtime/cpus.js';
import { type CheckpointKeeper, openCheckpoint } from '../../storage/checkpoint-file.js';
import { assertWritable, writeWhole } from '../../storage/files.js';
import { saveModel, saveTrainingRecord, type TrainingRecord, trainingRecordFile } from '../../storage/model-file.js';
import { assertFree } from '../../storage/outputs.js';
import { floatsToText } from '../../training/float-text.js';
import { AUTO_RECIPE } from '../../training/recipe.js';
import { type TrainOptions, train } from '../../training/train.js';
import { type LabelledInput, readLabelled } from '../labels/labelled-inputs.js';
import { type Ended, note, type Work } from '../tell.js';
import { followTraining } from './follow.js';

/** One training, and where its results go. */
export interface Training {
  /** What was asked for, for the record. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** Model file. */
  readonly output: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  /** SVG of loss and accuracy. */
  readonly plot?: string;
  /** Replaces files that are there; those of a training that goes on are its own. */
  readonly overwrite: boolean;
  readonly train: TrainOptions & { readonly edge: number; readonly pixelSize: number | null };
}

/**
 * Trains, tells the progress, and writes model, record and picture.
 *
 * @throws UsageError if something would be replaced; LabelError if nothing can be trained on
 */
export async function runTraining(labels: readonly LabelledInput[], training: Training, work: Work): Promise<Ended> {
  const { tell, signal } = work;
  const started = performance.now();
  const record = recordOf(training);
  const failed: string[] = [];
  const keeper = await openKeeper(labels, training, work);
  const micrographs = readLabelled(
    labels,
    { modelPixelSize: training.train.pixelSize, ...defined({ pixelSize: training.pixelSize }), record, failed },
    tell,
  );
  const from = keeper.found ? { checkpoint: keeper.found } : {};
  const reports = train(micrographs, { ...training.train, ...from, signal });
  const { done, epochs, heldOut } = await followTraining(reports, keeper, tell).finally(() => {
    for (const reason of failed) tell({ kind: 'left-out', reason });
  });
  if (!done || done.epoch === 0 || (done.interrupted && keeper.last() === null)) {
    note(tell, 'Interrupted in the first epoch: no model was saved, and the same command begins again.');
    return { failed };
  }
  const { output, plot } = training;
  await saveModel(done.model, output);
  for (const micrograph of record.micrographs) micrograph.heldOut = heldOut.get(micrograph.path) ?? null;
  await saveTrainingRecord(record, output);
  if (!done.interrupted) await keeper.forget();
  else note(tell, `The same command goes on after epoch ${keeper.last()}.`);
  if (plot) await writeWhole(plot, drawTraining(epochs));
  const again = training.train.earlier !== undefined;
  const seconds = (performance.now() - started) / 1000;
  tell({ ...done, model: done.model.metadata, again, output, record: trainingRecordFile(output), seconds });
  return { failed };
}

/** What becomes the training record, but for its micrographs. */
function recordOf({ asked, train: options }: Training): Omit<TrainingRecord, 'model'> {
  const { architecture: _, ...recipe } = options.recipe ?? AUTO_RECIPE;
  const { edge, labels = 'auto', testFraction = null } = options;
  return { program: PROGRAM, settings: asked, training: { recipe, edge, testFraction, labels }, micrographs: [] };
}

/** Finds where an interrupted training stopped; checks that nothing is replaced. */
async function openKeeper(
  labels: readonly LabelledInput[],
  { output, plot, overwrite, train: options }: Training,
  { tell }: Work,
): Promise<CheckpointKeeper> {
  const keeper = await openCheckpoint(output, {
    ...{ train: { ...options, start: hashOf(options.start) }, threads: threadCount(options.threads) },
    micrographs: await fingerprints(labels),
  });
  const outputs = [output, trainingRecordFile(output), ...(plot ? [plot] : [])];
  if (!keeper.found) assertFree(outputs, overwrite);
  await assertWritable(dirname(output));
  if (keeper.found) {
    note(tell, `going on after epoch ${keeper.found.epoch}, from ${keeper.file}`);
    tell({ kind: 'checkpoint', epoch: keeper.found.epoch, file: keeper.file });
  }
  return keeper;
}

function hashOf(start: Weights | undefined): string | null {
  return start ? createHash('sha256').update(floatsToText(start.values)).digest('hex') : null;
}

/** What a training is made of: another file or label makes it another one. */
async function fingerprints(labels: readonly LabelledInput[]): Promise<unknown[]> {
  return Promise.all(
    labels.map(async ({ input, positives, negatives }) => {
      const file = await stat(input.path).catch(() => null);
      return [input.path, file?.size, file?.mtimeMs, positives.particles, negatives?.particles];
    }),
  );
}

/** @throws UsageError unless the name ends in .onnx */
export function assertModelName(output: string): void {
  if (/\.onnx$/i.test(output)) return;
  throw new UsageError({ what: 'Wrong name of the model', received: output, expected: 'a name ending in .onnx' });
}
