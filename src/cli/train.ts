/** `deepem train` */

import { type Command, Option } from 'commander';
import { STARTS, type StartChoice } from '../app/train/few-labels.js';
import { runTrain } from '../app/train/train-run.js';
import { defined } from '../core/defined.js';
import { docsPage } from '../core/docs.js';
import { PRESETS } from '../network/presets.js';
import { number } from './options.js';
import { showTraining } from './show-training.js';
import { addTrainingOptions, type TrainingArguments, trainingSettings } from './training-options.js';

interface TrainArguments extends TrainingArguments {
  overwrite?: boolean;
  preset?: string;
  recipe: string;
  start: StartChoice;
  testFraction?: number;
  epochs?: number;
  plot?: string;
  json?: boolean;
  output: string;
}

const HELP = `
Examples:
  deepem train micrographs/ --picks picks/ --diameter 190A -o model.onnx
  deepem train "data/*.mrc" --picks particles.star --diameter 108px --edge 130px -o model.onnx

Labels belong to the micrograph with the same path below the folders that are given, else to that of the same name and folders next to it,
else to that of the same name, without a cryoSPARC UID prefix and the endings _autopick, _manualpick, _automatch, _picks. Labels of RELION (any version), EMAN2, crYOLO, Topaz and cryoSPARC are read,
and .csv (x,y): ${docsPage('formats')}.
Ctrl-C saves the best model so far.`;

export function configure(command: Command): void {
  addTrainingOptions(
    command.argument('<micrographs...>', 'files, folders, globs, @LIST with one path a line, or a micrographs.star'),
  )
    .option(
      '--preset <name>',
      `network: ${Object.keys(PRESETS).join(', ')}, or a .json file: an architecture, or what deepem tune wrote, with its recipe in place of --recipe (default: the recipe's)`,
    )
    .option(
      '--recipe <name>',
      'how to train: auto (fewer than 100 labels: from the general model), or deepem, as in the paper',
      'auto',
    )
    .addOption(
      new Option(
        '--start <what>',
        'what recipe auto starts from: auto (the general model if labels are fewer than 100), general (in any case: for labels that are partly wrong, such as members of 2D classes), or recipe (its own weights)',
      )
        .choices(STARTS)
        .default('auto'),
    )
    .option(
      '--test-fraction <f>',
      'share of the micrographs held out to judge (default: 0.2; recipe auto: none if there are fewer than 100 labels)',
      number('--test-fraction', { min: 0, max: 0.9 }),
    )
    .option(
      '--epochs <n>',
      "passes over the boxes (default: the recipe's)",
      number('--epochs', { min: 1, max: 100_000, whole: true }),
    )
    .option('--plot <file.svg>', 'draw loss and accuracy')
    .option('--json', 'a JSON line an event instead of words')
    .requiredOption('-o, --output <model.onnx>', 'where the model goes')
    .option('--overwrite', 'replace a model that is there')
    .addHelpText('after', HELP)
    .action(train);
}

async function train(micrographs: readonly string[], options: TrainArguments): Promise<void> {
  const { output, recipe, start, overwrite = false, preset, testFraction, epochs, plot, json } = options;
  const settings = {
    ...trainingSettings(micrographs, options),
    ...{ output, recipe, start, overwrite, asked: { micrographs, ...options } },
    ...defined({ preset, testFraction, epochs, plot }),
  };
  await showTraining((signal) => runTrain(settings, signal), json);
}
