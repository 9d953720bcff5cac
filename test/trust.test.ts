/** Nothing is replaced unasked, nobody's work is done twice, and no surroundings end in a stack trace. */

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../src/testing/folder.js';
import { deepem, type Run } from './command-line.js';
import { quickTraining } from './quick.js';

const MAIN = 'dist/cli/main.js';
const BLOB = ['--blob', '--diameter', '60px'];
const QUICK = quickTraining();
const { at, put } = testFolder();

/** Made once, and copied for each test. */
const made = mkdtempSync(join(tmpdir(), 'deepem-trust-'));
beforeAll(() => {
  const size = ['--size', '256', '--particles', '8', '--seed', '3'];
  expect(deepem('simulate', '--out', made, '--micrographs', '4', ...size).code).toBe(0);
});
beforeEach(() => {
  mkdirSync(at('micrographs'));
  mkdirSync(at('labels'));
  for (const name of readdirSync(made)) {
    cpSync(join(made, name), at(name.endsWith('.mrc') ? 'micrographs' : 'labels', name));
  }
});

/** Runs the program with its own environment and streams. */
function run(
  args: readonly string[],
  options: { env?: Record<string, string>; stdout?: number; cwd?: string } = {},
): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(process.cwd(), MAIN), ...args], {
    ...{ encoding: 'utf8', env: { ...process.env, ...options.env }, cwd: options.cwd ?? process.cwd() },
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
  });
  return { code: status, stdout: stdout ?? '', stderr };
}

