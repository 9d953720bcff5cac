/** `deepem train` */

import { type Command, Option } from 'commander';
import { docsPage } from '../core/docs.js';
import { UsageError } from '../core/errors.js';
import { PRESETS } from '../network/presets.js';
import { loadPreset } from '../storage/model-file.js';
import { AUTO_RECIPE, RECIPES, type Recipe, withEpochs } from '../training/recipe.js';
import { fewLabelsStart, STARTS, type StartChoice } from './few-labels.js';
import { number } from './options.js';
import { addTrainingInputs, findTrainingInputs, type TrainingArguments } from './training-inputs.js';
import { assertModelName, runTraining } from './training-run.js';

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
  addTrainingInputs(
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
      'share of the micrographs held out to judge (default: 0.2; recipe auto: none of fewer than 100 labels)',
      number('--test-fraction', { min: 0, max: 0.9 }),
    )
    .option(
      '--epochs <n>',
      "passes over the boxes (default: the recipe's)",
      number('--epochs', { min: 1, max: 100_000, whole: true }),
    )
    .option('--plot <file.svg>', 'draw loss and accuracy')
    .option('--json', 'reports as JSON lines: data, steps, epochs, objective, done')
    .requiredOption('-o, --output <model.onnx>', 'where the model goes')
    .option('--overwrite', 'replace a model that is there')
    .addHelpText('after', HELP)
    .action(runTrain);
}

async function runTrain(args: readonly string[], options: TrainArguments): Promise<void> {
  const named = Object.hasOwn(RECIPES, options.recipe) ? RECIPES[options.recipe] : undefined;
  if (!named) {
    throw new UsageError({
      what: 'Unknown recipe',
      received: `"${options.recipe}"`,
      expected: Object.keys(RECIPES).join(', '),
    });
  }
  const isAuto = named === AUTO_RECIPE && !options.preset;
  if (options.start === 'general' && !isAuto) {
    throw new UsageError({
      what: 'Only recipe auto with its own network starts from the general model',
      received: `--start general with ${options.preset ? '--preset' : `--recipe ${options.recipe}`}`,
      expected: '--start without these',
    });
  }
  assertModelName(options.output);
  const preset = options.preset ? await loadPreset(options.preset) : { architecture: named.architecture, recipe: null };
  const recipe: Recipe = { ...(preset.recipe ?? named), architecture: preset.architecture };
  const { labels, pixelSize, diameter, edge } = await findTrainingInputs(args, options);
  const few = isAuto ? await fewLabelsStart(labels, { ...options, diameter }) : null;
  const chosen = few?.recipe ?? recipe;
  await runTraining(labels, {
    settings: { micrographs: args, ...options },
    output: options.output,
    labelOptions: options,
    ...(options.plot && { plot: options.plot }),
    ...(options.overwrite && { overwrite: true }),
    ...(options.json && { json: true }),
    train: {
      diameter,
      pixelSize,
      architecture: chosen.architecture,
      recipe: options.epochs ? withEpochs(chosen, options.epochs) : chosen,
      ...(few && { start: few.start }),
      edge,
      labels: options.labels,
      seed: options.seed,
      ...(options.testFraction !== undefined && { testFraction: options.testFraction }),
      device: options.device,
      ...(options.threads && { threads: options.threads }),
    },
  });
}
