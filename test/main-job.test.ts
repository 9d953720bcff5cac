/** The main job by the command line, on simulated micrographs: simulate, train, pick, evaluate, info, features. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMrc } from '../src/formats/mrc.js';
import { deepem, deepemInterrupted, type Run } from './command-line.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-main-job-'));
const at = (...names: string[]) => join(work, ...names);
const model = at('model.onnx');
const TRAIN = [
  '--picks',
  at('train'),
  '--diameter',
  '360A',
  '--seed',
  '3',
  '--threads',
  '2',
  '--epochs',
  '30',
  '--recipe',
  'deepem',
];
let trained: Run;

/** Four micrographs to train on, two to judge; 640 pixels, SNR 0.2: quick, and easy. */
beforeAll(() => {
  const settings = ['--size', '640', '--particles', '45', '--body', 'asymmetric', '--snr', '0.2'];
  expect(deepem('simulate', '--out', at('train'), '--micrographs', '4', '--seed', '1', ...settings).code).toBe(0);
  expect(deepem('simulate', '--out', at('judge'), '--micrographs', '2', '--seed', '2', ...settings).code).toBe(0);
  trained = deepem('train', at('train'), ...TRAIN, '--plot', at('training.svg'), '-o', model);
});

function pick(out: string, ...args: string[]): Run {
  return deepem('pick', at('judge'), '--model', model, '--out', at(out), '--force', ...args);
}

/** The results in a folder; what the run keeps for itself begins with a dot. */
function results(folder: string): string[] {
  return readdirSync(at(folder))
    .filter((name) => !name.startsWith('.'))
    .sort();
}

function evaluate(picks: string, ...args: string[]) {
  const settings = ['--radius', '20px', '--edge', '30px', '--micrographs', at('judge'), '--json'];
  return JSON.parse(deepem('evaluate', '--picks', at(picks), '--truth', at('judge'), ...settings, ...args).stdout);
}

describe('simulate', () => {
  it('writes the same bytes for the same seed', () => {
    const args = ['--micrographs', '1', '--size', '128x96', '--particles', '2', '--body', 'barrel', '--seed', '5'];
    for (const out of ['one', 'two']) expect(deepem('simulate', '--out', at(out), ...args).code).toBe(0);
    for (const file of ['sim_0001.mrc', 'sim_0001.csv']) {
      expect(Buffer.compare(readFileSync(at('one', file)), readFileSync(at('two', file)))).toBe(0);
    }
    const image = readMrc(readFileSync(at('one', 'sim_0001.mrc')), 'a');
    expect([image.width, image.height, image.pixelSize]).toEqual([128, 96, 6]);
  });
});

