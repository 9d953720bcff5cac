/** `deepem retrain`: the paper's loop (Fig. 2), with confirmed picks as new labels. */

import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../core/errors.js';
import type { Point } from '../core/particle.js';
import { counted } from '../core/words.js';
import type { DeviceChoice } from '../picking/device.js';
import { type CoordinateSet, pairCoordinates } from '../storage/coordinate-pairs.js';
import { commonFolder, type InputMicrograph } from '../storage/inputs.js';
import { loadModel, loadTrainingRecord, type TrainingRecord } from '../storage/model-file.js';
import { stem } from '../storage/names.js';
import { addConfirmed } from '../training/confirmed.js';
import type { HeldOutColumns } from '../training/examples.js';
import { classNumbers, classParter } from './class-selection.js';
import { note } from './console.js';
import { deviceOption } from './device.js';
import { micrographsOf } from './inputs.js';
import { withEvidence } from './label-evidence.js';
import { type LabelledInput, pairWithMicrographs, readLabels } from './labelled-inputs.js';
import { number, parsePixelSize, parseThreads } from './options.js';
import { assertModelName, runTraining } from './training-run.js';

interface RetrainArguments {
  overwrite?: boolean;
  force?: boolean;
  accepted?: string;
  rejected?: string;
  classes?: string;
  rejectedClasses?: readonly number[];
  pixelSize?: number;
  seed?: number;
  threads?: number;
  device: DeviceChoice;
  plot?: string;
  output: string;
}

const HELP = `
Example:
  deepem pick micrographs/ --model model.onnx --out picks/      then sort picks into accepted/ and rejected/, and
  deepem retrain model.onnx --accepted accepted/ --rejected rejected/ -o better.onnx
  deepem retrain model.onnx micrographs/ --classes classes.csv --rejected-classes 3,7 -o better.onnx

Picks may be sorted one by one, or by the 2D class that they are in (deepem classes): members of rejected classes count as rejected, the others as
accepted.

The new model is trained on the labels in model.training.json, plus the accepted picks, with the rejected ones as places that
are no particles. On micrographs of which only sorted picks are known, places where the model has other candidates count neither way.
What was held out stays held out; where nothing was (of fewer than 100 labels), a fifth is held out once there are more, of the
new micrographs if there are two. Both models are judged on it, and the new one is written if it is surely better, else the earlier one. Confirmed picks belong to the micrographs of the same base
name; picks on micrographs that the model was not trained on need these micrographs as arguments. Run it in the folder in which
the model was trained, unless paths were absolute.`;

export function configure(command: Command): void {
  command
    .argument('<model.onnx>', 'made by deepem train, with its .training.json')
    .argument('[micrographs...]', 'further micrographs that were picked')
    .option('--accepted <path>', 'picks that are particles: a folder of coordinate files, or one file')
    .option('--rejected <path>', 'picks that are none')
    .option('--classes <file>', 'table of deepem classes, or a STAR file of RELION with rlnClassNumber')
    .option(
      '--rejected-classes <classes>',
      'classes that are no particles, as in 3,7 or 1-4,9',
      classNumbers('--rejected-classes'),
    )
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option(
      '--seed <n>',
      "of all random choices (default: the model's)",
      number('--seed', { min: 0, max: 2 ** 31 - 1, whole: true }),
    )
    .option('--threads <n>', 'default: as the scheduler allots, else the cores that this process may use', parseThreads)
    .addOption(deviceOption('computes the gradients'))
    .option('--plot <file.svg>', 'draw loss and accuracy')
    .requiredOption('-o, --output <model.onnx>', 'where the new model goes')
    .option('--overwrite', 'replace a model that is there')
    .option('--force', 'train also where accepted picks do not lie on particles')
    .addHelpText('after', HELP)
    .action(runRetrain);
}

async function runRetrain(file: string, args: readonly string[], options: RetrainArguments): Promise<void> {
  assertOneSorting(options);
  assertModelName(options.output);
  const model = await loadModel(file);
  const record = await loadTrainingRecord(file);
  const { accepted, rejected } = await readSorted(options);
  const { metadata, architecture } = model;
  const pixelSize = metadata.pixelSize ?? options.pixelSize ?? null;
  const scaleOf = (input: InputMicrograph) =>
    pixelSize === null ? 1 : pixelSize / (options.pixelSize ?? input.pixelSize ?? pixelSize);
  const labels = merge(await inputsOf(record, args), accepted, rejected, (input) => scaleOf(input) * metadata.diameter);
  await assertConfirmedFit(accepted, labels, args, options, metadata.diameter);
  note(`trained on or held out: ${counted(labels.length, 'micrograph')}`);
  const heldOut = heldOutColumns(record);
  const reviewed = new Set(labels.flatMap((one) => (one.reviewed ? [one.input.path] : [])));
  await runTraining(labels, {
    settings: { model: file, micrographs: args, ...options },
    output: options.output,
    labelOptions: options,
    ...(options.plot && { plot: options.plot }),
    ...(options.overwrite && { overwrite: true }),
    train: {
      diameter: metadata.diameter,
      pixelSize,
      architecture,
      recipe: { ...record.training.recipe, architecture },
      edge: record.training.edge,
      labels: record.training.labels,
      ...(heldOut.size > 0 && { heldOut }),
      earlier: { model, reviewed },
      ...(record.training.testFraction !== null && { testFraction: record.training.testFraction }),
      seed: options.seed ?? metadata.seed,
      device: options.device,
      ...(options.threads && { threads: options.threads }),
    },
  });
}

