/**
 * Micrographs that a filter empties: good micrographs of every specimen as they are, blurred, denoised, noisier and with changed contrast, and
 * noise with their power spectra and the thumbnails of bad quality, in which next to nothing should be picked. Models are those of
 * bench/choice-models.ts. Writes docs/results/emptied.json and the table in docs/results.md.
 * Usage: npm run bench -- emptied
 */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../src/core/micrograph.js';
import { random } from '../src/core/random.js';
import { blur } from '../src/imaging/blur.js';
import { resample } from '../src/imaging/resample.js';
import { medianInPlace } from '../src/imaging/statistics.js';
import type { Model } from '../src/network/model.js';
import { noiseTwin } from '../src/picking/noise-twin.js';
import { openPicker, type PickOptions, pick } from '../src/picking/pick.js';
import { rescaleModel } from '../src/picking/rescale.js';
import { threadCount } from '../src/runtime/cpus.js';
import { startEngine } from '../src/runtime/engine.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { choiceFolds, chosenModel } from './choice-models.js';
import { DATA, type DataSet, loadAll, SPECIMENS } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';

const engine = startEngine(threadCount());
const ALL_KEPT: PickOptions = { deviationRange: null, unevennessLimit: null, lowerWhereEmpty: false };
/** Classes of the thumbnails without particles, and the diameter that is picked there. */
const EMPTY_CLASSES = ['3', '4', '5'];
const THUMBNAIL_DIAMETER = 10;

async function count(model: Model, image: Image, options: PickOptions): Promise<number> {
  const picker = openPicker(engine, model);
  const { particles } = await pick({ ...image, pixelSize: null }, picker, options);
  await picker.release();
  return particles.length;
}

function standardDeviation(pixels: Float32Array): number {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length);
}

/** The image with noise of so many of its standard deviations. */
function noisier(image: Image, times: number): Image {
  const source = random(4);
  const sd = times * standardDeviation(image.pixels);
  return { ...image, pixels: image.pixels.map((value) => value + sd * source.normal()) };
}

/** Each pixel the median of those up to some pixels away. */
function median({ pixels, width, height }: Image, reach: number): Image {
  const result = new Float32Array(pixels.length);
  const window = new Float32Array((2 * reach + 1) ** 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let n = 0;
      for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
        for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++)
          window[n++] = pixels[v * width + u];
      result[y * width + x] = medianInPlace(window.subarray(0, n));
    }
  }
  return { pixels: result, width, height };
}

/** Grey values through a curve that flattens the bright half. */
function curved(image: Image): Image {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of image.pixels) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { ...image, pixels: image.pixels.map((value) => Math.sqrt((value - low) / (high - low))) };
}

function goodVariants(image: Image, diameter: number): readonly (readonly [string, () => Image])[] {
  return [
    ['as it is', () => image],
    ['blurred, 0.05 diameters', () => blur(image, 0.05 * diameter)],
    ['blurred, 0.1 diameters', () => blur(image, 0.1 * diameter)],
    ['blurred, 0.2 diameters', () => blur(image, 0.2 * diameter)],
    ['median of 3x3', () => median(image, 1)],
    ['median of 7x7', () => median(image, 3)],
    ['noise of its own deviation', () => noisier(image, 1)],
    ['noise of twice its deviation', () => noisier(image, 2)],
    ['contrast a quarter', () => ({ ...image, pixels: image.pixels.map((value) => value / 4) })],
    ['contrast curved', () => curved(image)],
  ];
}

interface Row {
  readonly specimen: string;
  readonly image: string;
  readonly labels: number;
  /** Picks of two micrographs without any filter, and with the model's. */
  readonly without: readonly number[];
  readonly picks: readonly number[];
}

async function rowsOf(set: DataSet): Promise<Row[]> {
  const fold = choiceFolds(set)[0];
  const model = await chosenModel(engine, fold);
  const rows = new Map<string, { without: number[]; picks: number[]; labels: number }>();
  const add = async (name: string, image: Image, used: Model, labels: number) => {
    const row = rows.get(name) ?? { without: [], picks: [], labels: 0 };
    row.without.push(await count(used, image, ALL_KEPT));
    row.picks.push(await count(used, image, {}));
    row.labels += labels;
    rows.set(name, row);
  };
  for await (const { micrograph, particles } of loadAll(set, fold.judged.slice(0, 2))) {
    for (const [name, make] of goodVariants(micrograph, set.diameter)) await add(name, make(), model, particles.length);
    const binning = Math.max(1, Math.round(micrograph.width / 1024));
    const twin = noiseTwin(resample(micrograph, binning));
    await add('noise with its spectrum', twin, rescaleModel(model, set.diameter / binning), 0);
  }
  return [...rows].map(([image, row]) => ({ specimen: set.name, image, ...row }));
}

async function thumbnails(set: DataSet): Promise<Row[]> {
  const model = rescaleModel(await chosenModel(engine, choiceFolds(set)[0]), THUMBNAIL_DIAMETER);
  const rows: Row[] = [];
  for (const folder of readdirSync(join(DATA, 'thumbnails')).sort()) {
    if (!['0', ...EMPTY_CLASSES].includes(folder[0])) continue;
    const row = { without: [] as number[], picks: [] as number[] };
    for (const file of readdirSync(join(DATA, 'thumbnails', folder)).sort()) {
      const image = await readMicrograph(join(DATA, 'thumbnails', folder, file));
      row.without.push(await count(model, image, ALL_KEPT));
      row.picks.push(await count(model, image, {}));
    }
    rows.push({ specimen: `model of ${set.name}`, image: `thumbnails, class ${folder}`, labels: 0, ...row });
  }
  return rows;
}

const rows: Row[] = [];
const show = (some: readonly Row[]) => {
  rows.push(...some);
  for (const row of some) process.stderr.write(`${JSON.stringify(row)}\n`);
};
for (const set of SPECIMENS) show(await rowsOf(set));
for (const name of ['beta-galactosidase', '80S ribosome'])
  for (const set of SPECIMENS) if (set.name === name) show(await thumbnails(set));
await engine.close();
writeFileSync('docs/results/emptied.json', `${JSON.stringify({ machine: MACHINE, rows }, null, 1)}\n`);
writeSection(
  'emptied',
  [
    '| specimen | image | labels | picks without filters | picks |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ specimen, image, labels, without, picks }) =>
        `| ${[specimen, image, labels || '-', without.join(' '), picks.join(' ')].join(' | ')} |`,
    ),
  ].join('\n'),
);
