/** Picking without a model of one's own: the general model that comes with the program. The bodies here are none of those it was trained on. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { parseCoordinates } from '../src/formats/coordinates.js';
import { writeMrc } from '../src/formats/mrc.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { deepem, deepemInterrupted } from './command-line.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-general-'));
const at = (...names: string[]) => join(work, ...names);
const NAMES = ['sim_0001', 'sim_0002', 'sim_0003'];

function particlesIn(folder: string, name: string) {
  const file = at(folder, `${name}.csv`);
  return parseCoordinates(readFileSync(file), file).map(({ particle }) => particle);
}

/** How picks agree with the truth; coordinates in pixels of 6 A, of particles of 360 A. */
function judged(folder: string) {
  const micrographs = NAMES.map((name) => ({
    name,
    truth: particlesIn('sim', name),
    picks: particlesIn(folder, name),
    size: { width: 640, height: 640 },
  }));
  return evaluate(micrographs, { radius: 20, edge: 30, threshold: 0 });
}

beforeAll(async () => {
  const settings = ['--size', '640', '--particles', '40', '--body', 'asymmetric', '--snr', '0.1', '--micrographs', '3'];
  expect(deepem('simulate', '--out', at('sim'), '--seed', '4', ...settings).code).toBe(0);
  mkdirSync(at('bright'));
  for (const name of NAMES) {
    const image = await readMicrograph(at('sim', `${name}.mrc`));
    const pixels = image.pixels.map((value) => -value);
    writeFileSync(at('bright', `${name}.mrc`), writeMrc({ ...image, pixels }, 6, ''));
  }
});

