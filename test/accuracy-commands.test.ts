/** Recipe auto with few labels, retrain, tune and threshold by the command line, on simulated micrographs. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { deepem, deepemInterrupted, type Run } from './command-line.js';
import { SMALL } from './quick.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-accuracy-'));
const at = (...names: string[]) => join(work, ...names);
const TRAIN = [
  '--picks',
  at('train'),
  '--diameter',
  '360A',
  '--seed',
  '3',
  '--threads',
  '2',
  '--preset',
  at('quick.json'),
];
let trained: Run;
let trainedOnFew: Run;

/** Rows of a truth file. */
function rowsOf(...file: string[]): string[] {
  return readFileSync(at(...file), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
}

function writePoints(folder: string, name: string, rows: readonly string[]): void {
  mkdirSync(at(folder), { recursive: true });
  const points = rows.map((row) => row.split(',').slice(0, 2).join(','));
  writeFileSync(at(folder, `${name}.csv`), `x,y\n${points.map((row) => `${row}\n`).join('')}`);
}

beforeAll(() => {
  const { architecture: _, ...recipe } = AUTO_RECIPE;
  writeFileSync(at('quick.json'), JSON.stringify(SMALL));
  writeFileSync(at('quicker.json'), JSON.stringify({ architecture: SMALL, recipe: { ...recipe, epochs: 2 } }));
  const settings = ['--size', '512', '--particles', '30', '--body', 'asymmetric', '--snr', '0.2'];
  expect(deepem('simulate', '--out', at('train'), '--micrographs', '4', '--seed', '1', ...settings).code).toBe(0);
  expect(deepem('simulate', '--out', at('judge'), '--micrographs', '2', '--seed', '2', ...settings).code).toBe(0);
  const names = readdirSync(at('train')).filter((file) => file.endsWith('.csv'));
  for (const name of names) writePoints('few', name.slice(0, -4), rowsOf('train', name).slice(0, 5));
  trainedOnFew = deepem('train', at('train'), ...TRAIN, '--picks', at('few'), '--epochs', '4', '-o', at('few.onnx'));
  trained = deepem('train', at('train'), ...TRAIN, '--epochs', '2', '-o', at('model.onnx'));
});

describe('train with recipe auto', () => {
  it('calibrates, gives both thresholds with their range, and finds the labels complete', () => {
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toMatch(/labels look complete \(\d+ of the \d+ best candidates are labelled\)/);
    expect(trained.stdout).toMatch(/threshold [01]\.\d+: best F1 0\.\d+/);
    expect(trained.stdout).toMatch(/best F1 at .*\(.* to .*\), best F2 at/);
    expect(trained.stdout).toMatch(/scores are probabilities, on held-out picks wrong by \d+\.\d %/);
    const info = JSON.parse(deepem('info', at('model.onnx'), '--json').stdout);
    expect(info.objective).toBe('positive-negative');
    expect(info.calibration.slope).toBeGreaterThan(0);
    expect(info.prevalence).toBeGreaterThan(0.05);
    expect(info.prevalence).toBeLessThan(1);
  });

  it('finds labels incomplete, says which objective it takes, and still finds the others: F1 at least 0.8', () => {
    expect(trainedOnFew.code, trainedOnFew.stderr).toBe(0);
    expect(trainedOnFew.stderr).toMatch(/labels look incomplete .* other places count as unlabelled/);
    expect(trainedOnFew.stdout).toMatch(/threshold 0\.\d+: two groups of the candidates' scores: labels are missing/);
    expect(JSON.parse(deepem('info', at('few.onnx'), '--json').stdout).objective).toBe('positive-unlabelled');
    const picked = deepem('pick', at('judge'), '--model', at('few.onnx'), '--out', at('few-picks'), '--format', 'csv');
    expect(picked.code, picked.stderr).toBe(0);
    const judgement = ['--radius', '20px', '--edge', '30px', '--micrographs', at('judge'), '--json'];
    const result = JSON.parse(
      deepem('evaluate', '--picks', at('few-picks'), '--truth', at('judge'), ...judgement).stdout,
    );
    expect(result.bestF1.f1).toBeGreaterThanOrEqual(0.8);
  });

  it('starts from the general model where labels are few, and finds the others: F1 at least 0.85 at its own threshold', () => {
    const how = ['--picks', at('few'), '--diameter', '360A', '--seed', '1', '-o', at('started.onnx')];
    const run = deepem('train', at('train'), ...how);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/network general from the general model/);
    expect(run.stderr).toMatch(/labels look incomplete .* other places count as unlabelled/);
    expect(JSON.parse(deepem('info', at('started.onnx'), '--json').stdout).objective).toBe('positive-unlabelled');
    const args = ['--model', at('started.onnx'), '--out', at('started-picks'), '--format', 'csv'];
    expect(deepem('pick', at('judge'), ...args).code).toBe(0);
    const judgement = [
      '--radius',
      '20px',
      '--edge',
      '30px',
      '--threshold',
      '0',
      '--micrographs',
      at('judge'),
      '--json',
    ];
    const picks = ['--picks', at('started-picks'), '--truth', at('judge')];
    expect(JSON.parse(deepem('evaluate', ...picks, ...judgement).stdout).atThreshold.f1).toBeGreaterThanOrEqual(0.85);
  });
});

describe('retrain', () => {
  it('adds accepted and rejected picks, keeps the same micrographs held out, and shows the gain', () => {
    writePoints('accepted', 'sim_0001', rowsOf('judge', 'sim_0001.csv').slice(0, 10));
    writePoints('rejected', 'sim_0001', ['5,5', '256,256']);
    mkdirSync(at('more'));
    const first = JSON.parse(readFileSync(at('model.training.json'), 'utf8'));
    const name = first.micrographs[0].path;
    const args = ['--accepted', at('accepted'), '--rejected', at('rejected'), '-o', at('better.onnx')];
    const run = deepem('retrain', at('model.onnx'), ...args);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(
      /on \d+ held-out labels, before: average precision 0\.\d+, .*; after: average precision/,
    );
    const second = JSON.parse(readFileSync(at('better.training.json'), 'utf8'));
    const held = (record: typeof first) => record.micrographs.map(({ heldOut }: { heldOut: unknown }) => heldOut);
    expect(held(second)).toEqual(held(first));
    expect(second.micrographs[0].path).toBe(name);
    expect(second.micrographs[0].particles.length).toBeGreaterThan(first.micrographs[0].particles.length);
    expect(second.micrographs[0].negatives.length).toBeGreaterThan(0);
  });

  it('holds some out where the model held out nothing, and takes no micrograph twice', () => {
    const accepted = ['--accepted', at('train'), '-o', at('more.onnx')];
    const run = deepem('retrain', at('few.onnx'), `${at('train')}/../train`, ...accepted);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(
      /what was gained cannot be shown: nothing is held out that the earlier model had not seen/,
    );
    expect(run.stdout).not.toMatch(/before: average precision/);
    expect(JSON.parse(deepem('info', at('more.onnx'), '--json').stdout).thresholds).not.toBeNull();
    expect(JSON.parse(readFileSync(at('more.training.json'), 'utf8')).micrographs).toHaveLength(4);
  });

  it('takes classes: members of rejected ones are no particles, the others are', () => {
    const name = JSON.parse(readFileSync(at('model.training.json'), 'utf8')).micrographs[0].path;
    const kept = rowsOf('judge', 'sim_0001.csv')
      .slice(0, 10)
      .map((row) => `${name},${row},1`);
    writeFileSync(at('classes.csv'), ['micrograph,x,y,class', ...kept, `${name},256,256,2`].join('\n'));
    const args = ['--classes', at('classes.csv'), '--rejected-classes', '2', '-o', at('by-class.onnx')];
    const run = deepem('retrain', at('model.onnx'), ...args);
    expect(run.code, run.stderr).toBe(0);
    const [first] = JSON.parse(readFileSync(at('by-class.training.json'), 'utf8')).micrographs;
    expect(first.negatives).toEqual([{ x: 256, y: 256 }]);
    const mixed = deepem('retrain', at('model.onnx'), ...args, '--accepted', at('train'));
    expect(mixed.stderr).toMatch(/not clear how the picks were sorted/);
  });

  it('says what it lacks', () => {
    expect(deepem('retrain', at('model.onnx'), '-o', at('x.onnx')).stderr).toMatch(/nothing new to learn/);
    writePoints('others', 'elsewhere', ['5,5']);
    const strange = deepem('retrain', at('model.onnx'), '--accepted', at('others'), '-o', at('x.onnx'));
    expect(strange.stderr).toMatch(/No accepted picks belong to any of the micrographs.*elsewhere.*further arguments/);
    writeFileSync(at('lonely.onnx'), readFileSync(at('model.onnx')));
    const lonely = deepem('retrain', at('lonely.onnx'), '--accepted', at('accepted'), '-o', at('x.onnx'));
    expect(lonely.stderr).toMatch(/lonely\.training\.json.*no such file/);
    expect(existsSync(at('x.onnx'))).toBe(false);
  });
});

describe('tune', () => {
  const args = [
    at('train'),
    '--picks',
    at('train'),
    '--diameter',
    '360A',
    '--preset',
    at('quicker.json'),
    '--folds',
    '2',
    '--out',
    at('tuned'),
  ];

  it('keeps each fold, goes on after Ctrl-C, and writes a preset that train takes', async () => {
    const interrupted = await deepemInterrupted('SIGINT', /trial 0, fold 1\/2/, 'tune', ...args, '--minutes', '5');
    expect(interrupted.code, interrupted.stderr).toBe(130);
    const folds = () => JSON.parse(readFileSync(at('tuned', 'tune.json'), 'utf8')).scores.length;
    expect(folds()).toBe(1);
    expect(interrupted.stderr).toMatch(/No trial has finished/);
    const run = await deepemInterrupted('SIGINT', /trial 0, fold 2\/2/, 'tune', ...args, '--minutes', '5');
    expect(run.code, run.stderr).toBe(130);
    expect(run.stderr).toMatch(/going on from 1 folds[\s\S]*best: trial 0, written to/);
    expect(folds()).toBe(2);
    expect(run.stdout).toMatch(/trial +0: AP [01]\.\d+, F1 [01]\.\d+, \d+ s; random start, box 28, maps 8-8/);
    const preset = ['--preset', at('tuned', 'preset.json'), '--epochs', '1', '-o', at('tuned.onnx')];
    expect(deepem('train', ...args.slice(0, 5), ...preset).code).toBe(0);
  });

  it('refuses labels that are missing, said or seen', () => {
    const few = [at('train'), '--picks', at('few'), ...args.slice(3, -1), at('tuned-few')];
    const said = deepem('tune', ...few, '--labels', 'incomplete');
    expect([said.code, said.stderr]).toEqual([1, expect.stringMatching(/labels are missing.*Label two or more/s)]);
    expect(deepem('tune', ...few).stderr).toMatch(/labels are missing.*Label two or more micrographs completely/s);
    expect(existsSync(at('tuned-few', 'preset.json'))).toBe(false);
  });

  it('does not go on with other inputs, and needs two micrographs', () => {
    expect(deepem('tune', ...args, '--seed', '9').stderr).toMatch(/is another search.*another folder/);
    const one = [at('train', 'sim_0001.mrc'), ...args.slice(1, 5), '--out', at('one')];
    expect(deepem('tune', ...one).stderr).toMatch(/holds out whole micrographs.*two or more/);
  });
});

describe('threshold', () => {
  it('finds a threshold between good and bad picks, and shows what each keeps', () => {
    const picks = ['--model', at('model.onnx'), '--out', at('picks'), '--threshold', '0.02'];
    expect(deepem('pick', at('judge'), ...picks).code).toBe(0);
    const found = JSON.parse(deepem('threshold', at('picks'), '--json', '--plot', at('scores.svg')).stdout);
    expect(found.threshold).toBeGreaterThan(0.1);
    expect(found.threshold).toBeLessThan(1);
    expect(found.micrographs).toBe(2);
    expect(found.choices[0].particles).toBeGreaterThanOrEqual(found.particles);
    expect(readFileSync(at('scores.svg'), 'utf8')).toContain('Particles kept');
    expect(deepem('threshold', at('picks')).stdout).toMatch(/from the histogram: 0\.\d+, which keeps \d+ of \d+/);
  });
});

describe('pick', () => {
  it('lowers scores in a nearly empty micrograph, unless they are to be kept', () => {
    const settings = ['--size', '512', '--particles', '1', '--micrographs', '1', '--seed', '5', '--snr', '0.2'];
    expect(deepem('simulate', '--out', at('empty'), ...settings).code).toBe(0);
    const count = (...args: string[]) => {
      const out = ['--threshold', '0.02', '--ground', 'off', '--force', '--out', at('e'), '--json'];
      const run = deepem('pick', at('empty'), '--model', at('model.onnx'), ...out, ...args);
      expect(run.code, run.stderr).toBe(0);
      return JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
    };
    const [lowered, kept] = [count(), count('--keep-scores')];
    expect(kept.removed.sparse).toBe(0);
    expect(lowered.removed.sparse).toBeGreaterThan(0);
    expect(lowered.particles).toBe(kept.particles - lowered.removed.sparse);
  });

  it('takes the threshold by name, another diameter, and filters that count what they leave out', () => {
    const count = (...args: string[]) => {
      const run = deepem(
        'pick',
        at('judge'),
        '--model',
        at('model.onnx'),
        '--force',
        '--out',
        at('p'),
        '--json',
        ...args,
      );
      expect(run.code, run.stderr).toBe(0);
      return JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
    };
    expect(count('--threshold', 'f2').particles).toBeGreaterThanOrEqual(count('--threshold', 'f1').particles);
    expect(count('--overlap', '90px').removed.overlap).toBeGreaterThan(0);
    expect(count('--ground', '0.001')).toMatchObject({ particles: 0 });
    expect(count('--ground', 'off').removed.uneven).toBe(0);
    expect(count('--diameter', '100px').particles).not.toBe(count().particles);
  });
});
