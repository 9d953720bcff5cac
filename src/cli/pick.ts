/** `deepem pick` */

import type { Command } from 'commander';
import { runPick, type Shard } from '../app/pick/pick-run.js';
import { defined } from '../core/defined.js';
import { docsPage } from '../core/docs.js';
import { UsageError } from '../core/errors.js';
import { addPickOptions, FORMATS_HELP, type PickArguments, pickSettings } from './pick-arguments.js';
import { show } from './show.js';
import { addClusterOptions, type ClusterArguments, submit } from './submit.js';

interface PickCommandArguments extends PickArguments, ClusterArguments {
  root?: string;
  shard?: Shard;
}

const HELP = `
Examples:
  deepem pick micrographs/ --diameter 190A --out picks/                      the general model: no labels, no training
  deepem pick micrographs/ --model model.onnx --out picks/                   a model of your own
  deepem pick micrographs.star --model model.onnx --out picks/ --format star,csv --threshold 0.5
  deepem pick @list.txt --model model.onnx --out picks/ --shard 3/8

One file a micrograph and format, in the folders of the micrographs (for a micrographs.star: the folders below its RELION job):
${FORMATS_HELP}
Where a format cannot hold a comment, NAME.provenance.json says what the picks were made from. The step of the original program: --step 20 --edge half a box.
The first three micrographs are held against those that the model was trained on; what does not fit is said, with its likely cause. Micrographs whose count
or scores are unusual are counted at the end.
A micrograph that cannot be read is listed at the end with its reason; the exit code is then 3. Started again with the same folder, only what is missing, has
failed or has changed is picked (deepem status OUT shows the state); with other parameters the folder is refused.
--cluster slurm submits the same run as jobs: ${docsPage('cluster')}.`;

export function configure(command: Command): void {
  const withPicking = addPickOptions(
    command.argument('<micrographs...>', 'files, folders, globs, @LIST with one path a line, or a micrographs.star'),
  );
  addClusterOptions(withPicking)
    .option(
      '--root <folder>',
      'the results repeat the folders below this one (default: the common folder of the inputs)',
    )
    .option(
      '--shard <i/n>',
      'only the i-th of n parts, for use with a scheduler; the same command without it writes the lists of the run',
      parseShard,
    )
    .addHelpText('after', HELP)
    .action((args: string[], options: PickCommandArguments) =>
      options.cluster ? submit(process.argv.slice(2), options.out, options) : pick(args, options),
    );
}

/** Picks here. */
async function pick(micrographs: readonly string[], options: PickCommandArguments): Promise<void> {
  const { root, shard, json } = options;
  const settings = { ...pickSettings(options), micrographs, ...defined({ root, shard }) };
  await show((signal) => runPick(settings, signal), {
    ...defined({ json }),
    stopping: 'Stopping after this micrograph; the same command goes on. Ctrl-C again ends at once.',
  });
}

function parseShard(text: string): Shard {
  const [index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError({
    what: 'Wrong value of --shard',
    received: `"${text}"`,
    expected: 'i/n with i from 1 to n, such as 3/8',
  });
}
