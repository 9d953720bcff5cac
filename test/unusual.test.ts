/** What does not fit a model is said in the first micrographs of a run, and what is unusual is listed. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.js';
import { writeMrc } from '../src/formats/mrc.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { deepem, type Run } from './command-line.js';

const work = mkdtempSync(join(tmpdir(), 'deepem-fit-'));
const at = (...names: string[]) => join(work, ...names);
const PIXEL_SIZE = 6;

/** Writes changed copies of the micrographs that are to be picked. */
async function change(folder: string, value: (pixel: number, x: number, y: number) => number): Promise<void> {
  mkdirSync(at(folder));
  for (const name of readdirSync(at('judge')).filter((file) => file.endsWith('.mrc'))) {
    const image = await readMicrograph(at('judge', name));
    const pixels = image.pixels.map((pixel, i) => value(pixel, i % image.width, Math.floor(i / image.width)));
    writeFileSync(at(folder, name), writeMrc({ ...image, pixels }, PIXEL_SIZE, ''));
  }
}

function pick(folder: string, ...args: string[]): Run {
  const out = at(`picks of ${folder} ${args.join(' ')}`);
  return deepem('pick', at(folder), '--model', at('model.onnx'), '--out', out, '--format', 'csv', ...args);
}

beforeAll(async () => {
  const settings = ['--size', '512', '--particles', '30', '--body', 'asymmetric', '--snr', '0.2'];
  expect(deepem('simulate', '--out', at('train'), '--micrographs', '4', '--seed', '1', ...settings).code).toBe(0);
  expect(deepem('simulate', '--out', at('judge'), '--micrographs', '2', '--seed', '2', ...settings).code).toBe(0);
  const how = ['--picks', at('train'), '--diameter', '300A', '--epochs', '2', '--threads', '2', '-o', at('model.onnx')];
  const run = deepem('train', at('train'), ...how);
  expect(run.code, run.stderr).toBe(0);
  await change('inverted', (pixel) => -pixel);
  const source = random(1);
  await change('noise', () => source.normal());
});

describe('pick', () => {
  it('says nothing where micrographs are like those trained on', () => {
    const run = pick('judge');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).not.toMatch(/warning/);
    expect(run.stdout).not.toMatch(/unusual/);
  });

  it('says that contrast is inverted', () => {
    const run = pick('inverted');
    expect(run.stderr).toMatch(/the first 2 micrographs do not look like those.*inverted.*invert the micrographs/);
  });

  it.each([
    ['half', 3, /particles seem to be 0\.5 times as large/],
    ['twice', 12, /do not look like those that the model was trained on/],
  ])('says that %s the pixel size is wrong', (_, pixelSize, words) => {
    const { stderr } = pick('judge', '--pixel-size', `${pixelSize}`);
    expect(stderr).toMatch(`--pixel-size ${pixelSize} is used, but`);
    expect(stderr).toMatch(words);
  });

  it('says that the diameter is that of another particle', () => {
    expect(pick('judge', '--diameter', '600A').stderr).toMatch(/--diameter 600A is 2 times the particle/);
  });

  it('lists micrographs without particles with the reason, also in the status of the run', () => {
    const run = pick('noise');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/unusual in count or scores: 2 of 2 micrographs/);
    const status = deepem('status', at('picks of noise '));
    expect(status.stdout).toMatch(
      /unusual in count or scores: 2 of 2\n.*sim_0001\.mrc: (no particles|scores are lower)/,
    );
    const listed = JSON.parse(deepem('status', at('picks of noise '), '--json').stdout).unusual;
    expect(listed.map(({ unusual }: { unusual: string }) => unusual)).toHaveLength(2);
  });
});

describe('a border that motion correction filled', () => {
  it('has no picks', async () => {
    const border = 60;
    await change('bordered', (pixel, x) => (x < border ? 0 : pixel));
    expect(pick('bordered').code).toBe(0);
    const text = readFileSync(at('picks of bordered ', 'sim_0001.csv'), 'utf8');
    const rows = text.trim().split('\n').slice(1);
    const columns = rows.map((row) => Number(row.split(',')[0]));
    expect(columns.length).toBeGreaterThan(5);
    // Half a diameter (25 px) from the border, as from any edge.
    expect(Math.min(...columns)).toBeGreaterThanOrEqual(border + 25 - 1);
  });
});