describe('train', () => {
  it('ends well, reports each epoch with time left, accuracy, acceptance and threshold', () => {
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toMatch(/epoch 30\/30: loss 0\.\d+, accuracy \d+\.\d %, by chance \d+\.\d %, .* left/);
    expect(trained.stdout).toMatch(/accuracy on held-out boxes.*: \d+\.\d %, by chance \d+\.\d % .*95 %: (not )?met/);
    expect(trained.stdout).toMatch(/threshold 0\.\d+: best F2 0\.\d+/);
  });

  it('keeps what was trained on beside the model, without pixels', () => {
    const record = JSON.parse(readFileSync(at('model.training.json'), 'utf8'));
    expect(record.micrographs).toHaveLength(4);
    expect(record.micrographs.flatMap((one: { heldOut: unknown }) => one.heldOut ?? [])).toEqual([0, 639]);
    expect(record.micrographs[0].particles[0]).toEqual({ x: expect.any(Number), y: expect.any(Number) });
    expect(record.settings).toMatchObject({ seed: 3, recipe: 'deepem' });
  });

  it('draws loss and accuracy', async () => {
    const svg = readFileSync(at('training.svg'));
    const { width } = await sharp(svg).metadata();
    expect(width).toBeGreaterThan(600);
    expect(svg.toString()).toContain('Accuracy at 0.5');
  });

  it('makes the same model, byte for byte, from the same seed', () => {
    const again = deepem('train', at('train'), ...TRAIN, '-o', at('again', 'model.onnx'));
    expect(again.code, again.stderr).toBe(0);
    expect(Buffer.compare(readFileSync(at('again', 'model.onnx')), readFileSync(model))).toBe(0);
  });

  it('uses given negatives, a single micrograph, a preset file and other epochs', () => {
    const preset = {
      name: 'tiny',
      box: 16,
      layers: [{ type: 'convolution', maps: 4, kernel: 5 }, { type: 'sigmoid' }, { type: 'fully-connected', units: 1 }],
    };
    writeFileSync(at('tiny.json'), JSON.stringify(preset));
    mkdirSync(at('negatives'), { recursive: true });
    writeFileSync(at('negatives', 'sim_0001.csv'), 'x,y\n256,256\n200,300\n');
    const file = at('train', 'sim_0001.mrc');
    const labels = ['--picks', at('train', 'sim_0001.csv'), '--negatives', at('negatives')];
    const run = deepem(
      'train',
      file,
      ...labels,
      '--diameter',
      '60px',
      '--preset',
      at('tiny.json'),
      '--epochs',
      '2',
      '-o',
      at('tiny.onnx'),
    );
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/epoch 2\/2/);
    expect(run.stderr).toMatch(/only \d+ labels to train on/);
    const info = JSON.parse(deepem('info', at('tiny.onnx'), '--json').stdout);
    expect(info).toMatchObject({ architecture: preset, diameter: 60, pixelSize: 6, epochs: expect.any(Number) });
    const record = JSON.parse(readFileSync(at('tiny.training.json'), 'utf8'));
    expect(record.micrographs[0].negatives).toHaveLength(2);
  });

  it('leaves out a broken micrograph, says so, and ends with code 3', () => {
    mkdirSync(at('mixed'), { recursive: true });
    for (const file of readdirSync(at('train'))) cpSync(at('train', file), at('mixed', file));
    writeFileSync(at('mixed', 'sim_0002.mrc'), readFileSync(at('train', 'sim_0002.mrc')).subarray(0, 5000));
    const run = deepem(
      'train',
      at('mixed'),
      ...TRAIN.slice(2),
      '--picks',
      at('mixed'),
      '--epochs',
      '1',
      '-o',
      at('mixed.onnx'),
    );
    expect(run.code, run.stderr).toBe(3);
    expect(run.stderr).toMatch(/left out: .*sim_0002\.mrc: the file is truncated/);
    expect(existsSync(at('mixed.onnx'))).toBe(true);
  });

  it('interrupted by Ctrl-C saves the best model so far and ends with code 130', async () => {
    const run = await deepemInterrupted(
      'SIGINT',
      /epoch 2\//,
      'train',
      at('train'),
      ...TRAIN,
      '--epochs',
      '5000',
      '-o',
      at('stopped.onnx'),
    );
    expect(run.code, run.stderr).toBe(130);
    expect(JSON.parse(deepem('info', at('stopped.onnx'), '--json').stdout).epochs).toBeGreaterThan(0);
  });

  it('refuses one set of labels for two micrographs of one name', () => {
    for (const name of ['one', 'two']) {
      mkdirSync(at('same', name), { recursive: true });
      cpSync(at('train', 'sim_0001.mrc'), at('same', name, 'sim_0001.mrc'));
    }
    const run = deepem(
      'train',
      at('same'),
      '--picks',
      at('train', 'sim_0001.csv'),
      '--diameter',
      '60px',
      '-o',
      at('x.onnx'),
    );
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/could belong to 2 micrographs.*one.sim_0001\.mrc and .*two.sim_0001\.mrc/);
  });

  it('says what was left out where nothing is left to train on', () => {
    mkdirSync(at('outside'), { recursive: true });
    writeFileSync(at('outside', 'sim_0001.csv'), 'x,y\n5000,5000\n6000,6000\n');
    const run = deepem('train', at('train'), '--picks', at('outside'), '--diameter', '60px', '-o', at('x.onnx'));
    expect(run.stderr).toMatch(/nothing to train on.*2 labels outside the image/);
  });

  it('says when no label belongs to a micrograph, showing one of each side', () => {
    mkdirSync(at('others'), { recursive: true });
    writeFileSync(at('others', 'sim_00010.csv'), 'x,y\n1,1\n');
    const run = deepem('train', at('train'), '--picks', at('others'), '--diameter', '60px', '-o', at('x.onnx'));
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/No labels belong.*"sim_0001".*"sim_00010"/);
    expect(existsSync(at('x.onnx'))).toBe(false);
  });
});

