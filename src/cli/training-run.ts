/** What `train` and `retrain` share: training with progress on the screen, and what is written at the end. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../core/errors.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { Weights } from '../network/parameters.js';
import { drawCharts } from '../report/chart.js';
import { threadCount } from '../runtime/cpus.js';
import { type CheckpointKeeper, openCheckpoint } from '../storage/checkpoint-file.js';
import { assertWritable, writeWhole } from '../storage/files.js';
import { saveModel, saveTrainingRecord, type TrainingRecord, trainingRecordFile } from '../storage/model-file.js';
import { assertFree } from '../storage/outputs.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { floatsToText } from '../training/float-text.js';
import { AUTO_RECIPE } from '../training/recipe.js';
import type { DataReport, DoneReport, EpochReport, ObjectiveReport, TrainReport } from '../training/reports.js';
import { type TrainOptions, train } from '../training/train.js';
import { duration, note, onInterrupt, type Progress, print, printEvent, startProgress } from './console.js';
import { announceDevice } from './device.js';
import { describeAccuracy, describeThresholds } from './info.js';
import { describeOffset } from './label-offset.js';
import { type LabelledInput, readLabelled } from './labelled-inputs.js';

/** One training, and where its results go. */
export interface TrainingRun {
  /** The command's arguments, for the record. */
  readonly settings: Record<string, unknown>;
  /** Model file. */
  readonly output: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly labelOptions: { readonly pixelSize?: number };
  /** SVG of loss and accuracy. */
  readonly plot?: string;
  /** Replaces files that are there; those of a training that goes on are its own. */
  readonly overwrite?: boolean;
  /** Prints the reports as JSON lines instead of words. */
  readonly json?: boolean;
  readonly train: TrainOptions & { readonly edge: number; readonly pixelSize: number | null };
}

/** The paper's acceptance: this share of a test set right at 0.5. */
const ACCEPTED = 0.95;

async function keepCheckpoint(
  keeper: CheckpointKeeper,
  checkpoint: Checkpoint,
  epochs: readonly EpochReport[],
): Promise<void> {
  const failure = await keeper.keep(checkpoint, epochs);
  if (failure !== null) note(`warning: the training goes on, but could not be resumed from here: ${failure}`);
}

/** What is on disk of a training that is ended at once. */
function keptOf(keeper: CheckpointKeeper): string {
  const epoch = keeper.last();
  return epoch === null
    ? 'nothing was kept, because no epoch was finished'
    : `${keeper.file} is kept, and the same command goes on after epoch ${epoch}; no model was saved`;
}

/** @throws UsageError unless the name ends in .onnx */
export function assertModelName(output: string): void {
  if (/\.onnx$/i.test(output)) return;
  throw new UsageError({ what: 'Wrong name of the model', received: output, expected: 'a name ending in .onnx' });
}

