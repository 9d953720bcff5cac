/** The options that `train` and `tune` share: what is trained on. */

import { type Command, Option } from 'commander';
import type { TrainingSettings } from '../app/train/training-inputs.js';
import { defined } from '../core/defined.js';
import type { Length } from '../core/length.js';
import type { DeviceChoice } from '../picking/device.js';
import { deviceOption } from './device.js';
import { length, number, parsePixelSize, parseThreads } from './options.js';

/** The arguments that `addTrainingOptions` adds. */
export interface TrainingArguments {
  picks: string;
  negatives?: string;
  pixelSize?: number;
  diameter: Length;
  edge?: Length;
  labels: TrainingSettings['labels'];
  seed: number;
  threads?: number;
  device: DeviceChoice;
  force?: boolean;
}

/** Adds the options that say what is trained on. */
export function addTrainingOptions(command: Command): Command {
  return command
    .requiredOption('--picks <path>', 'labels: a folder of coordinate files, or one file')
    .requiredOption('--diameter <length>', 'of the particle, for example 108px or 190A', length('--diameter'))
    .option('--negatives <path>', 'places that are no particles, as for --picks')
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option(
      '--edge <length>',
      'leave out labels closer to the edge (default: half the diameter)',
      length('--edge', 'px'),
    )
    .addOption(
      new Option(
        '--labels <kind>',
        'whether every particle is labelled; auto: looked at after the first epoch (recipe deepem takes them as complete)',
      )
        .choices(['auto', 'complete', 'incomplete'])
        .default('auto'),
    )
    .option('--seed <n>', 'of all random choices', number('--seed', { min: 0, max: 2 ** 31 - 1, whole: true }), 1)
    .option('--threads <n>', 'default: as the scheduler allots, else the cores that this process may use', parseThreads)
    .option('--force', 'train also where the labels do not lie on particles, and on every micrograph')
    .addOption(deviceOption('computes the gradients'));
}

/** Resolves these arguments once. */
export function trainingSettings(micrographs: readonly string[], given: TrainingArguments): TrainingSettings {
  const { picks, diameter, labels, seed, device, negatives, pixelSize, edge, threads, force = false } = given;
  return {
    ...{ micrographs, picks, diameter, labels, seed, device, force },
    ...defined({ negatives, pixelSize, edge, threads }),
  };
}