describe('pick and evaluate', () => {
  it('finds the particles of new micrographs: F1 at the own threshold at least 0.9, AP at least 0.85', () => {
    const run = pick('picks', '--threshold', '0.02');
    expect(run.code, run.stderr).toBe(0);
    const endings = ['box', 'csv', 'provenance.json'];
    const files = ['sim_0001', 'sim_0002'].flatMap((name) => endings.map((ending) => `${name}.${ending}`));
    expect(results('picks')).toEqual(files);
    const { threshold } = JSON.parse(deepem('info', model, '--json').stdout);
    const result = evaluate('picks', '--threshold', String(threshold));
    expect(result.atThreshold.f1).toBeGreaterThanOrEqual(0.9);
    expect(result.averagePrecision).toBeGreaterThanOrEqual(0.85);
    expect(result.micrographs).toHaveLength(2);
    expect(Math.abs(result.meanOffset.x)).toBeLessThan(1);
    expect(Math.abs(result.meanOffset.y)).toBeLessThan(1);
  });

  it('prints a table and draws the curves', async () => {
    const args = ['--picks', at('picks'), '--truth', at('judge'), '--radius', '20px', '--plot', at('curve.svg')];
    const run = deepem('evaluate', ...args);
    expect(run.stdout).toMatch(/best F1: F1 0\.\d+, F2 0\.\d+, precision 0\.\d+|precision 1\.000/);
    const { format } = await sharp(readFileSync(at('curve.svg'))).metadata();
    expect(format).toBe('svg');
  });

  it('uses the model threshold by default, writes STAR, and score maps that readers open', () => {
    const run = pick('star', '--format', 'star', '--save-scores', '--json');
    const lines = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind }) => kind)).toEqual(['micrograph', 'micrograph', 'summary']);
    expect(lines[2]).toMatchObject({ micrographs: 2, failed: [], unfinished: 0 });
    expect(lines[2].particles).toBe(lines[0].particles + lines[1].particles);
    expect(results('star')).toEqual([
      'autopick.star',
      'sim_0001_autopick.star',
      'sim_0001_scores.mrc',
      'sim_0002_autopick.star',
      'sim_0002_scores.mrc',
    ]);
    const { threshold } = JSON.parse(deepem('info', model, '--json').stdout);
    const map = readMrc(readFileSync(at('star', 'sim_0001_scores.mrc')), 'a');
    expect(map.pixelSize).toBeCloseTo(6 * (640 / map.width), 0);
    expect(Math.max(...map.pixels)).toBeGreaterThan(threshold);
    expect(evaluate('star').curve.every((point: { threshold: number }) => point.threshold >= threshold - 1e-6)).toBe(
      true,
    );
  });

  it('is the same, byte for byte, a second time over the first', () => {
    const before = readFileSync(at('star', 'sim_0001_autopick.star'));
    pick('star', '--format', 'star', '--save-scores');
    expect(Buffer.compare(readFileSync(at('star', 'sim_0001_autopick.star')), before)).toBe(0);
    expect(results('star')).toHaveLength(5);
  });

  it('counts what each filter removes; wider distance, stricter range and edge leave fewer', () => {
    const count = (...args: string[]) => {
      const lines = pick('count', '--json', '--threshold', '0.1', ...args)
        .stdout.trim()
        .split('\n');
      return JSON.parse(lines.at(-1) ?? '');
    };
    const plain = count();
    expect(count('--min-distance', '200').removed.close).toBeGreaterThan(plain.removed.close);
    expect(count('--edge', '150px').removed.edge).toBeGreaterThan(plain.removed.edge);
    expect(count('--std-range', 'off').removed.deviation).toBe(0);
    expect(count('--std-range', '1000,2000')).toMatchObject({ particles: 0 });
    expect(count('--step', '20').particles).toBeGreaterThan(0);
  });

  it('picks micrographs of another pixel size: a half-size copy gives half the coordinates', () => {
    const { pixels, width, height } = readMrc(readFileSync(at('judge', 'sim_0001.mrc')), 'a');
    const half = new Uint8Array(1024 + width * height);
    half.set(readFileSync(at('judge', 'sim_0001.mrc')).subarray(0, 1024));
    const view = new DataView(half.buffer);
    for (const offset of [0, 4, 28, 32]) view.setInt32(offset, width / 2, true);
    for (let y = 0; y < height / 2; y++) {
      for (let x = 0; x < width / 2; x++) {
        const corner = 2 * y * width + 2 * x;
        const mean = (pixels[corner] + pixels[corner + 1] + pixels[corner + width] + pixels[corner + width + 1]) / 4;
        view.setFloat32(1024 + 4 * (y * (width / 2) + x), mean, true);
      }
    }
    mkdirSync(at('half'), { recursive: true });
    writeFileSync(at('half', 'sim_0001.mrc'), half);
    writeFileSync(
      at('half', 'sim_0001.csv'),
      readFileSync(at('judge', 'sim_0001.csv'), 'utf8').replace(
        /^([\d.]+),([\d.]+)/gm,
        (_, x, y) => `${x / 2 - 0.25},${y / 2 - 0.25}`,
      ),
    );
    expect(deepem('pick', at('half'), '--model', model, '--out', at('half-picks')).code).toBe(0);
    const args = ['--picks', at('half-picks'), '--truth', at('half'), '--radius', '10px', '--json'];
    expect(JSON.parse(deepem('evaluate', ...args).stdout).bestF1.f1).toBeGreaterThan(0.85);
  });

  it('goes on after a broken micrograph, lists it with its reason, and ends with code 3', () => {
    mkdirSync(at('broken', 'deep folder'), { recursive: true });
    cpSync(at('judge', 'sim_0001.mrc'), at('broken', 'deep folder', 'a b.c.mrc'));
    writeFileSync(at('broken', 'cut.mrc'), readFileSync(at('judge', 'sim_0001.mrc')).subarray(0, 2000));
    writeFileSync(at('broken', 'empty.png'), '');
    expect(pick('own').code).toBe(0);
    const run = deepem(
      'pick',
      at('broken'),
      at('nowhere.mrc'),
      '--model',
      model,
      '--out',
      at('broken-picks'),
      '--json',
    );
    expect(run.code).toBe(3);
    const summary = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
    expect(summary.micrographs).toBe(1);
    expect(summary.failed.map(({ reason }: { reason: string }) => reason).join('\n')).toMatch(
      /cut\.mrc: the file is truncated[\s\S]*empty\.png[\s\S]*nowhere\.mrc: there is no such file/,
    );
    expect(readFileSync(at('broken-picks', 'broken', 'deep folder', 'a b.c.csv'), 'utf8')).toBe(
      readFileSync(at('own', 'sim_0001.csv'), 'utf8'),
    );
  });

  it('interrupted finishes the micrograph at hand and ends with code 143', async () => {
    mkdirSync(at('many'), { recursive: true });
    for (let i = 0; i < 40; i++) cpSync(at('judge', 'sim_0001.mrc'), at('many', `m${i}.mrc`));
    const run = await deepemInterrupted(
      'SIGTERM',
      /2\/40/,
      'pick',
      at('many'),
      '--model',
      model,
      '--out',
      at('many-picks'),
    );
    expect(run.code, run.stderr).toBe(143);
    expect(run.stdout).toMatch(/not reached: \d+ micrograph/);
    for (const file of readdirSync(at('many-picks')))
      expect(statSync(at('many-picks', file)).size).toBeGreaterThan(100);
  });

  it('refuses to write beside the micrographs, where labels may be', () => {
    const run = deepem('pick', at('judge'), '--model', model, '--out', at('judge'));
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/could overwrite labels/)]);
  });

  it('picks without a model: --blob with --diameter', () => {
    const run = deepem(
      'pick',
      at('judge'),
      '--blob',
      '--diameter',
      '300A',
      '--out',
      at('blobs'),
      '--threshold',
      '0.02',
    );
    expect(run.code, run.stderr).toBe(0);
    expect(evaluate('blobs').bestF1.f1).toBeGreaterThan(0.6);
    expect(deepem('pick', at('judge'), '--blob', '--out', at('x')).code).toBe(2);
    expect(deepem('pick', at('judge'), '--blob', '--diameter', '9px', '--model', model, '--out', at('x')).code).toBe(2);
  });

  it('refuses two micrographs that would share an output file', () => {
    mkdirSync(at('clash'), { recursive: true });
    cpSync(at('judge', 'sim_0001.mrc'), at('clash', 'a.mrc'));
    writeFileSync(at('clash', 'a.png'), '');
    const both = [at('clash', 'a.mrc'), at('clash', 'a.png')];
    const run = deepem('pick', ...both, '--model', model, '--out', at('clash-picks'));
    expect([run.code, existsSync(at('clash-picks'))]).toEqual([2, false]);
    expect(run.stderr).toMatch(/a\.mrc and .*a\.png/);
    const folder = deepem('pick', at('clash'), '--model', model, '--out', at('clash-picks'));
    expect(folder.code).toBe(0);
    expect(folder.stderr).toMatch(/1 file left out, because there is a better format.*a\.png/);
  });
});

