/** `deepem tune` */

import type { Command } from 'commander';
import { type JudgedTrial, PRESET, runTune, STATE } from '../app/train/tune-run.js';
import { defined } from '../core/defined.js';
import { hasPretrainedStart } from '../training/start.js';
import type { FoldScore } from '../training/tune.js';
import { print, printJson } from './console.js';
import { number } from './options.js';
import { show } from './show.js';
import { addTrainingOptions, type TrainingArguments, trainingSettings } from './training-options.js';

interface TuneArguments extends TrainingArguments {
  overwrite?: boolean;
  minutes: number;
  folds: number;
  preset?: string;
  out: string;
  json?: boolean;
}

const HELP = `
Example:
  deepem tune micrographs/ --picks picks/ --diameter 190A --minutes 60 --out tuned/
  deepem train micrographs/ --picks picks/ --diameter 190A --preset tuned/preset.json -o model.onnx

Each trial trains on all but some of the micrographs and is judged on these, by the mean of average precision and best F1; the
first trial is the recipe auto, or the preset given, as it is. Particles without a label count as false picks: label micrographs
completely. Micrographs kept back for the final judgement must not be given here. Started again with the same folder, the
search goes on from its last fold for another so many minutes.`;

export function configure(command: Command): void {
  addTrainingOptions(
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
    .action(tune);
}

async function tune(micrographs: readonly string[], options: TuneArguments): Promise<void> {
  const { minutes, folds, preset, out, overwrite = false, json } = options;
  const settings = {
    ...trainingSettings(micrographs, options),
    ...{ minutes, folds, out, overwrite },
    ...defined({ preset }),
  };
  const tuned = await show((signal) => runTune(settings, signal), {
    stopping: 'Stopping: the folds done so far are kept. Ctrl-C again ends at once.',
  });
  if (json) printJson({ trials: tuned.trials.map(({ trial, folds: own }) => ({ ...trial, folds: own })) });
  else for (const trial of tuned.trials) print(describeTrial(trial, tuned.folds));
}

function describeTrial({ trial, folds: own }: JudgedTrial, folds: number): string {
  const { number: i, architecture, recipe } = trial;
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
  return `trial ${String(i).padStart(3)}: ${figures}${done}; ${settings.join(', ')}`;
}
