/**
 * What ten and twenty labels on two micrographs gain over none: training from a general model that has never seen the specimen, judged on two other
 * micrographs, in two folds; beside recipe auto for many labels, from its own start. Writes docs/results/few-labels.json after every training,
 * goes on from there, and then writes the table in docs/results.md.
 * Usage: npm run bench -- few-labels [--fresh] [--minutes 20]
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { evaluate } from '../src/evaluation/evaluate.js';
import type { Model } from '../src/network/model.js';
import { rescaleModel } from '../src/picking/rescale.js';
import { AUTO_RECIPE, FEW_LABELS_RECIPE } from '../src/training/recipe.js';
import { train } from '../src/training/train.js';
import { type DataSet, foldsOf, loadAll, pickAll, SPECIMENS, splitOfFold, spread } from './data-sets.js';
import { MACHINE } from './machine.js';
import { startTime, writeSection } from './results.js';
import { unseenModel } from './unseen.js';

const RESULTS = 'docs/results/few-labels.json';
const LOWEST = 0.003;
const [FOLDS, MICROGRAPHS] = [2, 2];
/** What is trained, from how many labels. */
const CASES = [
  { name: 'none', labels: 0 },
  { name: 'from the general model', labels: 10 },
  { name: 'from the general model', labels: 20 },
  { name: 'recipe for many labels', labels: 20 },
] as const;
type Case = (typeof CASES)[number];

interface Result {
  readonly set: string;
  readonly fold: number;
  readonly name: string;
  readonly labels: number;
  readonly averagePrecision: number;
  readonly bestF1: number;
  readonly ownF1: number;
  readonly seconds: number;
}

async function trained(set: DataSet, names: readonly string[], { name, labels }: Case, general: Model): Promise<Model> {
  const isFew = name === 'from the general model';
  const recipe = isFew ? FEW_LABELS_RECIPE : AUTO_RECIPE;
  const options = { diameter: set.diameter, edge: set.edge, recipe, ...(isFew && { start: general.weights }) };
  let model: Model | undefined;
  for await (const report of train(loadAll(set, names, labels), options)) {
    if (report.kind === 'done') model = report.model;
  }
  if (!model) throw new Error(`${set.name}: nothing was trained`);
  return model;
}

async function run(set: DataSet, fold: number, one: Case): Promise<Result> {
  const { judged, others } = splitOfFold(set, fold);
  const general = await unseenModel(set.name);
  const started = performance.now();
  const model =
    one.labels === 0
      ? rescaleModel(general, set.diameter)
      : await trained(set, spread(others, MICROGRAPHS), one, general);
  const seconds = (performance.now() - started) / 1000;
  const micrographs = [];
  for await (const { name, particles, result } of pickAll(set, model, judged, { threshold: LOWEST })) {
    micrographs.push({ name, truth: particles, picks: result.particles });
  }
  const { threshold } = model.metadata;
  const { averagePrecision, bestF1, atThreshold } = evaluate(micrographs, { radius: set.radius, threshold });
  return {
    ...{ set: set.name, fold, name: one.name, labels: one.labels, averagePrecision, seconds },
    ...{ bestF1: bestF1?.f1 ?? 0, ownF1: atThreshold?.f1 ?? 0 },
  };
}

const fresh = process.argv.includes('--fresh') || !existsSync(RESULTS);
const results: Result[] = fresh ? [] : JSON.parse(readFileSync(RESULTS, 'utf8')).results;
const hasTime = startTime();
for (const set of SPECIMENS) {
  for (let fold = 0; fold < Math.min(FOLDS, foldsOf(set)); fold++) {
    for (const one of CASES) {
      const isKnown = results.some(
        (result) =>
          result.set === set.name && result.fold === fold && result.name === one.name && result.labels === one.labels,
      );
      if (isKnown || !hasTime()) continue;
      results.push(await run(set, fold, one));
      process.stderr.write(`${JSON.stringify(results.at(-1))}\n`);
      writeFileSync(RESULTS, `${JSON.stringify({ machine: MACHINE, results }, null, 1)}\n`);
    }
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const rows = SPECIMENS.map((set) => {
  const cells = CASES.flatMap(({ name, labels }) => {
    const own = results.filter((one) => one.set === set.name && one.name === name && one.labels === labels);
    const average = mean(own.map(({ averagePrecision }) => averagePrecision)).toFixed(3);
    if (labels === 0) return [average];
    const f1 = `${mean(own.map(({ ownF1 }) => ownF1)).toFixed(3)} of ${mean(own.map(({ bestF1 }) => bestF1)).toFixed(3)}`;
    return [average, f1, mean(own.map(({ seconds }) => seconds)).toFixed(0)];
  });
  return `| ${[set.name, ...cells].join(' | ')} |`;
});
const words = ({ name, labels }: Case) =>
  labels === 0 ? ['no labels: AP'] : [`${labels} labels, ${name}: AP`, 'own F1 of best', 's'];
const header = ['set', ...CASES.flatMap(words)];
writeSection(
  'few-labels',
  [`Machine: ${MACHINE}.`, '', `| ${header.join(' | ')} |`, `|${'---|'.repeat(header.length)}`, ...rows].join('\n'),
);