/** Trains, shows progress, writes model, record and picture, and sets the exit code. */
export async function runTraining(labels: readonly LabelledInput[], run: TrainingRun): Promise<void> {
  const started = performance.now();
  const { architecture: _, ...recipe } = run.train.recipe ?? AUTO_RECIPE;
  const { edge, labels: kind = 'auto' as const, testFraction = null } = run.train;
  const training = { recipe, edge, testFraction, labels: kind };
  const record: Omit<TrainingRecord, 'model'> = { program: PROGRAM, settings: run.settings, training, micrographs: [] };
  const failed: string[] = [];
  const micrographs = readLabelled(labels, run.train.pixelSize, run.labelOptions, record, failed);
  const keeper = await openCheckpoint(run.output, {
    ...{ train: { ...run.train, start: hashOf(run.train.start) }, threads: threadCount(run.train.threads) },
    micrographs: await fingerprints(labels),
  });
  const outputs = [run.output, trainingRecordFile(run.output), ...(run.plot ? [run.plot] : [])];
  if (!keeper.found) assertFree(outputs, run.overwrite);
  await assertWritable(dirname(run.output));
  if (keeper.found) note(`going on after epoch ${keeper.found.epoch}, from ${keeper.file}`);
  const from = keeper.found ? { checkpoint: keeper.found } : {};
  const interruption = onInterrupt('Stopping: the best model so far will be saved. Ctrl-C again ends at once.', () =>
    keptOf(keeper),
  );
  const reports = train(micrographs, { ...run.train, ...from, signal: interruption.signal });
  const { done, epochs, heldOut } = await follow(reports, keeper, run.json ?? false).finally(() => {
    interruption.dispose();
    for (const reason of failed) note(`left out: ${reason}`);
  });
  if (!done || done.epoch === 0 || (done.interrupted && keeper.last() === null)) {
    note('Interrupted in the first epoch: no model was saved, and the same command begins again.');
    process.exitCode = interruption.exitCode();
    return;
  }
  await saveModel(done.model, run.output);
  for (const micrograph of record.micrographs) micrograph.heldOut = heldOut.get(micrograph.path) ?? null;
  await saveTrainingRecord(record, run.output);
  if (!done.interrupted) await keeper.forget();
  else note(`The same command goes on after epoch ${keeper.last()}.`);
  if (run.plot) await writeWhole(run.plot, drawTraining(epochs));
  if (!run.json) summarise(done, run.output, (performance.now() - started) / 1000, run.train.earlier !== undefined);
  process.exitCode = interruption.exitCode() || (failed.length > 0 ? 3 : 0);
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

/** Shows the reports as they come. */
async function follow(reports: ReturnType<typeof train>, keeper: CheckpointKeeper, json: boolean) {
  const epochs: EpochReport[] = [...keeper.earlier];
  const heldOut = new Map<string, [number, number]>();
  let progress: Progress | undefined;
  let done: DoneReport | undefined;
  let started = performance.now();
  try {
    for await (const report of reports) {
      if (json) printReport(report);
      switch (report.kind) {
        case 'data':
          if (!json) announce(report);
          for (const { name, columns } of report.heldOut) heldOut.set(name, [...columns]);
          progress = startProgress(report.steps, 'training');
          started = performance.now();
          break;
        case 'device':
          if (!json) await announceDevice('computing gradients', report);
          break;
        case 'step':
          progress?.update(report.step, `loss ${report.loss.toFixed(4)}${accuracyOf(epochs.at(-1))}`);
          break;
        case 'epoch': {
          epochs.push(report);
          const epochsHere = report.epoch - (keeper.found?.epoch ?? 0);
          const left = ((performance.now() - started) / 1000 / epochsHere) * (report.epochs - report.epoch);
          const line = `epoch ${report.epoch}/${report.epochs}: loss ${report.loss.toFixed(4)}${accuracyOf(report)}`;
          if (!process.stderr.isTTY && !json) note(`${line}, ${duration(left)} left`);
          if (report.epoch === report.epochs && !json)
            note(
              heldOut.size > 0
                ? 'choosing distance, filters and thresholds on what is held out'
                : 'choosing the threshold',
            );
          break;
        }
        case 'objective':
          if (!json) note(describeObjective(report));
          break;
        case 'checkpoint':
          await keepCheckpoint(keeper, report.checkpoint, epochs);
          break;
        case 'done':
          done = report;
      }
    }
  } finally {
    progress?.stop();
  }
  return { done, epochs, heldOut };
}

/** A report as one JSON line; of a model only what it says about itself, of a checkpoint nothing. */
function printReport(report: TrainReport): void {
  if (report.kind === 'done') printEvent({ ...report, model: report.model.metadata });
  else if (report.kind !== 'checkpoint') printEvent(report);
}

function describeObjective({ objective, found, labelled }: ObjectiveReport): string {
  if (found === 0) return 'cannot tell whether labels are complete: the network finds no candidates yet';
  const counts = `${labelled} of the ${found} best candidates are labelled`;
  switch (objective) {
    case 'positive-negative':
      return `labels look complete (${counts}): other places count as no particles`;
    case 'positive-unlabelled':
      return `labels look incomplete (${counts}): other places count as unlabelled, not as no particles`;
    case 'labelled-unlabelled':
      return `labels are few and look incomplete (${counts}): labelled places are told from all others, by a training too short to learn the others by heart`;
  }
}

function announce({ warnings, labels, architecture, factor, start }: DataReport): void {
  for (const warning of warnings) note(`warning: ${warning}`);
  const starts = {
    general: 'the general model',
    earlier: 'the earlier model',
    simulated: 'weights that know simulated particles',
    random: 'random weights',
  };
  note(
    `network ${architecture.name} from ${starts[start]}, box ${architecture.box}, micrographs binned ${Number(factor.toFixed(3))} times`,
  );
  const negatives = labels.negatives > 0 ? ` and ${counted(labels.negatives, 'place')} without` : '';
  note(`${counted(labels.positives, 'particle')}${negatives} of ${counted(labels.micrographs, 'micrograph')}`);
  note(
    labels.heldOutMicrographs > 0
      ? `held out to judge: ${counted(labels.heldOutPositives, 'particle')} of ${counted(labels.heldOutMicrographs, 'micrograph')}`
      : 'nothing is held out to judge by',
  );
}

function accuracyOf(report: EpochReport | undefined): string {
  return typeof report?.accuracy === 'number' ? `, accuracy ${describeAccuracy(report.accuracy, report.chance)}` : '';
}

function summarise(done: DoneReport, file: string, seconds: number, hadEarlier: boolean): void {
  const { model, epoch } = done;
  const { accuracy, chance, threshold, thresholdFrom, thresholds, calibrationError } = model.metadata;
  if (accuracy !== null) {
    const verdict = accuracy >= ACCEPTED ? 'met' : 'not met';
    print(
      `accuracy on held-out boxes at 0.5 after epoch ${epoch}: ${describeAccuracy(accuracy, chance)} (the paper's 95 %: ${verdict})`,
    );
  }
  print(`threshold ${threshold.toFixed(3)}: ${thresholdFrom}`);
  if (thresholds) print(`  ${describeThresholds(thresholds)}`);
  if (calibrationError !== null) {
    print(`scores are probabilities, on held-out picks wrong by ${(100 * calibrationError).toFixed(1)} % on average`);
  }
  const offset = done.heldOut && describeOffset(done.heldOut, model.metadata.diameter);
  if (offset) print(offset);
  if (done.before) print(describeGain(done.before, done.heldOut));
  else if (hadEarlier)
    print('what was gained cannot be shown: nothing is held out that the earlier model had not seen');
  if (done.loss && done.loss.lost > 0) {
    print(
      `of ${counted(done.loss.sure, 'pick')} that the earlier model was sure of, the new one does not find ${done.loss.lost}`,
    );
  }
  if (done.kept) {
    const why = done.loss?.isTooMuch ? 'loses too many of them' : 'is not surely better on what is held out';
    print(`the new model ${why}: the earlier one was kept, and is what was written`);
  }
  print(`model ${file} in ${duration(seconds)}; trained on: ${trainingRecordFile(file)}`);
}

/** Before and after, on the same held-out labels. */
function describeGain(before: Evaluation, after: Evaluation | null): string {
  const words = (result: Evaluation) =>
    `average precision ${result.averagePrecision.toFixed(3)}, best F1 ${(result.bestF1?.f1 ?? 0).toFixed(3)}`;
  const now = after ? words(after) : 'not judged: labels are missing';
  return `on ${counted(before.truthCount, 'held-out label')}, before: ${words(before)}; after: ${now}`;
}

function drawTraining(epochs: readonly EpochReport[]): string {
  const curve = (key: 'accuracy' | 'chance') =>
    epochs.flatMap(({ epoch, [key]: y }) => (y === null ? [] : [{ x: epoch, y }]));
  return drawCharts([
    {
      title: 'Loss',
      x: 'epoch',
      y: 'mean loss',
      series: [{ label: 'training', points: epochs.map(({ epoch, loss }) => ({ x: epoch, y: loss })) }],
    },
    {
      title: 'Accuracy at 0.5',
      x: 'epoch',
      y: 'share right',
      series: [
        { label: 'held out', points: curve('accuracy') },
        { label: 'by chance', points: curve('chance') },
      ],
    },
  ]);
}
