/** How many threads this process may use: what the scheduler allots, the affinity, and the quota of its control group. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../core/errors.js';

/** Variables in which schedulers say how many cores a task has: Slurm, PBS, Grid Engine, LSF. */
const SCHEDULERS = ['SLURM_CPUS_PER_TASK', 'PBS_NCPUS', 'NSLOTS', 'LSB_DJOB_NUMPROC'];
const MOST_THREADS = 1024;

/** What `availableCpus` looks at. */
export interface CpuSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Cores by affinity. */
  readonly cores: number;
  /** Text of a file below `/`, or null. */
  readonly read: (file: string) => string | null;
}

/**
 * Threads to use: as asked, else as many as there are CPUs for this process.
 *
 * @throws UsageError if the number asked for is not a whole number above 0
 */
export function threadCount(asked?: number): number {
  const threads = asked ?? availableCpus();
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new UsageError({
    what: 'Wrong number of threads',
    received: String(threads),
    expected: 'a whole number from 1 on',
  });
}

/** CPUs that this process may use, 1 or more: a quota of 2.5 CPUs counts as 2. Node before 22 does not look at quotas. */
export function availableCpus(sources: CpuSources = ofThisProcess()): number {
  const { environment, cores, read } = sources;
  const allotted = SCHEDULERS.map((name) => Number(environment[name]?.trim() || Number.NaN));
  const scheduled = allotted.find((value) => Number.isInteger(value) && value >= 1);
  const quota = Math.floor(quotaOf(read));
  return Math.max(1, Math.min(scheduled ?? cores, cores, quota, MOST_THREADS));
}

function ofThisProcess(): CpuSources {
  return { environment: process.env, cores: availableParallelism(), read };
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** CPUs of the tightest quota of the control groups of this process, of either version; infinite without one. */
function quotaOf(read: CpuSources['read']): number {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ controllers: controllers.split(','), path }];
  });
  let least = Number.POSITIVE_INFINITY;
  for (const { controllers, path } of groups) {
    const isSecond = controllers.join() === '';
    if (!isSecond && !controllers.includes('cpu')) continue;
    const root = isSecond ? '/sys/fs/cgroup' : join('/sys/fs/cgroup', controllers.join());
    for (const folder of foldersUpTo(root, path)) {
      least = Math.min(least, isSecond ? quotaOfSecond(folder, read) : quotaOfFirst(folder, read));
    }
  }
  return least;
}

/** A folder and those above it, to the root of the hierarchy: every quota on the way counts. */
function foldersUpTo(root: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, i) => join(root, ...parts.slice(0, parts.length - i)));
}

function quotaOfSecond(folder: string, read: CpuSources['read']): number {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? 'max').trim().split(/\s+/);
  return ratio(quota, period);
}

function quotaOfFirst(folder: string, read: CpuSources['read']): number {
  return ratio(read(join(folder, 'cpu.cfs_quota_us')) ?? '', read(join(folder, 'cpu.cfs_period_us')) ?? '');
}

function ratio(quota: string, period: string | undefined): number {
  const value = Number(quota) / Number(period);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}
