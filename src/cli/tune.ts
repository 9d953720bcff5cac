/** `deepem tune` */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { LabelError, UsageError } from '../core/errors.js';
import { makeFolder, readText, writeWhole } from '../storage/files.js';
import { loadPreset } from '../storage/model-file.js';
import { assertFree } from '../storage/outputs.js';
import type { HeldOutColumns } from '../training/examples.js';
import type { LabelledMicrograph } from '../training/labelled.js';
import { AUTO_RECIPE, type Recipe } from '../training/recipe.js';
import { hasPretrainedStart } from '../training/start.js';
import { train } from '../training/train.js';
import { bestTrial, dealFolds, drawTrials, type FoldScore, isBehind, merit, type Trial } from '../training/tune.js';
import { duration, note, onInterrupt, type Progress, print, printJson, startProgress } from './console.js';
import { type LabelledInput, readLabelled } from './labelled-inputs.js';
import { number } from './options.js';
import { addTrainingInputs, findTrainingInputs, type TrainingArguments } from './training-inputs.js';

interface TuneArguments extends TrainingArguments {
  overwrite?: boolean;
  minutes: number;
  folds: number;
  preset?: string;
  out: string;
  json?: boolean;
}

const STATE = 'tune.json';
const PRESET = 'preset.json';
const MINUTE = 60;
/** What a training takes at the most on two cores (docs/results.md). */
const FOLD_MINUTES = 2;

const HELP = `
Example:
  deepem tune micrographs/ --picks picks/ --diameter 190A --minutes 60 --out tuned/
  deepem train micrographs/ --picks picks/ --diameter 190A --preset tuned/preset.json -o model.onnx

Each trial trains on all but some of the micrographs and is judged on these, by the mean of average precision and best F1; the
first trial is the recipe auto, or the preset given, as it is. Particles without a label count as false picks: label micrographs
completely. Micrographs kept back for the final judgement must not be given here. Started again with the same folder, the
search goes on from its last fold for another so many minutes.`;

export function configure(command: Command): void {
  addTrainingInputs(
    command.argument(
      '<micrographs...>',
      'files, folders, globs, @LIST with one path a line, or a micrographs.star: two or more',
    ),
  )
    .requiredOption('--out <folder>', `where ${PRESET} and the results so far (${STATE}) go`)
    .option(
      '--minutes <n>',
      'time for the search; a fold that has begun is finished',
      number('--minutes', { min: 0.1, max: 1e5 }),
      30,
    )
    .option('--folds <n>', 'of the cross-validation', number('--folds', { min: 2, max: 20, whole: true }), 3)
    .option('--preset <file>', 'the first trial, and what is varied (default: the recipe auto)')
    .option('--overwrite', 'replace a preset that is there')
    .option('--json', 'the table as one JSON object')
    .addHelpText('after', HELP)
    .action(runTune);
}

/** What the search was started with: it only goes on with the same. */
const inputsSchema = z.object({
  preset: z.string().nullable(),
  seed: z.number(),
  folds: z.number(),
  diameter: z.number(),
  edge: z.number(),
  labels: z.string(),
  micrographs: z.array(z.object({ path: z.string(), labels: z.number() })),
});
type Inputs = z.infer<typeof inputsSchema>;
const stateSchema = z.object({
  inputs: inputsSchema,
  scores: z.array(
    z.object({
      trial: z.number(),
      fold: z.number(),
      averagePrecision: z.number(),
      bestF1: z.number(),
      seconds: z.number(),
    }),
  ),
});

async function runTune(args: readonly string[], options: TuneArguments): Promise<void> {
  const { labels, pixelSize, diameter, edge } = await findTrainingInputs(args, options);
  assertComplete(options.labels !== 'incomplete');
  const labelled = labels.filter(({ positives }) => positives.particles.length > 0);
  if (labelled.length < 2) {
    throw new LabelError({
      what: 'Tuning holds out whole micrographs',
      received: `${labelled.length} labelled micrograph`,
      expected: 'two or more',
    });
  }
  const micrographs = labels.map(({ input, positives }) => ({ path: input.path, labels: positives.particles.length }));
  const folds = Math.min(options.folds, labelled.length);
  const { seed, preset = null } = options;
  const inputs: Inputs = { preset, seed, folds, diameter, edge, labels: options.labels, micrographs };
  const base = options.preset ? await loadBase(options.preset) : AUTO_RECIPE;
  if (options.minutes < 2 * folds * FOLD_MINUTES)
    note(
      `warning: --minutes ${options.minutes} may be too short to compare anything: two trials are ${2 * folds} trainings of a minute or two each; give --minutes ${2 * folds * FOLD_MINUTES} or more, or fewer --folds`,
    );
  await makeFolder(options.out);
  const scores = await resume(inputs, join(options.out, STATE));
  if (scores.length === 0) assertFree([join(options.out, PRESET)], options.overwrite);
  const interruption = onInterrupt('Stopping: the folds done so far are kept. Ctrl-C again ends at once.');
  try {
    await search(labels, inputs, pixelSize, base, scores, options, interruption.signal);
  } finally {
    interruption.dispose();
  }
  await finish(scores, inputs, base, options);
  process.exitCode = interruption.exitCode();
}

