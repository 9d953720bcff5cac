/**
 * What the experiments share: simulated fields, training, judging, publishing. Bodies of the kind and size of the paper's are
 * simulated, for its data sets are not available. Usage of each: npx tsx experiments/NAME.ts [--paper-size]
 *
 * By default micrographs are binned as `deepem train` does (preset `small`, 1.5 diameters in 40 pixels). With `--paper-size`
 * the network is the paper's for KLH, binned twice as the micrographs: box 136. That takes hours.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type FieldTraining, judgeFields, pickFields, trainOnFields } from '../src/app/simulated-fields.js';
import { matchRadius } from '../src/core/sizes.js';
import type { Evaluation } from '../src/evaluation/evaluate.js';
import type { Architecture } from '../src/network/architecture.js';
import type { Model } from '../src/network/model.js';
import type { PickOptions, PickResult } from '../src/picking/pick.js';
import { type Chart, drawCharts } from '../src/report/chart.js';
import { drawJudged } from '../src/report/judged.js';
import { type SimulatedMicrograph, type SimulateOptions, simulate } from '../src/simulation/simulate.js';
import { barrel } from '../src/simulation/volume.js';
import { DEEPEM_RECIPE, type Recipe } from '../src/training/recipe.js';

/** Candidates below this are not judged. */
const LOWEST = 0.005;
const PAPER_SIZE = process.argv.includes('--paper-size');
/** Where pictures and tables go. */
export const RESULTS = `docs/results/experiments${PAPER_SIZE ? '/paper-size' : ''}`;
const PAGE = PAPER_SIZE ? 'docs/experiments-paper-size.md' : 'docs/experiments.md';
mkdirSync(RESULTS, { recursive: true });

/** The paper's network for KLH, for micrographs binned twice. */
const KLH_BINNED: Architecture = {
  name: 'klh-binned',
  box: 136,
  layers: [
    { type: 'convolution', maps: 6, kernel: 26 },
    { type: 'sigmoid' },
    { type: 'mean-pool', size: 3 },
    { type: 'convolution', maps: 12, kernel: 10 },
    { type: 'sigmoid' },
    { type: 'mean-pool', size: 2 },
    { type: 'convolution', maps: 12, kernel: 5 },
    { type: 'sigmoid' },
    { type: 'mean-pool', size: 2 },
    { type: 'fully-connected', units: 1 },
  ],
};

/** The paper's recipe at the size of this run. */
export const PAPER: Recipe = PAPER_SIZE ? { ...DEEPEM_RECIPE, architecture: KLH_BINNED } : DEEPEM_RECIPE;

/** KLH at 4.4 A a pixel (2.2 A binned twice), 30 in a field of 1024 x 1024. */
export const KLH: SimulateOptions = { bodies: [barrel()], pixelSize: 4.4, particles: 30, snr: 0.05, dirt: ['none'] };

/** So many fields from a first index on; the same options and index give the same field. */
export function makeFields(options: SimulateOptions, count: number, first = 0): SimulatedMicrograph[] {
  return Array.from({ length: count }, (_, i) => simulate(options, first + i));
}

/** Trains on fields. */
export async function trainOn(
  fields: readonly SimulatedMicrograph[],
  recipe: Recipe,
  options: FieldTraining = {},
): Promise<Model> {
  const started = performance.now();
  const model = await trainOnFields(fields, { recipe, architecture: recipe.architecture, ...options });
  process.stderr.write(`trained ${recipe.name} in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  return model;
}

/** What a model finds on fields, and how right it is. */
export interface Judged {
  readonly evaluation: Evaluation;
  readonly results: readonly PickResult[];
  readonly secondsEach: number;
}

/** Picks fields and compares them with the truth. */
export async function judge(
  model: Model,
  fields: readonly SimulatedMicrograph[],
  options: PickOptions = {},
): Promise<Judged> {
  const started = performance.now();
  const results = await pickFields(model, fields, { threshold: LOWEST, ...options });
  const secondsEach = (performance.now() - started) / 1000 / fields.length;
  return { evaluation: judgeFields(fields, results, { threshold: model.metadata.threshold }), results, secondsEach };
}

/** Draws a field as PNG with right, false and missed picks. */
export async function drawField(
  path: string,
  field: SimulatedMicrograph,
  { particles }: PickResult,
  threshold: number,
): Promise<void> {
  const { diameter, particles: truth } = field;
  const picks = particles.filter(({ score }) => score >= threshold);
  const radius = matchRadius(diameter);
  writeFileSync(path, await drawJudged(field.micrograph, { truth, picks, radius, diameter }));
}

/** Precision where it equals recall. */
export function crossingOf({ crossing }: Evaluation): number {
  return crossing ? (crossing.precision + crossing.recall) / 2 : 0;
}

/** Rows of a table: figures have three decimals. */
export type Row = readonly (string | number)[];

/** Writes CSV and SVG, and the experiment's part of docs/experiments.md. */
export function publish(
  name: string,
  columns: readonly string[],
  rows: readonly Row[],
  charts: readonly Chart[],
): void {
  const text = (value: string | number) =>
    typeof value === 'string' || Number.isInteger(value) ? String(value) : value.toFixed(3);
  const csv = [columns, ...rows].map((row) => row.map(text).join(',')).join('\n');
  writeFileSync(`${RESULTS}/${name}.csv`, `${csv}\n`);
  if (charts.length > 0) writeFileSync(`${RESULTS}/${name}.svg`, drawCharts(charts));
  const machine = `${cpus()[0].model}, ${cpus().length} cores`;
  const table = [columns, columns.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(text).join(' | ')} |`)
    .join('\n');
  const picture = charts.length > 0 ? `\n![${name}](${RESULTS.replace('docs/', '')}/${name}.svg)\n` : '';
  const page = readFileSync(PAGE, 'utf8');
  const section = new RegExp(`(<!-- ${name} -->)[\\s\\S]*(<!-- end ${name} -->)`);
  if (!section.test(page)) throw new Error(`${PAGE} has no place for ${name}`);
  const command = [`npx tsx experiments/${name}.ts`, ...process.argv.slice(2)].join(' ');
  writeFileSync(PAGE, page.replace(section, `$1\n\`${command}\` (${machine})\n\n${table}\n${picture}$2`));
  process.stdout.write(`${csv}\n`);
}
