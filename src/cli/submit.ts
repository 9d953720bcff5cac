/** `deepem pick --cluster slurm`: writes the jobs of a run and submits them. */

import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Command, Option } from 'commander';
import { SLURM_TEMPLATE, slurmScripts } from '../cluster/slurm.js';
import { FileError, UsageError } from '../core/errors.js';
import { makeFolder, readText, writeWhole } from '../storage/files.js';
import { forgetRun } from '../storage/run.js';
import { note, print } from './console.js';
import { number } from './options.js';

/** The arguments that `addClusterOptions` adds. */
export interface ClusterArguments {
  readonly cluster?: 'slurm';
  readonly tasks: number;
  readonly cpus: number;
  readonly partition?: string;
  readonly gres?: string;
  readonly time?: string;
  readonly template?: string;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  force?: boolean;
}

/** Options that are not for the jobs, with whether a value follows. */
const OWN: Readonly<Record<string, boolean>> = {
  ...{ '--cluster': true, '--tasks': true, '--cpus': true, '--partition': true, '--gres': true, '--time': true },
  ...{ '--template': true, '--wait': false, '--dry-run': false, '--force': false },
};
const FOLDER = join('.deepem', 'slurm');

/** Adds the options that say how a run is spread over a cluster. */
export function addClusterOptions(command: Command): Command {
  return command
    .addOption(new Option('--cluster <scheduler>', 'submit the run as jobs instead of picking here').choices(['slurm']))
    .option(
      '--tasks <n>',
      'cluster: jobs that share the micrographs',
      number('--tasks', { min: 1, max: 10_000, whole: true }),
      8,
    )
    .option('--cpus <n>', 'cluster: cores of a job', number('--cpus', { min: 1, max: 1024, whole: true }), 2)
    .option('--partition <name>', 'cluster: where the jobs run')
    .option('--gres <list>', 'cluster: other resources, for example gpu:1')
    .option('--time <limit>', 'cluster: of a job, for example 2:00:00')
    .option('--template <file>', 'cluster: script of the jobs (--dry-run shows a filled one)')
    .option('--wait', 'cluster: return when the last job has ended, with its exit code')
    .option('--dry-run', 'cluster: print the scripts, submit nothing');
}

/**
 * Writes the scripts into the output folder and submits them: an array of shards, then a job that picks what they left and
 * writes the lists of the run.
 *
 * @param argv - the words after `deepem`
 * @throws UsageError, FileError
 */
export async function submit(argv: readonly string[], out: string, options: ClusterArguments): Promise<void> {
  const folder = resolve(out, FOLDER);
  const template = options.template ? await readText(options.template) : SLURM_TEMPLATE;
  const command = [process.execPath, resolve(process.argv[1]), ...withoutOwn(argv)];
  const scripts = slurmScripts(template, options, { command, folder: process.cwd(), logs: folder });
  if (options.dryRun) {
    print(`# array.sh\n${scripts.array}\n# gather.sh, after all tasks of the array\n${scripts.gather}`);
    return;
  }
  if (options.force) await forgetRun(out);
  await makeFolder(folder);
  const [array, gather] = [join(folder, 'array.sh'), join(folder, 'gather.sh')];
  await writeWhole(array, scripts.array);
  await writeWhole(gather, scripts.gather);
  const job = await sbatch([array]);
  note(`submitted job ${job}: ${options.tasks} tasks; logs in ${folder}`);
  const after = [`--dependency=afterany:${job}`, ...(options.wait ? ['--wait'] : []), gather];
  const last = await sbatch(after);
  note(`submitted job ${last}: gathers them; deepem status ${out} shows the progress`);
}

/** The words of a command without the options of this file. */
function withoutOwn(argv: readonly string[]): string[] {
  return argv.filter((word, i) => {
    const [name] = word.split('=');
    const follows = OWN[argv[i - 1]] === true;
    return !(name in OWN) && !follows;
  });
}

/**
 * Submits a script; returns the job's number. With --wait it ends with the job, and its exit code becomes this process's.
 *
 * @throws UsageError if there is no Slurm; FileError if it refuses
 */
async function sbatch(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('sbatch', ['--parsable', ...args]);
    return stdout.trim().split(';')[0];
  } catch (cause) {
    const { code, stdout = '', stderr = '' } = cause as { code?: string | number; stdout?: string; stderr?: string };
    if (code === 'ENOENT') {
      throw new UsageError({
        what: 'There is no Slurm on this machine',
        received: 'no command sbatch',
        expected: 'a submit host',
      });
    }
    if (args.includes('--wait') && /^\d+/.test(stdout)) {
      process.exitCode = Number(code);
      return stdout.trim().split(';')[0];
    }
    throw new FileError({ what: 'Slurm refuses the job', received: stderr.trim() || String(cause) }, { cause });
  }
}
