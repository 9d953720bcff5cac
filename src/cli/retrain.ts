/** `deepem retrain`: the paper's loop (Fig. 2), with confirmed picks as new labels. */

import type { Command } from 'commander';
import { runRetrain } from '../app/train/retrain-run.js';
import type { Sorting } from '../app/train/sorting.js';
import { defined } from '../core/defined.js';
import { UsageError } from '../core/errors.js';
import type { DeviceChoice } from '../picking/device.js';
import { deviceOption } from './device.js';
import { classNumbers, number, parsePixelSize, parseThreads } from './options.js';
import { showTraining } from './show-training.js';

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
What was held out stays held out; where nothing was (there were fewer than 100 labels), a fifth is held out once there are more, of the
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
    .action(retrain);
}

async function retrain(model: string, micrographs: readonly string[], options: RetrainArguments): Promise<void> {
  const { output, device, overwrite = false, force = false, pixelSize, seed, threads, plot } = options;
  const settings = {
    ...{ model, micrographs, sorting: sortingOf(options), output, device, overwrite, force },
    ...{ asked: { model, micrographs, ...options }, ...defined({ pixelSize, seed, threads, plot }) },
  };
  await showTraining((signal) => runRetrain(settings, signal));
}

/** How the picks were sorted. @throws UsageError unless in one of both ways */
function sortingOf({ accepted, rejected, classes, rejectedClasses }: RetrainArguments): Sorting {
  const oneByOne = accepted !== undefined || rejected !== undefined;
  if (oneByOne && classes === undefined && rejectedClasses === undefined)
    return { kind: 'picks', ...defined({ accepted, rejected }) };
  if (!oneByOne && classes !== undefined && rejectedClasses !== undefined)
    return { kind: 'classes', file: classes, rejected: rejectedClasses };
  const given = Object.entries({ accepted, rejected, classes, 'rejected-classes': rejectedClasses });
  const names = given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  throw new UsageError({
    what: names.length === 0 ? 'There is nothing new to learn' : 'It is not clear how the picks were sorted',
    received: names.length === 0 ? 'no sorted picks' : names.join(' and '),
    expected: '--accepted or --rejected or both, or else --classes with --rejected-classes',
  });
}