/** @throws LabelError unless precision can be measured */
function assertComplete(labelsComplete: boolean): void {
  if (labelsComplete) return;
  throw new LabelError({
    what: 'A search compares settings by their picks without a label, and labels are missing',
    received: 'incomplete labels',
    expected: 'micrographs on which every particle is labelled',
    hint: 'Label two or more micrographs completely; --labels complete takes the labels as they are',
  });
}

/** @throws LabelError if a fold has nothing to judge by */
function assertJudged(labels: number, heldOut: readonly string[], edge: number): void {
  if (labels > 0) return;
  throw new LabelError({
    what: 'A fold of the search has no labels to judge by',
    received: `${heldOut.join(', ')}, all labels closer to the edge than ${edge.toFixed(0)} px`,
    expected: 'labels away from the edge on each micrograph',
    hint: 'Leave these micrographs out, or give a smaller --edge',
  });
}

async function loadBase(preset: string): Promise<Recipe> {
  const { architecture, recipe } = await loadPreset(preset);
  return { ...(recipe ?? AUTO_RECIPE), architecture };
}

/** @throws UsageError if the folder holds another search */
async function resume(inputs: Inputs, file: string): Promise<FoldScore[]> {
  if (!existsSync(file)) return [];
  const state = stateSchema.safeParse(JSON.parse(await readText(file)));
  if (state.success && JSON.stringify(state.data.inputs) === JSON.stringify(inputs)) {
    note(`going on from ${state.data.scores.length} folds in ${file}`);
    return state.data.scores;
  }
  throw new UsageError({
    what: `${file} is another search`,
    received: 'other micrographs, labels, preset, diameter, edge, folds, seed or --labels',
    expected: 'the same as before',
    hint: 'Give another folder to --out',
  });
}

/** Folds of trials until the time is over, each kept as soon as it is done. */
async function search(
  labels: readonly LabelledInput[],
  inputs: Inputs,
  pixelSize: number | null,
  base: Recipe,
  scores: FoldScore[],
  options: TuneArguments,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + 1000 * MINUTE * options.minutes;
  const labelled = inputs.micrographs.filter((micrograph) => micrograph.labels > 0);
  const dealt = dealFolds(
    labelled.map(({ path }) => path),
    inputs.folds,
    inputs.seed,
  );
  for (const trial of drawTrials(inputs.seed, base)) {
    for (let fold = 0; fold < inputs.folds; fold++) {
      const own = scores.filter((score) => score.trial === trial.number);
      if (own.some((score) => score.fold === fold)) continue;
      const best = bestTrial(scores, inputs.folds);
      if (best && isBehind(own, best)) break;
      if (signal.aborted || performance.now() >= end) return;
      // The first fold looks whether labels are complete: a trial that learns badly could not tell.
      const kind = scores.length > 0 ? 'complete' : options.labels;
      const found = await runFold(labels, trial, dealt[fold], inputs, pixelSize, { ...options, labels: kind }, signal);
      if (!found) return;
      scores.push({ trial: trial.number, fold, ...found });
      await writeWhole(join(options.out, STATE), `${JSON.stringify({ inputs, scores }, null, 1)}\n`);
      const left = Math.max(0, (end - performance.now()) / 1000);
      note(
        `trial ${trial.number}, fold ${fold + 1}/${inputs.folds}: AP ${found.averagePrecision.toFixed(3)}, F1 ${found.bestF1.toFixed(3)}, ${duration(left)} left`,
      );
    }
  }
}

