/** `deepem train` */

import { type Command, Option } from 'commander';
import { UsageError } from '../errors.js';
import { type Length, toPixels } from '../length.js';
import { PRESETS } from '../network/presets.js';
import { drawCharts } from '../report/chart.js';
import { writeWhole } from '../storage/files.js';
import { expandMicrographs } from '../storage/inputs.js';
import {
  loadArchitecture,
  saveModel,
  saveTrainingRecord,
  type TrainingRecord,
  trainingRecordFile,
} from '../storage/model-file.js';
import { RECIPES } from '../training/recipe.js';
import type { DataReport, DoneReport, EpochReport, ObjectiveReport } from '../training/reports.js';
import { train } from '../training/train.js';
import { PROGRAM } from '../version.js';
import { duration, note, onInterrupt, type Progress, print, startProgress } from './console.js';
import { describeThresholds } from './info.js';
import { firstPixelSize, type LabelOptions, matchLabels, readLabelled } from './labelled-inputs.js';
import { length, number } from './options.js';

interface TrainArguments extends LabelOptions {
  diameter: Length;
  preset?: string;
  recipe: string;
  testFraction?: number;
  labels: 'auto' | 'complete' | 'incomplete';
  edge?: Length;
  epochs?: number;
  seed: number;
  threads?: number;
  plot?: string;
  output: string;
}

/** The paper's acceptance: this share of a test set right at 0.5. */
const ACCEPTED = 0.95;

const HELP = `
Examples:
  deepem train micrographs/ --picks picks/ --diameter 190A -o model.onnx
  deepem train "data/*.mrc" --picks particles.star --diameter 108px --edge 130px -o model.onnx

Labels are matched to micrographs by base name: folder, ending, a cryoSPARC UID prefix and the endings
_autopick, _manualpick, _automatch, _picks do not count. .box, .star (RELION, any version) and .csv (x,y) are read.
Ctrl-C saves the best model so far.`;

export function configure(command: Command): void {
  command
    .argument('<micrographs...>', 'files, folders, globs, or a micrographs.star')
    .requiredOption('--picks <path>', 'labels: a folder of coordinate files, or one file')
    .requiredOption('--diameter <length>', 'of the particle, for example 108px or 190A', length('--diameter'))
    .option('--negatives <path>', 'places that are no particles, as for --picks')
    .option(
      '--pixel-size <A>',
      'angstroms per pixel, where the files do not say',
      number('--pixel-size', { min: 0.01, max: 1000 }),
    )
    .option(
      '--preset <name>',
      `network: ${Object.keys(PRESETS).join(', ')}, or an architecture in a .json file (default: the recipe's)`,
    )
    .option('--recipe <name>', `how to train: ${Object.keys(RECIPES).join(', ')}`, 'auto')
    .option(
      '--test-fraction <f>',
      'share of the micrographs held out to judge (default: 0.2; recipe auto: none of fewer than 100 labels)',
      number('--test-fraction', { min: 0, max: 0.9 }),
    )
    .option(
      '--edge <length>',
      'leave out labels closer to the edge (default: half the diameter)',
      length('--edge', 'px'),
    )
    .option(
      '--epochs <n>',
      "passes over the boxes (default: the recipe's)",
      number('--epochs', { min: 1, max: 100_000, whole: true }),
    )
    .addOption(
      new Option('--labels <kind>', 'whether every particle is labelled; auto: looked at after the first epoch')
        .choices(['auto', 'complete', 'incomplete'])
        .default('auto'),
    )
    .option('--seed <n>', 'of all random choices', number('--seed', { min: 0, max: 2 ** 31 - 1, whole: true }), 1)
    .option(
      '--threads <n>',
      'default: SLURM_CPUS_PER_TASK, else all cores',
      number('--threads', { min: 1, max: 1024, whole: true }),
    )
    .option('--plot <file.svg>', 'draw loss and accuracy')
    .requiredOption('-o, --output <model.onnx>', 'where the model goes')
    .addHelpText('after', HELP)
    .action(runTrain);
}