/** Starts the program; waits until its output matches. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  const shows = async (pattern: RegExp) => {
    for (let i = 0; i < 2000 && !pattern.test(output); i++) await wait(50);
    expect(output).toMatch(pattern);
  };
  return { child, ended, shows, output: () => output };
}

const STACK = /\n\s+at .*\(.*:\d+:\d+\)|node:internal|terminate called/;

describe('files that are there', () => {
  const TRAIN = ['--diameter', '60px', '--epochs', '1', '--threads', '1', '--labels', 'complete', ...QUICK];

  it('are replaced by no command without --overwrite', () => {
    const train = ['train', at('micrographs'), '--picks', at('labels'), ...TRAIN];
    expect(deepem(...train, '-o', at('m.onnx')).code).toBe(0);
    cpSync(at('m.onnx'), at('hand/model.onnx'), { recursive: true });
    const picks = at('picked');
    expect(
      deepem('pick', at('micrographs'), ...BLOB, '--threshold', '0.1', '--out', picks, '--format', 'csv').code,
    ).toBe(0);
    const text = 'hand made\n';
    const first = at('micrographs', 'sim_0001.mrc');
    const labels = at('labels');
    const commands: [files: string[], command: string[]][] = [
      [['t/model.onnx'], [...train, '-o', at('t/model.onnx')]],
      [['t2/model.training.json'], [...train, '-o', at('t2/model.onnx')]],
      [['t3/plot.svg'], [...train, '-o', at('t3/model.onnx'), '--plot', at('t3/plot.svg')]],
      [['r/model.onnx'], ['retrain', at('m.onnx'), '--accepted', labels, '-o', at('r/model.onnx')]],
      [
        ['u/preset.json'],
        ['tune', at('micrographs'), '--picks', labels, ...TRAIN.slice(0, 2), '--out', at('u'), '--minutes', '0.1'],
      ],
      [['p/sim_0002.csv'], ['pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv']],
      [['p2/sim_0001.box'], ['pick', at('micrographs'), ...BLOB, '--out', at('p2')]],
      [['p3/autopick.star'], ['pick', at('micrographs'), ...BLOB, '--out', at('p3'), '--format', 'star']],
      [['p4/sim_0003_scores.mrc'], ['pick', at('micrographs'), ...BLOB, '--out', at('p4'), '--save-scores']],
      [
        ['w/sim_0001.csv'],
        ['watch', at('micrographs'), ...BLOB, '--out', at('w'), '--format', 'csv', '--interval', '0.1', '--until', '3'],
      ],
      [
        ['e/curve.svg'],
        ['evaluate', '--picks', picks, '--truth', labels, '--radius', '20px', '--plot', at('e/curve.svg')],
      ],
      [['h/scores.svg'], ['threshold', picks, '--plot', at('h/scores.svg')]],
      [['c/sim_0001.box'], ['convert', picks, '--to', 'box', '--box', '60', '--out', at('c')]],
      [['c2/topaz.txt'], ['convert', picks, '--to', 'topaz', '--out', at('c2')]],
      [['x/particles.star'], ['extract', labels, at('micrographs'), '--box', '32', '--out', at('x')]],
      [['x2/sim_0004.mrcs'], ['extract', labels, at('micrographs'), '--box', '32', '--out', at('x2')]],
      [['k/classes.mrcs'], ['classes', labels, at('micrographs'), '--diameter', '60px', '-o', at('k/classes.mrcs')]],
      [['k2/classes.csv'], ['classes', labels, at('micrographs'), '--diameter', '60px', '-o', at('k2/classes.mrcs')]],
      [['d/doctor.png'], ['doctor', at('micrographs'), labels, '--plot', at('d/doctor.png')]],
      [['v/first.png'], ['preview', first, '-o', at('v/first.png')]],
      [['f/maps.png'], ['features', at('m.onnx'), first, '--at', '128,128', '-o', at('f/maps.png')]],
      [['s/sim_0002.csv'], ['simulate', '--out', at('s'), '--micrographs', '2', '--size', '256']],
      [['q/model.onnx'], ['demo', '--out', at('q')]],
    ];
    for (const [files, command] of commands) {
      for (const file of files) put(file, text);
      const before = readdirSync(at(files[0], '..'), { recursive: true });
      const { code, stderr, stdout } = deepem(...command);
      const words = `${command[0]} ${files[0]}: ${stderr}${stdout}`;
      expect(code, words).not.toBe(0);
      expect(stderr + stdout, words).toMatch(/--overwrite/);
      for (const file of files) expect(readFileSync(at(file), 'utf8'), words).toBe(text);
      if (command[0] !== 'watch' && command[0] !== 'tune') {
        const now = readdirSync(at(files[0], '..'), { recursive: true }).filter(
          (name) => !String(name).startsWith('.deepem'),
        );
        expect(now, words).toEqual(before);
      }
    }
  }, 300_000);

  it('are replaced with it, and a run goes on with its own files', () => {
    const pick = ['pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv,star'];
    put('p/sim_0001.csv', 'mine\n');
    expect(deepem(...pick).code).toBe(2);
    expect(deepem(...pick, '--overwrite').code).toBe(0);
    rmSync(at('p', 'sim_0002.csv'));
    expect(deepem(...pick).code).toBe(0);
    expect(deepem(...pick, '--threshold', '0.3').stderr).toMatch(/other parameters/);
    expect(deepem(...pick, '--threshold', '0.3', '--force').code).toBe(0);
  });

  it('of another micrograph of the same name are not replaced by its preview', () => {
    const pick = (name: string) =>
      deepem('pick', at('micrographs', name), ...BLOB, '--out', at('p'), '--format', 'csv');
    expect(pick('sim_0001.mrc').code).toBe(0);
    const picks = readFileSync(at('p', 'sim_0001.csv'), 'utf8');
    expect(deepem('preview', at('micrographs', 'sim_0001.mrc'), '-o', at('micrographs', 'sim_0001.png')).code).toBe(0);
    const preview = pick('sim_0001.png');
    expect(preview.stdout).toMatch(/its results would replace those of .*sim_0001\.mrc/);
    expect(readFileSync(at('p', 'sim_0001.csv'), 'utf8')).toBe(picks);
  });
});

describe('results that a person changed', () => {
  const pick = (...args: string[]) =>
    deepem('pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv,star', ...args);

  it('stay when their micrograph changes, and through --force', () => {
    expect(pick().code).toBe(0);
    const edited = 'x,y,score\n1.000,2.000,0.900000\n';
    writeFileSync(at('p', 'sim_0001.csv'), edited);
    cpSync(at('micrographs', 'sim_0002.mrc'), at('micrographs', 'sim_0001.mrc'));
    const again = pick();
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/sim_0001\.csv.*--overwrite/)]);
    const forced = pick('--threshold', '0.3', '--force');
    expect([forced.code, forced.stderr]).toEqual([2, expect.stringMatching(/sim_0001\.csv.*--overwrite/)]);
    expect(readFileSync(at('p', 'sim_0001.csv'), 'utf8')).toBe(edited);
  });

  it('--force removes what the run before wrote in other formats', () => {
    expect(pick().code).toBe(0);
    put('p/notes.txt', 'mine');
    const forced = deepem(
      'pick',
      at('micrographs'),
      ...BLOB,
      '--out',
      at('p'),
      '--format',
      'box',
      '--threshold',
      '0.2',
      '--force',
    );
    expect(forced.code).toBe(0);
    const names = readdirSync(at('p')).filter((name) => !name.startsWith('.'));
    expect(names.some((name) => name.endsWith('.star') || name.endsWith('.csv'))).toBe(false);
    expect(names).toContain('notes.txt');
  });

  it('--force is refused while another process is at work on the run', () => {
    expect(pick().code).toBe(0);
    const host = spawnSync('hostname', { encoding: 'utf8' }).stdout.trim();
    put(`p/.deepem/claims/${'0'.repeat(32)}`, JSON.stringify({ host, pid: process.pid }));
    const forced = pick('--threshold', '0.3', '--force');
    expect([forced.code, forced.stderr]).toEqual([2, expect.stringMatching(/Another process is at work/)]);
    expect(existsSync(at('p', 'sim_0001.csv'))).toBe(true);
  });
});

describe('a command that was killed', () => {
  it('extract goes on over its own files, and refuses once it is done', async () => {
    for (let i = 5; i < 40; i++) {
      const name = `sim_${String(i).padStart(4, '0')}`;
      cpSync(at('micrographs', 'sim_0001.mrc'), at('micrographs', `${name}.mrc`));
      cpSync(at('labels', 'sim_0001.csv'), at('labels', `${name}.csv`));
    }
    const args = ['extract', at('labels'), at('micrographs'), '--box', '128', '--edge', 'pad', '--out', at('x')];
    const { child, ended } = start(args);
    for (
      let i = 0;
      i < 400 && !(existsSync(at('x')) && readdirSync(at('x')).some((name) => name.endsWith('.mrcs')));
      i++
    )
      await wait(10);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(at('x', 'particles.star'))).toBe(false);
    expect(deepem(...args).code).toBe(0);
    expect(readdirSync(at('x')).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(deepem(...args).code).toBe(2);
  });

  it('train says at once that the model cannot be written', () => {
    put('file', 'x');
    const { code, stderr } = deepem(
      'train',
      at('micrographs'),
      '--picks',
      at('labels'),
      '--diameter',
      '60px',
      '-o',
      at('file', 'm.onnx'),
    );
    expect([code, stderr]).toEqual([1, expect.stringMatching(/Cannot (make the folder|write into)/)]);
    expect(stderr).not.toMatch(/epoch/);
  });
});

describe('two runs on one folder', () => {
  it('at once share the work, and both end with all of it', async () => {
    for (let i = 5; i < 13; i++)
      cpSync(at('micrographs', 'sim_0001.mrc'), at('micrographs', `sim_${String(i).padStart(4, '0')}.mrc`));
    const args = [
      'pick',
      at('micrographs'),
      ...BLOB,
      '--out',
      at('p'),
      '--format',
      'csv,star',
      '--json',
      '--step',
      '1',
    ];
    const both = [start(args), start(args)];
    for (const { ended } of both) expect((await ended).code).toBe(0);
    const records = readdirSync(at('p', '.deepem', 'records')).flatMap((name) =>
      readFileSync(at('p', '.deepem', 'records', name), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"state":"done"')),
    );
    expect(records).toHaveLength(12);
    expect(readdirSync(at('p', '.deepem', 'claims'))).toEqual([]);
    expect(readFileSync(at('p', 'autopick.star'), 'utf8').match(/sim_\d+\.mrc/g)).toHaveLength(12);
    for (const { output } of both) expect(output()).toMatch(/"kind":"summary","micrographs":12/);
  });

  it('takes what a killed one had begun', () => {
    expect(deepem('pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv').code).toBe(0);
    rmSync(at('p', 'sim_0002.csv'));
    const gone = spawnSync(process.execPath, ['-e', 'process.stdout.write(String(process.pid))'], { encoding: 'utf8' });
    const host = spawnSync('hostname', { encoding: 'utf8' }).stdout.trim();
    for (const name of ['0'.repeat(32)])
      put(`p/.deepem/claims/${name}`, JSON.stringify({ host, pid: Number(gone.stdout) }));
    expect(deepem('pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv').stdout).toMatch(
      /in 4 micrographs/,
    );
  });
});

describe('Ctrl-C twice', () => {
  const TRAIN = ['--diameter', '60px', '--labels', 'complete', '--test-fraction', '0', ...QUICK];
  const train = () => ['train', at('micrographs'), '--picks', at('labels'), '-o', at('m.onnx'), ...TRAIN];

  it('in a training stops at once, without an abort, and says what was kept', async () => {
    const { child, ended, shows, output } = start([...train(), '--epochs', '500']);
    await shows(/epoch 1\//);
    child.kill('SIGINT');
    await shows(/Stopping/);
    child.kill('SIGINT');
    const { code, signal } = await ended;
    // Either the model was saved before the second one came, or the process ended by it.
    if (signal === null) expect(code).toBe(130);
    else
      expect([signal, output()]).toEqual([
        'SIGINT',
        expect.stringMatching(/Stopped at once; .*goes on after epoch \d+/),
      ]);
    expect(output()).not.toMatch(STACK);
  });

  it('in the first epoch says that the same command begins again', async () => {
    const { child, ended, shows, output } = start([...train(), '--json']);
    await shows(/"kind":"step"/);
    child.kill('SIGINT');
    await ended;
    expect(output()).toMatch(/no model was saved, and the same command begins again|goes on after epoch/);
    expect(existsSync(at('m.onnx.checkpoint.json'))).toBe(/goes on after epoch/.test(output()));
  });
});

describe('output that nobody takes', () => {
  it('a closed pipe does not end a run', async () => {
    const child = spawn(
      process.execPath,
      [MAIN, 'pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    child.stdout.destroy();
    child.stderr.destroy();
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(0);
    expect(readdirSync(at('p')).filter((name) => /sim_\d+\.csv$/.test(name))).toHaveLength(4);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk behind it is said once, and the run goes on', () => {
    const full = openSync('/dev/full', 'w');
    const { code, stderr } = run(['pick', at('micrographs'), ...BLOB, '--out', at('p'), '--format', 'csv'], {
      stdout: full,
    });
    closeSync(full);
    expect(code).toBe(1);
    expect(stderr.match(/what is printed is lost/g)).toHaveLength(1);
    expect(stderr).not.toMatch(STACK);
    expect(readdirSync(at('p')).filter((name) => /sim_\d+\.csv$/.test(name))).toHaveLength(4);
  });
});

describe('surroundings', () => {
  const pick = (...args: string[]) => [
    'pick',
    at('micrographs'),
    ...BLOB,
    '--format',
    'csv,star',
    '--out',
    at('p'),
    ...args,
  ];

  it.each<[string, Record<string, string>]>([
    ['TMPDIR is missing', { TMPDIR: '/nowhere/at/all' }],
    ['variables of the scheduler are empty', { SLURM_CPUS_PER_TASK: '', NSLOTS: '', OMP_NUM_THREADS: '' }],
    ['they are nonsense', { SLURM_CPUS_PER_TASK: 'two', PBS_NCPUS: '-3' }],
    ['HOME is gone', { HOME: '/nowhere', LANG: 'xx_YY', TERM: '' }],
  ])('%s: a run and a conversion work', (_, env) => {
    const picked = run(pick(), { env });
    expect([picked.code, picked.stderr]).toEqual([0, expect.not.stringMatching(STACK)]);
    const converted = run(['convert', at('p'), '--to', 'box,topaz', '--box', '60', '--out', at('c')], { env });
    expect([converted.code, converted.stderr]).toEqual([0, expect.not.stringMatching(STACK)]);
  });

  it('a folder that cannot be read is left out by name', () => {
    mkdirSync(at('micrographs', 'lost+found'));
    chmodSync(at('micrographs', 'lost+found'), 0);
    const isRoot = process.getuid?.() === 0;
    const child = spawnSync(process.execPath, [MAIN, ...pick()], { encoding: 'utf8', ...(isRoot && nobody(at())) });
    expect([child.status, child.stderr]).toEqual([
      0,
      expect.stringMatching(/left out: Cannot read the folder .*lost\+found: permission denied/),
    ]);
  });

  it('links that go in a circle are one failure among good micrographs', () => {
    symlinkSync('loop.mrc', at('micrographs', 'loop.mrc'));
    const { code, stdout, stderr } = run(pick());
    expect([code, stdout]).toEqual([3, expect.stringMatching(/loop\.mrc: too many symbolic links/)]);
    expect(stderr).not.toMatch(/unexpected/);
    expect(readdirSync(at('p')).filter((name) => /sim_\d+\.csv$/.test(name))).toHaveLength(4);
  });

  it('an output folder that cannot be written to is an error in words', () => {
    for (const out of ['/proc/deepem', '/dev/null/x']) {
      const { code, stderr } = run([...pick().slice(0, -1), out]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^deepem: Cannot make the folder/m)]);
      expect(stderr).not.toMatch(STACK);
    }
  });

  it('a name as long as the file system allows works where its results fit, and is named where they do not', () => {
    const long = `${'n'.repeat(244)}.mrc`;
    cpSync(at('micrographs', 'sim_0001.mrc'), at('micrographs', long));
    const { code, stdout } = run(pick('--json'));
    expect(code).toBe(3);
    expect(stdout).toMatch(/n{20}[^\n]*the name is too long/);
    expect(run(['pick', at('micrographs', long), ...BLOB, '--format', 'cbox', '--out', at('q')]).code).toBe(0);
  });

  it('a name that a list cannot hold is refused, and the others are in it', () => {
    cpSync(at('micrographs', 'sim_0001.mrc'), at('micrographs', 'a\nb.mrc'));
    cpSync(at('micrographs', 'sim_0001.mrc'), at('micrographs', 'c "d.mrc'));
    const { code, stdout } = run(pick());
    expect(code).toBe(3);
    expect(stdout).toMatch(/cannot stand in autopick\.star: received a line break/);
    expect(stdout).toMatch(/received a double quote beside a space/);
    expect(readFileSync(at('p', 'autopick.star'), 'utf8').match(/\.mrc/g)).toHaveLength(4);
    expect(run(['pick', at('micrographs'), ...BLOB, '--format', 'box', '--out', at('q')]).code).toBe(0);
  });

  it('an unexpected error is one sentence with the command, and its stack is in a log', () => {
    writeFileSync(at('broken.mjs'), "setTimeout(() => { throw new TypeError('boom'); }, 1500);");
    const args = ['--import', at('broken.mjs'), MAIN, 'watch', at('micrographs'), ...BLOB, '--out', at('w')];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^deepem: unexpected error in "deepem watch .*": boom; please report it with (\S+\.log)$/m);
    expect(stderr).not.toMatch(STACK);
    const [, log] = /report it with (\S+\.log)/.exec(stderr) ?? [];
    expect(readFileSync(log, 'utf8')).toMatch(/TypeError: boom\n\s+at /);
    rmSync(log);
  });

  it('the memory plan sees a large picture in a small file', async () => {
    const side = 3000;
    const pixels = Buffer.alloc(side * side);
    pixels[0] = 255;
    const png = await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
      .png()
      .toBuffer();
    expect(png.length).toBeLessThan(100_000);
    put('micrographs/wide.png', png);
    expect(run(pick()).stderr).toMatch(/memory: up to some .* for micrographs of 3000x3000 pixels/);
  });

  it('watch waits for a folder that vanishes and says so once', async () => {
    const { child, ended, shows, output } = start([
      'watch',
      at('micrographs'),
      ...BLOB,
      '--out',
      at('w'),
      '--interval',
      '0.1',
      '--format',
      'csv',
    ]);
    await shows(/4 picked/);
    renameSync(at('micrographs'), at('elsewhere'));
    await shows(/Cannot read the folder .*waiting for it/);
    await wait(500);
    cpSync(at('elsewhere', 'sim_0001.mrc'), at('elsewhere', 'later.mrc'));
    renameSync(at('elsewhere'), at('micrographs'));
    await shows(/later\.mrc/);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(output().match(/waiting for it/g)).toHaveLength(1);
  });
});

/** Runs as a user without rights, who may use a folder. */
function nobody(folder: string) {
  spawnSync('chmod', ['-R', 'a+rwX', folder]);
  chmodSync(join(folder, 'micrographs', 'lost+found'), 0);
  return { uid: 65_534, gid: 65_534 };
}