/** Trains without the micrographs of a fold and judges on them; null where it was interrupted. */
async function runFold(
  labels: readonly LabelledInput[],
  { architecture, recipe }: Trial,
  heldOut: readonly string[],
  inputs: Inputs,
  pixelSize: number | null,
  options: TuneArguments,
  signal: AbortSignal,
): Promise<Omit<FoldScore, 'trial' | 'fold'> | null> {
  const started = performance.now();
  const columns: HeldOutColumns = new Map(heldOut.map((path) => [path, [0, Number.MAX_SAFE_INTEGER]]));
  const failed: string[] = [];
  const micrographs: AsyncIterable<LabelledMicrograph> = readLabelled(
    labels,
    pixelSize,
    options,
    { micrographs: [] },
    failed,
  );
  const reports = train(micrographs, {
    diameter: inputs.diameter,
    pixelSize,
    architecture,
    recipe: { ...recipe, architecture },
    edge: inputs.edge,
    labels: options.labels,
    heldOut: columns,
    seed: inputs.seed,
    signal,
    device: options.device,
    ...(options.threads && { threads: options.threads }),
  });
  let progress: Progress | undefined;
  try {
    for await (const report of reports) {
      if (report.kind === 'data') assertJudged(report.labels.heldOutPositives, heldOut, inputs.edge);
      if (report.kind === 'data') progress = startProgress(report.steps, 'training');
      if (report.kind === 'objective') assertComplete(report.objective === 'positive-negative');
      if (report.kind === 'step') progress?.update(report.step, `loss ${report.loss.toFixed(4)}`);
      if (report.kind !== 'done' || report.interrupted) continue;
      const { averagePrecision, bestF1 } = report.heldOut ?? { averagePrecision: 0, bestF1: null };
      return { averagePrecision, bestF1: bestF1?.f1 ?? 0, seconds: (performance.now() - started) / 1000 };
    }
  } finally {
    progress?.stop();
    for (const reason of failed) note(`left out: ${reason}`);
  }
  return null;
}

/** The table, and the winner as a preset. */
async function finish(
  scores: readonly FoldScore[],
  inputs: Inputs,
  base: Recipe,
  options: TuneArguments,
): Promise<void> {
  const best = bestTrial(scores, inputs.folds);
  const tried = new Set(scores.map(({ trial }) => trial));
  const trials: Trial[] = [];
  for (const trial of drawTrials(inputs.seed, base)) {
    if (trials.length === tried.size) break;
    trials.push(trial);
  }
  const rows = trials
    .map((trial) => ({ trial, own: scores.filter((score) => score.trial === trial.number) }))
    .sort((a, b) => merit(b.own) - merit(a.own));
  if (options.json) printJson({ trials: rows.map(({ trial, own }) => ({ ...trial, folds: own })) });
  else for (const { trial, own } of rows) print(describeTrial(trial, own, inputs.folds));
  if (!best) {
    note('No trial has finished all its folds: start it again with the same --out to go on.');
    return;
  }
  const winner = trials[best[0].trial];
  const preset = { architecture: winner.architecture, recipe: winner.recipe };
  await writeWhole(join(options.out, PRESET), `${JSON.stringify(preset, null, 1)}\n`);
  note(`best: trial ${winner.number}, written to ${join(options.out, PRESET)}`);
}

function describeTrial({ number, architecture, recipe }: Trial, own: readonly FoldScore[], folds: number): string {
  const mean = (value: (score: FoldScore) => number) => own.reduce((sum, score) => sum + value(score), 0) / own.length;
  const maps = architecture.layers.flatMap((layer) => (layer.type === 'convolution' ? [layer.maps] : []));
  const dropout = architecture.layers.flatMap((layer) => (layer.type === 'dropout' ? [layer.rate] : []));
  const { sampling, optimiser } = recipe;
  const settings = [
    hasPretrainedStart(recipe, architecture) ? 'simulated start' : 'random start',
    `box ${architecture.box}`,
    `maps ${maps.join('-')}`,
    `dropout ${dropout.join()}`,
    `rate ${recipe.learningRate}`,
    optimiser.kind === 'adamw' && `decay ${optimiser.weightDecay}`,
    `negatives ${recipe.negativesPerPositive} from ${recipe.negativeDistance}`,
    sampling.kind === 'patches' && `anywhere ${sampling.anywhere}, particle ${sampling.particleDistance}`,
    `smoothing ${recipe.smoothing}`,
    `epochs ${recipe.epochs}`,
  ].filter(Boolean);
  const done = own.length < folds ? ` (${own.length} of ${folds} folds)` : '';
  const figures = `AP ${mean((score) => score.averagePrecision).toFixed(3)}, F1 ${mean((score) => score.bestF1).toFixed(3)}, ${mean((score) => score.seconds).toFixed(0)} s`;
  return `trial ${String(number).padStart(3)}: ${figures}${done}; ${settings.join(', ')}`;
}
