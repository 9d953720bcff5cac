/** Runs that are killed, interrupted, hindered or spread over shards: nothing is lost, and the results are those of one quiet run. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.js';
import { deepem, deepemInterrupted, type Run } from './command-line.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-runs-'));
const at = (...names: string[]) => join(work, ...names);
const BLOB = ['--blob', '--diameter', '360A', '--save-scores', '--format', 'star,csv,topaz,particles-star'];
/** Kills in `npm test`, and in the long version. */
const KILLS = Number(process.env.RUN_KILLS ?? 12);

function pick(out: string, ...args: string[]): Run {
  return deepem('pick', at('micrographs'), ...BLOB, '--out', at(out), ...args);
}

/** Results of a run by name; what names the output folder is made equal. */
function results(out: string): Record<string, string> {
  const files = readdirSync(at(out), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(star|csv|txt|mrc)$/.test(name),
  );
  return Object.fromEntries(
    files
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => [name, readFileSync(at(out, name), 'latin1').replaceAll(at(out), 'OUT')]),
  );
}

beforeAll(() => {
  const settings = ['--micrographs', '8', '--size', '320', '--particles', '12', '--seed', '2'];
  expect(deepem('simulate', '--out', at('micrographs'), ...settings).code).toBe(0);
  for (const name of readdirSync(at('micrographs')).filter((file) => file.endsWith('.csv'))) {
    mkdirSync(at('labels'), { recursive: true });
    renameSync(at('micrographs', name), at('labels', name));
  }
  expect(pick('quiet').code).toBe(0);
});

describe('a run', () => {
  it('killed at random moments ends with the same files, byte for byte', async () => {
    const source = random(1);
    for (let kill = 0; kill < KILLS; kill++) {
      const args = ['dist/cli/main.js', 'pick', at('micrographs'), ...BLOB, '--out', at('killed')];
      const child = spawn(process.execPath, args, { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('close', resolve));
      await Promise.race([ended, wait(200 + 900 * source.uniform())]);
      child.kill('SIGKILL');
      await ended;
    }
    const run = pick('killed');
    expect(run.code, run.stderr).toBe(0);
    expect(results('killed')).toEqual(results('quiet'));
  });

  it('interrupted finishes the micrograph at hand; the same command goes on', async () => {
    const args = ['pick', at('micrographs'), ...BLOB, '--out', at('interrupted')];
    const stopped = await deepemInterrupted('SIGINT', /1\/8/, ...args);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/the same command goes on/);
    const before = JSON.parse(deepem('status', at('interrupted'), '--json').stdout);
    expect(before.done).toBeGreaterThan(0);
    expect(before.left).toBe(8 - before.done);
    expect(pick('interrupted').stderr).toMatch(`picked before: ${before.done} micrograph`);
    expect(results('interrupted')).toEqual(results('quiet'));
  });

  it('in shards, in any order and at once, gives the same files', async () => {
    const shard = (i: number) =>
      new Promise((resolve) => {
        const args = [
          'dist/cli/main.js',
          'pick',
          at('micrographs'),
          ...BLOB,
          '--out',
          at('shards'),
          '--shard',
          `${i}/3`,
        ];
        spawn(process.execPath, args, { stdio: 'ignore' }).on('close', resolve);
      });
    expect(await Promise.all([shard(3), shard(1), shard(3)])).toEqual([0, 0, 0]);
    expect(await shard(2)).toBe(0);
    expect(existsSync(at('shards', 'topaz.txt'))).toBe(false);
    const gathered = pick('shards');
    expect(gathered.stderr).toMatch(/picked before: 8 micrographs/);
    expect(results('shards')).toEqual(results('quiet'));
    expect(deepem('status', at('shards')).stdout).toMatch(/picked: 8 of 8 micrographs, 0 failed/);
  });

  it('with other parameters is refused, says what differs, and --force begins again', () => {
    const run = pick('quiet', '--threshold', '0.7');
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/threshold 0\.5 before, 0\.7 now.*--force/);
    copyFileSync(at('quiet', '.deepem', 'run.json'), at('run.json'));
    deepem('pick', at('micrographs'), ...BLOB, '--out', at('forced'));
    expect(
      deepem('pick', at('micrographs'), ...BLOB, '--out', at('forced'), '--threshold', '0.7', '--force').code,
    ).toBe(0);
  });

  it('picks again what has changed or is missing, and only that', () => {
    pick('changed');
    utimesSync(at('micrographs', 'sim_0001.mrc'), new Date(), new Date());
    expect(pick('changed').stderr).toMatch(/picked before: 8 micrographs/);
    rmSync(at('changed', 'sim_0002.csv'));
    expect(pick('changed').stdout).toMatch(/^1\/1 .*sim_0002/);
    expect(results('changed')).toEqual(results('quiet'));
  });

  it('takes paths from a list', () => {
    writeFileSync(
      at('list.txt'),
      `# good ones\n${at('micrographs', 'sim_0003.mrc')}\n\n${at('micrographs', 'sim_0005.mrc')}\n`,
    );
    expect(deepem('pick', `@${at('list.txt')}`, ...BLOB, '--out', at('listed')).stdout).toMatch(/in 2 micrographs/);
  });

  it('without any of its micrographs says on which machine', () => {
    const run = deepem('pick', '/nowhere/a.mrc', ...BLOB, '--out', at('nowhere'));
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/The micrograph is not there.*on .*mounted/);
  });
});