describe('info and features', () => {
  it('info tells the network, the threshold and the labels', () => {
    const { stdout } = deepem('info', model);
    expect(stdout).toMatch(/network\s+small, box 40/);
    expect(stdout).toMatch(/pixel size\s+6 A/);
    expect(stdout).toMatch(/convolution\s+maps 6, kernel 9\s+-> 6 maps of 32x32/);
  });

  it("features draws each layer's maps for one particle", async () => {
    const [, row] = readFileSync(at('judge', 'sim_0001.csv'), 'utf8').split('\n');
    const run = deepem(
      'features',
      model,
      at('judge', 'sim_0001.mrc'),
      '--at',
      row.split(',').slice(0, 2).join(','),
      '-o',
      at('maps.png'),
    );
    expect(run.stdout).toMatch(/score 0\.\d+; 9 layers drawn/);
    const { width, height } = await sharp(at('maps.png')).metadata();
    expect(width).toBeGreaterThan(1000);
    expect(height).toBeGreaterThan(1000);
    expect(deepem('features', model, at('judge', 'sim_0001.mrc'), '--at', '9999,5', '-o', at('no.png')).stderr).toMatch(
      /outside the micrograph/,
    );
  });
});

describe('usage', () => {
  it.each<[string[], RegExp]>([
    [['pick'], /missing required argument|required option/],
    [['pick', work, '--model', model], /--out/],
    [
      ['pick', work, '--model', model, '--out', 'x', '--fromat', 'box'],
      /^deepem: unknown option --fromat \(did you mean --format\?\); deepem --help shows what there is\n$/,
    ],
    [['pick', work, '--model', model, '--out', ''], /^deepem: --out of deepem pick is empty.*shell variables/],
    [['inspect', ''], /^deepem: an argument of deepem inspect is empty/],
    [['pick', work, '--model', model, '--out', 'x', '--format', 'bax'], /"bax".*csv, star/],
    [['pick', work, '--model', model, '--out', 'x', '--threshold', '2'], /--threshold.*"2".*from 0 to 1/],
    [['pick', work, '--model', model, '--out', 'x', '--std-range', '5'], /--std-range.*22,34/],
    [['train', work, '--picks', work, '--diameter', '108', '-o', 'm.onnx'], /"108".*"108px".*"108A"/],
    [['train', work, '--picks', work, '--diameter', '9px', '-o', 'm.onnx', '--recipe', 'cake'], /"cake".*deepem/],
    [['train', work, '--picks', work, '--diameter', '9px', '-o', 'model'], /ending in \.onnx/],
    [['evaluate', '--picks', work, '--truth', work, '--radius', '3px', '--edge', '3'], /--edge needs.*--micrographs/],
    [['simulate', '--out', 'x', '--size', '12'], /--size.*"12"/],
    [['simulate', '--out', 'x', '--body', 'cow'], /"cow"/],
    [['picky'], /unknown command 'picky'/],
  ])('%j ends with code 2 and says why', (args, message) => {
    const run = deepem(...args);
    expect(run.stderr).toMatch(message);
    expect(run.code).toBe(2);
    expect(run.stderr).not.toMatch(/at .*\.js:\d+/);
  });

  it('a model that is none ends with code 1 and no stack trace', () => {
    const run = deepem('pick', at('judge'), '--model', at('judge', 'sim_0001.mrc'), '--out', at('x'));
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/is not a deepem model/);
  });

  it('--version and --help of the program and every command end with code 0', () => {
    expect(deepem('--version').stdout.trim()).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
    for (const command of ['train', 'pick', 'evaluate', 'info', 'features', 'simulate', 'demo']) {
      const run = deepem(command, '--help');
      expect([command, run.code]).toEqual([command, 0]);
      expect(run.stdout).toMatch(new RegExp(`Usage: deepem ${command}`));
    }
  });
});