/** @throws UsageError unless picks are sorted in one of both ways */
function assertOneSorting({ accepted, rejected, classes, rejectedClasses }: RetrainArguments): void {
  const [oneByOne, byClass] = [accepted !== undefined || rejected !== undefined, classes !== undefined];
  if (oneByOne !== byClass && byClass === (rejectedClasses !== undefined)) return;
  const given = Object.entries({ accepted, rejected, classes, 'rejected-classes': rejectedClasses });
  const names = given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  throw new UsageError({
    what: names.length === 0 ? 'There is nothing new to learn' : 'It is not clear how the picks were sorted',
    received: names.length === 0 ? 'no sorted picks' : names.join(' and '),
    expected: '--accepted or --rejected or both, or else --classes with --rejected-classes',
  });
}

/** Sorted picks, whether they were sorted one by one or by class. */
async function readSorted({ accepted, rejected, classes, rejectedClasses = [] }: RetrainArguments) {
  if (classes === undefined) {
    return {
      accepted: accepted ? await readLabels(accepted) : [],
      rejected: rejected ? await readLabels(rejected) : [],
    };
  }
  const sets = await readLabels(classes);
  const part = classParter(classes, sets, { reject: rejectedClasses });
  const parted = sets.map((set) => ({ set, selection: part(set.particles) }));
  return {
    accepted: parted.map(({ set, selection }) => ({ ...set, particles: selection.kept })),
    rejected: parted.map(({ set, selection }) => ({ ...set, particles: selection.rejected })),
  };
}

/** What was trained on, then further micrographs; their folders are below the one that all of them share. */
async function inputsOf(record: TrainingRecord, args: readonly string[]): Promise<LabelledInput[]> {
  const known = new Set(record.micrographs.map(({ path }) => resolve(path)));
  const further = args.length > 0 ? await micrographsOf(args) : [];
  const inputs = [
    ...record.micrographs.map(({ path, pixelSize, particles, negatives, reviewed }) => ({
      input: { path, pixelSize, folder: '' },
      positives: setOf(path, particles),
      negatives: setOf(path, negatives),
      reviewed,
    })),
    ...further
      .filter(({ path }) => !known.has(resolve(path)))
      .map((input) => ({
        ...{ input, positives: setOf(input.path, []), negatives: setOf(input.path, []) },
        reviewed: true,
      })),
  ];
  const common = commonFolder(inputs.map(({ input }) => input.path));
  return inputs.map((one) => ({
    ...one,
    input: { ...one.input, folder: relative(common, dirname(resolve(one.input.path))) },
  }));
}

function setOf(path: string, particles: readonly Point[]): CoordinateSet {
  const named = { file: path, micrograph: path, namesMicrograph: true };
  return { ...named, name: stem(path), folder: '', particles, notPoints: 0 };
}

/** Labels with what was confirmed; further micrographs without any are left out. */
function merge(
  inputs: readonly LabelledInput[],
  accepted: readonly CoordinateSet[],
  rejected: readonly CoordinateSet[],
  diameterIn: (input: InputMicrograph) => number,
): LabelledInput[] {
  const micrographs = inputs.map(({ input }) => input);
  const find = (sets: readonly CoordinateSet[], what: string) =>
    sets.length === 0
      ? new Map<InputMicrograph, CoordinateSet>()
      : pairWithMicrographs(micrographs, sets, what, {
          partial: true,
          hint: 'Give the micrographs that were picked as further arguments',
        });
  const [yes, no] = [find(accepted, 'accepted picks'), find(rejected, 'rejected picks')];
  return inputs.flatMap((one) => {
    const { particles, negatives } = addConfirmed(
      { particles: one.positives.particles, negatives: one.negatives?.particles ?? [] },
      { accepted: yes.get(one.input)?.particles ?? [], rejected: no.get(one.input)?.particles ?? [] },
      diameterIn(one.input),
    );
    if (particles.length + negatives.length === 0) return [];
    return [{ ...one, positives: setOf(one.input.path, particles), negatives: setOf(one.input.path, negatives) }];
  });
}

/**
 * Looks whether accepted picks lie on particles, by themselves: they come from elsewhere than the labels of the model.
 *
 * @throws LabelError if the pixels contradict them
 */
async function assertConfirmedFit(
  accepted: readonly CoordinateSet[],
  labels: readonly LabelledInput[],
  micrographs: readonly string[],
  { accepted: path, classes, force }: RetrainArguments,
  diameter: number,
): Promise<void> {
  const picks = path ?? classes;
  if (!picks) return;
  const { pairs } = pairCoordinates(
    labels.map(({ input }) => input),
    accepted,
  );
  const confirmed = pairs.map(({ owner, set }) => ({ input: owner, positives: set, negatives: undefined }));
  const paths = micrographs.length > 0 ? micrographs : confirmed.map(({ input }) => input.path).slice(0, 1);
  await withEvidence(confirmed, { diameter, micrographs: paths, picks, ...(force && { force }) });
}

function heldOutColumns(record: TrainingRecord): HeldOutColumns {
  return new Map(record.micrographs.flatMap(({ path, heldOut }) => (heldOut ? [[path, heldOut] as const] : [])));
}
