/** `deepem train` */

import { type Command, Option } from 'commander';
import { UsageError } from '../errors.js';
import { type Length, toPixels } from '../length.js';
import { PRESETS } from '../network/presets.js';
import { expandMicrographs } from '../storage/inputs.js';
import { loadPreset } from '../storage/model-file.js';
import { RECIPES, type Recipe } from '../training/recipe.js';
import { firstPixelSize, type LabelOptions, matchLabels } from './labelled-inputs.js';
import { length, number } from './options.js';
import { assertModelName, runTraining } from './training-run.js';

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
      `network: ${Object.keys(PRESETS).join(', ')}, or a .json file: an architecture, or what deepem tune wrote (default: the recipe's)`,
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
  const named = Object.hasOwn(RECIPES, options.recipe) ? RECIPES[options.recipe] : undefined;
  if (!named) {
    throw new UsageError({
      what: 'Unknown recipe',
      received: `"${options.recipe}"`,
      expected: Object.keys(RECIPES).join(', '),
    });
  }
  assertModelName(options.output);
  const preset = options.preset ? await loadPreset(options.preset) : { architecture: named.architecture, recipe: null };
  const recipe: Recipe = { ...(preset.recipe ?? named), architecture: preset.architecture };
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
  await runTraining(labels, {
    settings: { micrographs: args, ...options },
    output: options.output,
    pixelSize,
    labelOptions: options,
    ...(options.plot && { plot: options.plot }),
    train: {
      diameter,
      architecture: preset.architecture,
      recipe: options.epochs ? { ...recipe, epochs: options.epochs, mostSteps: null } : recipe,
      edge: options.edge ? toPixels(options.edge, pixelSize, '--edge') : diameter / 2,
      labels: options.labels,
      seed: options.seed,
      ...(options.testFraction !== undefined && { testFraction: options.testFraction }),
      ...(options.threads && { threads: options.threads }),
    },
  });
}