describe('pick without a model', () => {
  it('finds particles that it has never seen, and says where its threshold comes from', () => {
    const run = deepem('pick', at('sim'), '--diameter', '360A', '--out', at('picks'));
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(
      /threshold 0\.\d+, from the scores of 3 micrographs: it keeps \d+ particles a micrograph \(0\.1: /,
    );
    const { averagePrecision, atThreshold } = judged('picks');
    expect(averagePrecision).toBeGreaterThan(0.8);
    expect(atThreshold?.f1).toBeGreaterThan(0.8);
  });

  it('writes down what it was, and goes on with the same threshold', () => {
    const { model, threshold } = JSON.parse(readFileSync(at('picks', 'sim_0001.provenance.json'), 'utf8'));
    expect(model).toBe('the general model for particles of 60 px');
    const again = deepem('pick', at('sim'), '--diameter', '360A', '--out', at('picks'));
    expect(again.stdout).toMatch(/picked before: 3 micrographs|in 3 micrographs in/);
    expect(again.stderr).toContain(`threshold ${threshold}, from the scores`);
  });

  it('picks nothing where nothing stands out from noise, and says so', () => {
    mkdirSync(at('empty'));
    const source = random(3);
    for (const name of ['a', 'b']) {
      const pixels = Float32Array.from({ length: 640 * 640 }, () => source.normal());
      writeFileSync(at('empty', `${name}.mrc`), writeMrc({ pixels, width: 640, height: 640 }, 6, ''));
    }
    const run = deepem('pick', at('empty'), '--diameter', '360A', '--out', at('nothing'));
    expect(run.stderr).toMatch(/nothing stands out from noise in 2 micrographs, so the threshold is the usual 0\.5/);
    expect(run.stdout).toMatch(/^0 particles in 2 micrographs/m);
    expect(run.stdout).toMatch(/\d+ unlikely in a nearly empty micrograph/);
    const kept = deepem(
      'pick',
      at('empty'),
      '--diameter',
      '360A',
      '--threshold',
      '0.3',
      '--keep-scores',
      '--out',
      at('all'),
    );
    expect(kept.stdout).not.toMatch(/^0 particles/m);
  });

  it('picks nothing in masks; other masks are other parameters', () => {
    const half = '{"regions": [{"outline": [[-1, -1], [320, -1], [320, 640], [-1, 640]]}]}';
    mkdirSync(at('masks'));
    writeFileSync(at('masks', 'sim_0001.json'), half);
    const pick = () => deepem('pick', at('sim'), '--diameter', '360A', '--mask', at('masks'), '--out', at('masked'));
    const run = pick();
    expect(run.stderr).toMatch(/masks: 1 of 3 micrographs have one/);
    expect(run.stdout).toMatch(/[1-9]\d* in excluded regions/);
    const picks = particlesIn('masked', 'sim_0001');
    expect(picks.length).toBeGreaterThan(5);
    expect(picks.every(({ x }) => x > 320)).toBe(true);
    writeFileSync(at('masks', 'sim_0001.json'), half.replaceAll('320', '330'));
    expect(pick().stderr).toMatch(/other parameters|masks: /);
    writeFileSync(at('masks', 'sim_0001.json'), 'no mask');
    const bad = deepem('pick', at('sim'), '--diameter', '360A', '--mask', at('masks'), '--out', at('bad-mask'));
    expect([bad.code, bad.stdout]).toEqual([
      3,
      expect.stringMatching(/could not be picked: 1 micrograph\n.*is not a mask/),
    ]);
  });

  it('takes the threshold that is given, and says nothing of another', () => {
    const run = deepem('pick', at('sim'), '--diameter', '360A', '--threshold', '0.9', '--out', at('strict'));
    expect(run.stderr).not.toMatch(/from the scores/);
    expect(particlesIn('strict', 'sim_0001').every(({ score = 0 }) => score >= 0.9)).toBe(true);
  });

  it('sees that contrast is inverted, and picks the same particles', () => {
    const run = deepem('pick', at('bright'), '--diameter', '360A', '--out', at('negative'));
    expect(run.stderr).toMatch(/particles are brighter than what is around them/);
    for (const name of NAMES) {
      expect(readFileSync(at('negative', `${name}.csv`), 'utf8')).toBe(
        readFileSync(at('picks', `${name}.csv`), 'utf8'),
      );
    }
  });

  it('estimates the diameter, once for a run', () => {
    const run = deepem('pick', at('sim', 'sim_0001.mrc'), '--diameter', 'auto', '--out', at('auto'));
    const angstroms = Number(/diameter of the particles.*: \d+ px \((\d+) A\)/.exec(run.stderr)?.[1]);
    expect(angstroms).toBeGreaterThan(200);
    expect(angstroms).toBeLessThan(500);
    const more = deepem('pick', at('sim'), '--diameter', 'auto', '--out', at('auto'));
    expect(more.stderr).not.toMatch(/diameter of the particles/);
    expect(more.code).toBe(0);
    expect(readdirSync(at('auto')).filter((name) => name.endsWith('.csv'))).toHaveLength(3);
  });

  it.each([
    [[], /The size of the particle is unknown.*--diameter auto/],
    [
      ['--diameter', 'auto', '--blob'],
      /Only the general model estimates the diameter: received --diameter auto with --blob/,
    ],
    [['--model', 'a.onnx', '--blob', '--diameter', '360A'], /received --model and --blob/],
    [['--diameter', '360A', '--threshold', 'f1'], /no threshold f1/],
  ])('says what is wrong with %j', (args, words) => {
    const run = deepem('pick', at('sim'), ...args, '--out', at('wrong'));
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(words);
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('picks what it can where some micrographs cannot be read', () => {
    mkdirSync(at('some'));
    for (const name of ['a', 'b']) writeFileSync(at('some', `${name}.mrc`), 'no micrograph');
    writeFileSync(at('some', 'c.mrc'), readFileSync(at('sim', 'sim_0001.mrc')));
    const run = deepem('pick', at('some'), '--diameter', '60px', '--out', at('part'));
    expect(run.code).toBe(3);
    expect(run.stdout).toMatch(/in 1 micrograph/);
    expect(run.stdout).toMatch(/could not be picked: 2 micrographs/);
  });
});

describe('train on few labels', () => {
  const trainingOn = (micrographs: string, folder: string, count: number) => {
    mkdirSync(at(folder));
    for (const name of readdirSync(at(micrographs)).filter((file) => /^[\w]+\.mrc$/.test(file))) {
      const rows = Array.from({ length: count }, (_, i) => `${100 + 55 * (i % 9)},${100 + 60 * Math.floor(i / 9)}`);
      const own = existsSync(at(micrographs, name.replace('.mrc', '.csv')))
        ? particlesIn(micrographs, name.replace('.mrc', '')).map(({ x, y }) => `${x},${y}`)
        : rows;
      writeFileSync(at(folder, name.replace('.mrc', '.csv')), `x,y\n${own.slice(0, count).join('\n')}\n`);
    }
    return ['train', at(micrographs), '--picks', at(folder), '--diameter', '360A', '-o', at(`${folder}.onnx`)];
  };

  it('starts from the general model, turned over for bright particles, and finds more at its own threshold', () => {
    for (const name of NAMES) writeFileSync(at('bright', `${name}.csv`), readFileSync(at('sim', `${name}.csv`)));
    const run = deepem(...trainingOn('bright', 'few', 4));
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/network general from the general model/);
    const model = ['--model', at('few.onnx'), '--format', 'csv', '--out', at('few-picks')];
    expect(deepem('pick', at('bright'), ...model).code).toBe(0);
    const { averagePrecision, atThreshold } = judged('few-picks');
    expect(averagePrecision).toBeGreaterThan(0.8);
    expect(atThreshold?.f1).toBeGreaterThan(0.8);
  });

  it('starts from it with many labels where that is asked for, and only with its own recipe', async () => {
    const args = ['--picks', at('sim'), '--diameter', '360A', '--start', 'general', '-o', at('many.onnx')];
    const run = await deepemInterrupted('SIGKILL', /held out to judge/, 'train', at('sim'), ...args);
    expect(run.stderr).toMatch(/network general from the general model/);
    expect(run.stderr).toMatch(/held out to judge: \d+ particles/);
    const paper = deepem('train', at('sim'), ...args, '--recipe', 'deepem', '--overwrite');
    expect([paper.code, paper.stderr]).toEqual([2, expect.stringMatching(/--start general with --recipe deepem/)]);
  });

  it('does not start from it where it cannot tell the micrographs from noise', async () => {
    const how = trainingOn('empty', 'few-empty', 12);
    const run = await deepemInterrupted('SIGKILL', /network/, ...how, '--force');
    expect(run.stderr).toMatch(/the general model cannot tell these micrographs from noise/);
    expect(run.stderr).toMatch(/network wide from weights that know simulated particles/);
  });
});
