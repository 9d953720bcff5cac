/** `deepem watch` */

import type { Command } from 'commander';
import { runWatch, STOP } from '../app/pick/watch-run.js';
import { defined } from '../core/defined.js';
import { number } from './options.js';
import { addPickOptions, type PickArguments, pickSettings } from './pick-arguments.js';
import { show } from './show.js';

interface WatchArguments extends PickArguments {
  interval: number;
  patience: number;
  until?: number;
}

const HELP = `
Example:
  deepem watch /data/session/ --model model.onnx --out picks/ --format star

Looks through the folder and those below it again and again (so that it works on network file systems), and picks each micrograph once it is
complete: its size has not changed between two looks, and agrees with its header. A micrograph that is replaced is picked again. Ends at
Ctrl-C, or when a file named ${STOP} appears in the output folder; started again it goes on. Lists of the run, such as autopick.star, are written again
after each round. The pixel size for lengths in angstroms is that of the first micrograph, or --pixel-size.`;

export function configure(command: Command): void {
  addPickOptions(command.argument('<folder>', 'where micrographs appear'))
    .option('--interval <s>', 'between two looks', number('--interval', { min: 0.1, max: 86_400 }), 5)
    .option(
      '--patience <s>',
      'a file that has not changed for so long, and is still not whole, has failed',
      number('--patience', { min: 1, max: 86_400 }),
      300,
    )
    .option('--until <n>', 'ends once so many micrographs are picked', number('--until', { min: 1, whole: true }))
    .addHelpText('after', HELP)
    .action(watch);
}

async function watch(folder: string, options: WatchArguments): Promise<void> {
  const { interval, patience, until, json } = options;
  const settings = { ...pickSettings(options), folder, interval, patience, ...defined({ until }) };
  await show((signal) => runWatch(settings, signal), {
    ...defined({ json }),
    stopping: 'Stopping after this micrograph; the same command goes on. Ctrl-C again ends at once.',
  });
}
