import { describe, expect, it } from 'vitest';
import { availableCpus, threadCount } from './cpus.js';

/** A machine of 16 cores with some variables and files. */
function on(environment: Record<string, string>, files: Record<string, string> = {}) {
  return availableCpus({ environment, cores: 16, read: (file) => files[file] ?? null });
}

describe('availableCpus', () => {
  it.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['all cores', {}, {}, 16],
    ['what Slurm allots', { SLURM_CPUS_PER_TASK: '4' }, {}, 4],
    ['all cores where a variable is empty or no number', { SLURM_CPUS_PER_TASK: '', NSLOTS: 'many' }, {}, 16],
    ['what Grid Engine allots', { SLURM_CPUS_PER_TASK: ' ', NSLOTS: '3' }, {}, 3],
    ['never more than the affinity', { SLURM_CPUS_PER_TASK: '64' }, {}, 16],
    [
      'the tightest quota of version 2',
      {},
      {
        '/proc/self/cgroup': '0::/user/job\n',
        '/sys/fs/cgroup/user/job/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/user/cpu.max': '250000 100000\n',
      },
      2,
    ],
    [
      'a quota of version 1, of less than a CPU',
      {},
      {
        '/proc/self/cgroup': '4:cpu,cpuacct:/job\n3:memory:/job\n',
        '/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us': '100000\n',
      },
      1,
    ],
    [
      'no quota where version 1 says -1',
      {},
      {
        '/proc/self/cgroup': '4:cpu:/\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      16,
    ],
  ])('%s', (_, environment, files, wanted) => {
    expect(on(environment, files)).toBe(wanted);
  });

  it('what is asked for goes before it, within reason', () => {
    expect(threadCount(32)).toBe(32);
    expect(() => threadCount(0)).toThrow(/Wrong number of threads/);
  });
});
