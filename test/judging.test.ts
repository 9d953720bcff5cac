/** Judging that cannot mislead: picks that were cut, micrographs that were trained on, truth that is missing. */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../src/testing/folder.js';
import { deepem } from './command-line.js';
import { quickTraining } from './quick.js';

const { at } = testFolder();
const RADIUS = ['--radius', '20px'];

/** Made once, and copied for each test. */
const made = mkdtempSync(join(tmpdir(), 'deepem-judging-'));
beforeAll(() => {
  const size = ['--size', '320', '--particles', '12', '--seed', '3'];
  for (const folder of ['micrographs', 'truth']) mkdirSync(join(made, folder));
  expect(deepem('simulate', '--out', join(made, 'sim'), '--micrographs', '4', ...size).code).toBe(0);
  for (const name of readdirSync(join(made, 'sim'))) {
    renameSync(join(made, 'sim', name), join(made, name.endsWith('.mrc') ? 'micrographs' : 'truth', name));
  }
});
beforeEach(() => {
  for (const folder of ['micrographs', 'truth']) cpSync(join(made, folder), at(folder), { recursive: true });
});

const evaluate = (...args: string[]) => deepem('evaluate', '--truth', at('truth'), ...RADIUS, ...args);

describe('picks that were cut at a threshold', () => {
  beforeAll(() => {
    const blob = ['pick', join(made, 'micrographs'), '--blob', '--diameter', '66px'];
    expect(deepem(...blob, '--threshold', '0.3', '--out', join(made, 'cut'), '--format', 'star,box').code).toBe(0);
    expect(deepem(...blob, '--threshold', '0.02', '--out', join(made, 'whole')).code).toBe(0);
  });
  beforeEach(() => {
    for (const folder of ['cut', 'whole']) cpSync(join(made, folder), at(folder), { recursive: true });
  });

  it('say so, also where the comment of a STAR file is all that is known', () => {
    const cut = evaluate('--picks', at('cut'));
    expect(cut.stdout).toMatch(/these picks were cut at a score of 0\.300: the curve ends there/);
    expect(JSON.parse(evaluate('--picks', at('cut', 'sim_0001_autopick.star'), '--json').stdout).cut).toBe(0.3);
    expect(JSON.parse(evaluate('--picks', at('whole'), '--json').stdout).cut).toBeNull();
  });

  it('are not judged at a lower threshold, nor asked for one', () => {
    const lower = evaluate('--picks', at('cut'), '--threshold', '0.1');
    expect([lower.code, lower.stderr]).toEqual([2, expect.stringMatching(/say nothing of the threshold 0\.1/)]);
    expect(evaluate('--picks', at('cut'), '--threshold', '0.4').code).toBe(0);
    const threshold = deepem('threshold', at('cut'));
    expect([threshold.code, threshold.stderr]).toEqual([1, expect.stringMatching(/cut at a score of 0\.300/)]);
    expect(deepem('threshold', at('whole')).stderr).not.toMatch(/cut at/);
  });

  it('are drawn on their micrographs', async () => {
    const args = ['--picks', at('whole'), '--micrographs', at('micrographs'), '--plot-micrographs', at('pictures')];
    expect(evaluate(...args).code).toBe(0);
    expect(readdirSync(at('pictures'))).toHaveLength(4);
    expect(await sharp(at('pictures', 'sim_0001.png')).metadata()).toMatchObject({ width: 320, height: 320 });
    expect(evaluate('--picks', at('whole'), '--plot-micrographs', at('others')).code).toBe(2);
  });
});

it('micrographs that the model was trained on are named and left out', () => {
  mkdirSync(at('some'));
  for (const name of ['sim_0001', 'sim_0002']) {
    writeFileSync(at('some', `${name}.csv`), readFileSync(at('truth', `${name}.csv`)));
  }
  const train = ['train', at('micrographs'), '--picks', at('some'), '--diameter', '66px', '--epochs', '1'];
  expect(
    deepem(...train, '--labels', 'complete', '--test-fraction', '0', ...quickTraining(), '-o', at('m.onnx')).code,
  ).toBe(0);
  const pick = ['pick', at('micrographs'), '--model', at('m.onnx'), '--threshold', '0.02', '--out', at('p')];
  expect(deepem(...pick).code).toBe(0);
  const judged = evaluate('--picks', at('p'), '--json');
  expect(judged.stderr).toMatch(/2 micrographs that the model was trained on, left out.*sim_0001, sim_0002/);
  expect(JSON.parse(judged.stdout).micrographs.map(({ name }: { name: string }) => name)).toEqual([
    'sim_0003',
    'sim_0004',
  ]);
  expect(JSON.parse(evaluate('--picks', at('p'), '--include-trained', '--json').stdout).micrographs).toHaveLength(4);
  const all = deepem('evaluate', '--picks', at('p'), '--truth', at('some'), ...RADIUS);
  expect(JSON.stringify(all)).toMatch(/trained on/);
});

it('truth of a few particles gives recall, and says that precision cannot be measured', () => {
  mkdirSync(at('few'));
  mkdirSync(at('picks'));
  for (const name of readdirSync(at('truth'))) {
    const [header, ...rows] = readFileSync(at('truth', name), 'utf8').trim().split('\n');
    writeFileSync(at('few', name), `${header}\n${rows.slice(0, 3).join('\n')}\n`);
    const picks = rows.map((row) => `${row.split(',').slice(0, 2).join(',')},0.9`);
    writeFileSync(at('picks', name), `x,y,score\n${picks.join('\n')}\n`);
  }
  const even = deepem('evaluate', '--picks', at('picks'), '--truth', at('few'), ...RADIUS);
  expect(even.stdout).toMatch(/precision cannot be measured: .* 25 % have one[\s\S]*recall 1\.000/);
  expect(even.stdout).not.toMatch(/average precision/);
});
