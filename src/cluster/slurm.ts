/** A run as a Slurm array job of shards and a job that gathers them: the scripts, from a template that a site can edit. */

import { UsageError } from '../core/errors.js';
import { quoted } from './shell.js';

/** What the jobs ask for. */
export interface SlurmSettings {
  /** Shards, each a task of the array. */
  readonly tasks: number;
  readonly cpus: number;
  readonly partition?: string;
  readonly gres?: string;
  /** As Slurm takes it, for example 2:00:00. */
  readonly time?: string;
}

/** What the jobs do. */
export interface SlurmWork {
  /** The command of the whole run, its words not yet quoted. */
  readonly command: readonly string[];
  /** Folder to run it in. */
  readonly folder: string;
  /** Folder of the logs. */
  readonly logs: string;
}

/** Attempts at a shard that was killed or has failed. */
const ATTEMPTS = 3;

/**
 * The template of both jobs. `{{options}}` are the #SBATCH lines asked for, `{{run}}` is the work; the other names are those of the settings.
 * Exit code 0: done; 3: done, but some micrographs cannot be read; 2: wrong usage. Trying again fixes none of them.
 */
export const SLURM_TEMPLATE = `#!/bin/bash
#SBATCH --job-name=deepem
#SBATCH --cpus-per-task={{cpus}}
#SBATCH --requeue
#SBATCH --open-mode=append
{{options}}
# Sites add modules and paths here.
cd {{folder}} || exit 1
for attempt in $(seq {{attempts}}); do
  {{run}}
  code=$?
  case $code in 0 | 2 | 3) break ;; esac
  echo "attempt $attempt of {{attempts}} ended with code $code" >&2
done
exit $code
`;

/** The scripts of a run. */
export interface SlurmScripts {
  readonly array: string;
  readonly gather: string;
}

/**
 * Fills a template twice: for the shards, and for the command that picks what they left and writes the lists of the run.
 *
 * @throws UsageError if the template names something unknown, or does not run anything
 */
export function slurmScripts(template: string, settings: SlurmSettings, work: SlurmWork): SlurmScripts {
  const { tasks, cpus, partition, gres, time } = settings;
  const asked = [partition && `--partition=${partition}`, gres && `--gres=${gres}`, time && `--time=${time}`];
  const command = work.command.map(quoted).join(' ');
  const script = (options: readonly string[], run: string) =>
    fill(template, {
      ...{ run, tasks: String(tasks), cpus: String(cpus), folder: quoted(work.folder), attempts: String(ATTEMPTS) },
      options: [...options, ...asked].flatMap((option) => (option ? [`#SBATCH ${option}`] : [])).join('\n'),
    });
  return {
    array: script(
      [`--array=1-${tasks}`, `--output=${work.logs}/%A_%a.log`],
      `${command} --shard "$SLURM_ARRAY_TASK_ID/${tasks}"`,
    ),
    gather: script([`--output=${work.logs}/%A_gather.log`], command),
  };
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  if (!template.includes('{{run}}')) {
    throw new UsageError({
      what: 'The template does not run anything',
      expected: '{{run}} in it',
      hint: '--dry-run shows a whole one',
    });
  }
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    if (name in values) return values[name];
    throw new UsageError({
      what: 'The template names something unknown',
      received: `{{${name}}}`,
      expected: Object.keys(values)
        .map((known) => `{{${known}}}`)
        .join(', '),
    });
  });
}