describe('faults', () => {
  it('leave the good micrographs as they are, and each has its reason', () => {
    const folder = at('mixed');
    mkdirSync(folder);
    for (const name of readdirSync(at('micrographs'))) copyFileSync(at('micrographs', name), join(folder, name));
    const good = readFileSync(join(folder, 'sim_0001.mrc'));
    writeFileSync(join(folder, 'cut.mrc'), good.subarray(0, 5000));
    writeFileSync(join(folder, 'empty.mrc'), '');
    mkdirSync(join(folder, 'folder.mrc'));
    symlinkSync(join(folder, 'gone'), join(folder, 'link.mrc'));
    execFileSync('mkfifo', [join(folder, 'pipe.mrc')]);
    const run = deepem('pick', folder, join(folder, 'folder.mrc'), ...BLOB, '--out', at('faulty'));
    expect(run.code).toBe(3);
    const { failed } = JSON.parse(deepem('status', at('faulty'), '--json').stdout);
    const reasons = failed.map(({ reason }: { reason: string }) => reason).join('\n');
    expect(reasons).toMatch(/cut.mrc: the file is truncated/);
    expect(reasons).toMatch(/empty.mrc as MRC/);
    expect(reasons).toMatch(/folder|device or pipe/);
    expect(reasons).toMatch(/link.mrc/);
    const [mixed, quiet] = [results('faulty'), results('quiet')];
    for (const name of Object.keys(quiet).filter((file) => /^sim_\d+.*\.(csv|mrc)$/.test(file)))
      expect(mixed[name]).toBe(quiet[name]);
  });

  it('a micrograph that vanishes or changes meanwhile has its reason, and the others are picked', async () => {
    const folder = at('moving');
    mkdirSync(folder);
    for (const name of readdirSync(at('micrographs'))) copyFileSync(at('micrographs', name), join(folder, name));
    const args = ['dist/cli/main.js', 'pick', folder, ...BLOB, '--out', at('moved')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.once('data', () => rmSync(join(folder, 'sim_0008.mrc')));
    const touching = setInterval(() => utimesSync(join(folder, 'sim_0007.mrc'), new Date(), new Date()), 1);
    const code = await new Promise((resolve) => child.on('close', resolve));
    clearInterval(touching);
    expect(code).toBe(3);
    const { failed, done } = JSON.parse(deepem('status', at('moved'), '--json').stdout);
    const reasons = failed.map(({ reason }: { reason: string }) => reason).join('\n');
    expect(reasons).toMatch(/sim_0008.mrc: there is no such file/);
    expect(reasons).toMatch(/sim_0007.mrc changed while it was read/);
    expect(done).toBe(6);
    expect(deepem('pick', folder, ...BLOB, '--out', at('moved')).stdout).toMatch(/^1\/1 .*sim_0007/);
  });

  it('a read-only folder is refused before any work', () => {
    const run = deepem('pick', at('micrographs'), ...BLOB, '--out', '/proc/deepem');
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/Cannot make the folder/);
  });

  it('a full disk is a reason for each micrograph, and nothing is half-written', () => {
    const disk = at('disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]).status === 0;
    if (!mounted) {
      process.stderr.write('the test of a full disk is skipped: no right to mount\n');
      return;
    }
    try {
      const run = deepem('pick', at('micrographs'), ...BLOB, '--out', join(disk, 'out'));
      expect(run.code).toBe(1);
      expect(run.stdout).toMatch(/could not be picked: [\s\S]*sim_0008.*the disk is full/);
      for (const name of readdirSync(join(disk, 'out')).filter((file) => /_scores\.mrc$/.test(file))) {
        expect(readFileSync(join(disk, 'out', name)).equals(readFileSync(at('quiet', name)))).toBe(true);
      }
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

describe('training', () => {
  const train = (output: string) => [
    ...[
      'train',
      at('micrographs'),
      '--picks',
      at('labels'),
      '--diameter',
      '360A',
      '--recipe',
      'deepem',
      '--epochs',
      '8',
    ],
    ...['--threads', '1', '-o', at(output)],
  ];

  it('killed at any moment goes on to the same model, byte for byte', async () => {
    expect(deepem(...train('whole.onnx')).code).toBe(0);
    await deepemInterrupted('SIGKILL', /epoch 3\/8/, ...train('cut.onnx'));
    expect(existsSync(at('cut.onnx'))).toBe(false);
    const run = deepem(...train('cut.onnx'));
    expect(run.stderr).toMatch(/going on after epoch [23]/);
    expect(readFileSync(at('cut.onnx')).equals(readFileSync(at('whole.onnx')))).toBe(true);
    expect(existsSync(at('cut.onnx.checkpoint.json'))).toBe(false);
  });

  it('does not go on from the checkpoint of another training', async () => {
    await deepemInterrupted('SIGKILL', /epoch 3\/8/, ...train('other.onnx'));
    const run = deepem(...train('other.onnx'), '--seed', '9');
    expect(run.stderr).not.toMatch(/going on/);
  });
});

describe('watch', () => {
  it('picks what is written slowly, renamed into place, in new folders, and replaced; goes on after a restart', async () => {
    mkdirSync(at('live'));
    const args = ['watch', at('live'), ...BLOB, '--out', at('watched'), '--interval', '0.3'];
    const child = spawn(process.execPath, ['dist/cli/main.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const ended = new Promise((resolve) => child.on('close', resolve));
    const until = async (pattern: RegExp) => {
      for (let i = 0; i < 300 && !pattern.test(output); i++) await wait(100);
      expect(output).toMatch(pattern);
    };
    const bytes = readFileSync(at('micrographs', 'sim_0001.mrc'));
    writeFileSync(at('live', 'slow.mrc'), bytes.subarray(0, 100_000));
    await wait(1500);
    expect(output).not.toMatch(/slow/);
    appendFileSync(at('live', 'slow.mrc'), bytes.subarray(100_000));
    await until(/slow\.mrc: \d+ particles/);
    copyFileSync(at('micrographs', 'sim_0002.mrc'), at('live', 'b.tmp'));
    renameSync(at('live', 'b.tmp'), at('live', 'b.mrc'));
    mkdirSync(at('live', 'sub'));
    copyFileSync(at('micrographs', 'sim_0003.mrc'), at('live', 'sub', 'c.mrc'));
    await until(/sub\/c\.mrc: \d+ particles/);
    copyFileSync(at('micrographs', 'sim_0004.mrc'), at('live', 'slow.mrc'));
    await until(/slow\.mrc: \d+ particles[\s\S]*slow\.mrc: \d+ particles/);
    expect(readFileSync(at('watched', 'slow.csv'), 'utf8')).toBe(readFileSync(at('quiet', 'sim_0004.csv'), 'utf8'));
    writeFileSync(at('watched', 'STOP'), '');
    expect(await ended).toBe(0);
    rmSync(at('watched', 'STOP'));
    const again = deepem(...args, '--until', '3');
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).not.toMatch(/mrc: \d+ particles/);
    expect(readFileSync(at('watched', 'topaz.txt'), 'utf8')).toMatch(/^c\t/m);
  });
});