async function runTrain(args: readonly string[], options: TrainArguments): Promise<void> {
  const recipe = Object.hasOwn(RECIPES, options.recipe) ? RECIPES[options.recipe] : undefined;
  if (!recipe) {
    throw new UsageError({
      what: 'Unknown recipe',
      received: `"${options.recipe}"`,
      expected: Object.keys(RECIPES).join(', '),
    });
  }
  if (!/\.onnx$/i.test(options.output)) {
    throw new UsageError({
      what: 'Wrong name of the model',
      received: options.output,
      expected: 'a name ending in .onnx',
    });
  }
  const architecture = options.preset ? await loadArchitecture(options.preset) : recipe.architecture;
  const inputs = await expandMicrographs(args);
  const labels = await matchLabels(inputs, options);
  const pixelSize = await firstPixelSize(
    labels.map(({ input }) => input),
    options.pixelSize,
  );
  const diameter = toPixels(options.diameter, pixelSize, '--diameter');
  if (!(diameter >= 4)) {
    throw new UsageError({ what: 'Wrong diameter', received: `${diameter} pixels`, expected: '4 pixels or more' });
  }
  const interruption = onInterrupt('Stopping: the best model so far will be saved. Ctrl-C again ends at once.');
  const started = performance.now();
  const record: TrainingRecord = { program: PROGRAM, settings: settingsOf(args, options), micrographs: [] };
  const failed: string[] = [];
  const reports = train(readLabelled(labels, pixelSize, options, record, failed), {
    diameter,
    architecture,
    recipe: options.epochs ? { ...recipe, epochs: options.epochs, mostSteps: null } : recipe,
    labels: options.labels,
    ...(options.testFraction !== undefined && { testFraction: options.testFraction }),
    seed: options.seed,
    signal: interruption.signal,
    ...(options.edge && { edge: toPixels(options.edge, pixelSize, '--edge') }),
    ...(options.threads && { threads: options.threads }),
  });
  const { done, epochs, heldOut } = await follow(reports).finally(() => {
    interruption.dispose();
    for (const reason of failed) note(`left out: ${reason}`);
  });
  if (!done || done.epoch === 0) {
    note('Interrupted before the first epoch: no model was saved.');
    process.exitCode = interruption.exitCode();
    return;
  }
  await saveModel(done.model, options.output);
  for (const micrograph of record.micrographs) micrograph.heldOut = heldOut.get(micrograph.path) ?? null;
  await saveTrainingRecord(record, options.output);
  if (options.plot) await writeWhole(options.plot, drawTraining(epochs));
  summarise(done, options.output, (performance.now() - started) / 1000);
  process.exitCode = interruption.exitCode() || (failed.length > 0 ? 3 : 0);
}

function settingsOf(args: readonly string[], options: TrainArguments): Record<string, unknown> {
  return { micrographs: args, ...options };
}

/** Shows the reports as they come. */
async function follow(reports: ReturnType<typeof train>) {
  const epochs: EpochReport[] = [];
  const heldOut = new Map<string, [number, number]>();
  let progress: Progress | undefined;
  let done: DoneReport | undefined;
  let started = performance.now();
  try {
    for await (const report of reports) {
      switch (report.kind) {
        case 'data':
          announce(report);
          for (const { name, columns } of report.heldOut) heldOut.set(name, [...columns]);
          progress = startProgress(report.steps, 'training');
          started = performance.now();
          break;
        case 'step':
          progress?.update(report.step, `loss ${report.loss.toFixed(4)}${accuracyOf(epochs.at(-1))}`);
          break;
        case 'epoch': {
          epochs.push(report);
          const left = ((performance.now() - started) / 1000 / report.epoch) * (report.epochs - report.epoch);
          const line = `epoch ${report.epoch}/${report.epochs}: loss ${report.loss.toFixed(4)}${accuracyOf(report)}`;
          if (!process.stderr.isTTY) note(`${line}, ${duration(left)} left`);
          break;
        }
        case 'objective':
          note(describeObjective(report));
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

function describeObjective({ objective, found, labelled }: ObjectiveReport): string {
  const counts = `${labelled} of the ${found} best candidates are labelled`;
  return objective === 'positive-negative'
    ? `labels look complete (${counts}): other places count as no particles`
    : `labels look incomplete (${counts}): other places count as unlabelled, not as no particles`;
}

function announce({ warnings, labels, architecture, factor }: DataReport): void {
  for (const warning of warnings) note(`warning: ${warning}`);
  note(`network ${architecture.name}, box ${architecture.box}, micrographs binned ${Number(factor.toFixed(3))} times`);
  const negatives = labels.negatives > 0 ? ` and ${labels.negatives} places without` : '';
  note(`${labels.positives} particles${negatives} of ${labels.micrographs} micrographs`);
  note(`${labels.heldOutPositives} particles of ${labels.heldOutMicrographs} micrographs are held out to judge`);
}

function accuracyOf(report: EpochReport | undefined): string {
  return typeof report?.accuracy === 'number' ? `, accuracy ${(100 * report.accuracy).toFixed(1)} %` : '';
}

function summarise({ model, epoch }: DoneReport, file: string, seconds: number): void {
  const { accuracy, threshold, thresholdFrom, thresholds, calibrationError } = model.metadata;
  if (accuracy !== null) {
    const verdict = accuracy >= ACCEPTED ? 'met' : 'not met';
    print(
      `accuracy ${(100 * accuracy).toFixed(1)} % of held-out boxes at 0.5 after epoch ${epoch} (the paper's 95 %: ${verdict})`,
    );
  }
  print(`threshold ${threshold.toFixed(3)}: ${thresholdFrom}`);
  if (thresholds) print(`  ${describeThresholds(thresholds)}`);
  if (calibrationError !== null) {
    print(`scores are probabilities, on held-out picks wrong by ${(100 * calibrationError).toFixed(1)} % on average`);
  }
  print(`model ${file} in ${duration(seconds)}; trained on: ${trainingRecordFile(file)}`);
}

function drawTraining(epochs: readonly EpochReport[]): string {
  const accuracy = epochs.flatMap((epoch) => (epoch.accuracy === null ? [] : [{ x: epoch.epoch, y: epoch.accuracy }]));
  return drawCharts([
    {
      title: 'Loss',
      x: 'epoch',
      y: 'mean loss',
      series: [{ label: 'training', points: epochs.map(({ epoch, loss }) => ({ x: epoch, y: loss })) }],
    },
    { title: 'Accuracy at 0.5', x: 'epoch', y: 'share right', series: [{ label: 'held out', points: accuracy }] },
  ]);
}