describe('models and their records', () => {
  it('of two trainings are not taken for one', () => {
    const train = (seed: string, out: string) =>
      deepem(
        'train',
        at('micrographs'),
        '--picks',
        at('labels'),
        '--diameter',
        '60px',
        '--epochs',
        '1',
        '--labels',
        'complete',
        '--seed',
        seed,
        ...QUICK,
        '-o',
        at(out),
      );
    expect(train('1', 'a.onnx').code).toBe(0);
    expect(train('2', 'b.onnx').code).toBe(0);
    cpSync(at('b.onnx'), at('a.onnx'));
    const retrained = deepem('retrain', at('a.onnx'), '--accepted', at('labels'), '-o', at('c.onnx'));
    expect([retrained.code, retrained.stderr]).toEqual([
      1,
      expect.stringMatching(/a\.training\.json is the record of another model/),
    ]);
  });

  it('the picture of a training that went on has all of its epochs', async () => {
    const args = ['train', at('micrographs'), '--picks', at('labels'), '--diameter', '60px', '--labels', 'complete'];
    const more = ['--test-fraction', '0', '--epochs', '3', '-o', at('m.onnx'), '--plot', at('m.svg'), ...QUICK];
    const { child, ended, shows } = start([...args, ...more]);
    await shows(/epoch 2\//);
    child.kill('SIGKILL');
    await ended;
    const { code, stderr } = deepem(...args, ...more);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/going on after epoch/)]);
    const path = /<path[^>]* d="(M[^"]*)"/g;
    const longest = Math.max(
      ...[...readFileSync(at('m.svg'), 'utf8').matchAll(path)].map(([, d]) => d.split(/[LC]/).length),
    );
    expect(longest).toBeGreaterThanOrEqual(3);
  });

  it('what a killed process was writing is cleaned up by the next', () => {
    const gone = spawnSync(process.execPath, ['-e', 'process.stdout.write(String(process.pid))'], {
      encoding: 'utf8',
    }).stdout;
    put('c/keep.tmp', 'mine');
    const first = deepem('convert', at('labels'), '--to', 'csv', '--out', at('c'));
    expect(first.code).toBe(0);
    const script = `import { writeWhole } from '${join(process.cwd(), 'dist/storage/files.js')}';
      import { renameSync, readdirSync } from 'node:fs';
      process.on('exit', () => {});
      await writeWhole('${at('c', 'x')}', 'x');`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).toBe(0);
    const host = hostMark();
    put(`c/.${host}-${gone}-00000000.deepem-tmp`, 'half');
    put(`c/.${host}-${process.pid}-00000000.deepem-tmp`, 'alive');
    expect(deepem('convert', at('labels'), '--to', 'csv', '--out', at('c'), '--overwrite').code).toBe(0);
    const left = readdirSync(at('c')).filter((name) => name.endsWith('tmp'));
    expect(left.sort()).toEqual([`.${host}-${process.pid}-00000000.deepem-tmp`, 'keep.tmp']);
  });
});

/** The mark of this machine in the names of files that are being written. */
function hostMark(): string {
  const script =
    "import { createHash } from 'node:crypto'; import { hostname } from 'node:os'; process.stdout.write(createHash('sha256').update(hostname()).digest('hex').slice(0, 6));";
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
}
