/** A run over a real Slurm: skipped, with a printed reason, where none answers (scripts/slurm-single-node.sh starts one). */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deepem } from './command-line.js';

const hasSlurm = spawnSync('sinfo').status === 0;
if (!hasSlurm)
  process.stderr.write('Slurm tests are skipped: sinfo does not answer (scripts/slurm-single-node.sh start)\n');

const work = mkdtempSync(join(tmpdir(), 'deepem-slurm-'));
const at = (...names: string[]) => join(work, ...names);
const BLOB = ['--blob', '--diameter', '360A', '--format', 'star,csv,topaz'];
const CLUSTER = ['--cluster', 'slurm', '--tasks', '4', '--cpus', '1'];

describe('--cluster', () => {
  const args = ['pick', at('a b', 'm.mrc'), ...BLOB, '--out', at('dry'), ...CLUSTER];

  it('prints its scripts with --dry-run, from a template of the site', () => {
    const run = deepem(...args, '--dry-run', '--partition', 'gpu', '--gres', 'gpu:1', '--time', '1:00:00');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/--array=1-4[\s\S]*--partition=gpu\n#SBATCH --gres=gpu:1\n#SBATCH --time=1:00:00/);
    expect(run.stdout).toMatch(/main\.js pick '.*a b\/m\.mrc' --blob .* --shard "\$SLURM_ARRAY_TASK_ID\/4"/);
    expect(run.stdout).not.toMatch(/--tasks|--dry-run|--cluster/);
    writeFileSync(at('site.sh'), '#!/bin/sh\n# {{tasks}} tasks\nmodule load node\n{{run}}\n');
    expect(deepem(...args, '--dry-run', '--template', at('site.sh')).stdout).toMatch(/# 4 tasks\nmodule load node/);
  });

  it.each([
    ['#!/bin/sh\n{{cake}} {{run}}\n', /\{\{cake\}\}.*\{\{run\}\}/],
    ['#!/bin/sh\n', /does not run anything/],
  ])('refuses the template %j', (template, message) => {
    writeFileSync(at('wrong.sh'), template);
    const run = deepem(...args, '--dry-run', '--template', at('wrong.sh'));
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(message);
  });
});

describe.skipIf(!hasSlurm)('Slurm', () => {
  it('gives the results of a local run, although one of four tasks is killed', async () => {
    deepem(
      'simulate',
      '--out',
      at('micrographs'),
      '--micrographs',
      '12',
      '--size',
      '512',
      '--particles',
      '12',
      '--seed',
      '2',
    );
    const pick = (out: string, ...args: string[]) =>
      deepem('pick', at('micrographs'), ...BLOB, '--out', at(out), ...args);
    expect(pick('local').code).toBe(0);
    const submitted = pick('slurm', ...CLUSTER);
    expect(submitted.code, submitted.stderr).toBe(0);
    const log = (name: string) => {
      const folder = at('slurm', '.deepem', 'slurm');
      const file = readdirSync(folder).find((entry) => entry.endsWith(name));
      return file ? readFileSync(join(folder, file), 'utf8') : '';
    };
    let killed = false;
    for (let i = 0; i < 1200 && !existsSync(at('slurm', 'topaz.txt')); i++) {
      if (!killed) killed = spawnSync('pkill', ['-KILL', '-f', '[m]ain.js pick .*--shard 3/4']).status === 0;
      await wait(50);
    }
    expect(killed).toBe(true);
    expect(log('_3.log')).toMatch(/attempt 1 of 3 ended with code 137/);
    expect(log('_gather.log')).toMatch(/picked before: 12 micrographs/);
    const results = (out: string) =>
      readdirSync(at(out))
        .filter((name) => /\.(star|csv|txt)$/.test(name))
        .sort()
        .map((name) => [name, readFileSync(at(out, name), 'utf8').replaceAll(at(out), 'OUT')]);
    expect(results('slurm')).toEqual(results('local'));
  }, 180_000);

  it('tells the exit code of the gather job with --wait', () => {
    writeFileSync(at('micrographs', 'broken.mrc'), 'broken');
    const run = deepem('pick', at('micrographs'), ...BLOB, '--out', at('waited'), ...CLUSTER, '--wait');
    expect(run.code, run.stderr).toBe(3);
    expect(deepem('status', at('waited')).stdout).toMatch(/picked: 12 of 13 micrographs, 1 failed/);
  }, 180_000);
});
