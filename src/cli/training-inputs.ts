/** What `train` and `tune` start from: micrographs with labels, and lengths in pixels. */

import { type Command, Option } from 'commander';
import { UsageError } from '../core/errors.js';
import { type Length, toPixels } from '../core/length.js';
import type { DeviceChoice } from '../picking/device.js';
import type { TrainOptions } from '../training/train.js';
import { deviceOption } from './device.js';
import { micrographsOf } from './inputs.js';
import { withEvidence } from './label-evidence.js';
import { firstPixelSize, type LabelledInput, type LabelOptions, matchLabels } from './labelled-inputs.js';
import { length, number, parsePixelSize, parseThreads } from './options.js';

/** The arguments that `addTrainingInputs` adds. */
export interface TrainingArguments extends LabelOptions {
  readonly diameter: Length;
  readonly edge?: Length;
  readonly labels: NonNullable<TrainOptions['labels']>;
  readonly seed: number;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly force?: boolean;
}

/** Labelled micrographs with lengths in full-size pixels. */
export interface TrainingInputs {
  readonly labels: readonly LabelledInput[];
  /** Of the first micrograph in angstroms, or null. */
  readonly pixelSize: number | null;
  readonly diameter: number;
  readonly edge: number;
}

/** A network sees nothing of smaller particles. */
const SMALLEST_DIAMETER = 4;

/** Adds the options that say what is trained on. */
export function addTrainingInputs(command: Command): Command {
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

/**
 * Finds micrographs and labels, converts lengths with the pixel size of the first micrograph, and looks whether the labels lie on particles.
 *
 * @throws LabelError if no labels belong to the micrographs, or if the pixels contradict them; UsageError if a length cannot be converted
 */
export async function findTrainingInputs(args: readonly string[], options: TrainingArguments): Promise<TrainingInputs> {
  const labels = await matchLabels(await micrographsOf(args), options);
  const pixelSize = await firstPixelSize(
    labels.map(({ input }) => input),
    options.pixelSize,
  );
  const diameter = toPixels(options.diameter, pixelSize, '--diameter');
  if (!(diameter >= SMALLEST_DIAMETER)) {
    throw new UsageError({
      what: 'Wrong diameter',
      received: `${diameter} pixels`,
      expected: `${SMALLEST_DIAMETER} pixels or more`,
    });
  }
  const looked = await withEvidence(labels, {
    ...{ diameter, micrographs: args, picks: options.picks },
    ...(options.force && { force: true }),
  });
  return {
    labels: looked,
    pixelSize,
    diameter,
    edge: options.edge ? toPixels(options.edge, pixelSize, '--edge') : diameter / 2,
  };
}
