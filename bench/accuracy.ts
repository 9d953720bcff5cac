/**
 * Accuracy on real data: leave-micrographs-out cross-validation on beta-galactosidase and apoferritin, for the recipes `auto`
 * and `deepem` and for the blob picker, and for fewer micrographs and labels. Writes docs/results/accuracy.json after every
 * fold and goes on from there when it is started again, then writes the table in docs/results.md.
 * Usage: npm run bench -- accuracy [--fresh] [--minutes 20]: begins no further fold after so long
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DATA, type DataSet, foldsOf, SETS } from './data-sets.js';
import { type FoldResult, runFold, type Training } from './folds.js';
import { MACHINE } from './machine.js';
import { startTime, writeSection } from './results.js';

const RESULTS = 'docs/results/accuracy.json';
/** What is trained, and how many folds judge it: all, or the first two for the points of a growth curve. */
const CASES: readonly (Training & { folds: number })[] = [
  { recipe: 'auto', folds: Number.POSITIVE_INFINITY },
  { recipe: 'blob', folds: Number.POSITIVE_INFINITY },
  { recipe: 'auto', labels: 50, folds: Number.POSITIVE_INFINITY },
  { recipe: 'auto', micrographs: 2, labels: 20, folds: Number.POSITIVE_INFINITY },
  { recipe: 'auto', micrographs: 1, folds: Number.POSITIVE_INFINITY },
  { recipe: 'deepem', folds: Number.POSITIVE_INFINITY },
  { recipe: 'auto', labels: 20, folds: 2 },
  { recipe: 'auto', labels: 100, folds: 2 },
  { recipe: 'auto', labels: 500, folds: 2 },
  { recipe: 'auto', micrographs: 2, folds: 2 },
  { recipe: 'auto', micrographs: 4, folds: 2 },
];

type Result = { set: string; training: Training } & FoldResult;

function describe({ recipe, micrographs, labels }: Training): string {
  const parts = [micrographs && `${micrographs} micrograph${micrographs > 1 ? 's' : ''}`, labels && `${labels} labels`];
  return recipe === 'blob' ? 'none' : parts.filter(Boolean).join(', ') || 'all';
}

function keyOf(set: string, training: Training, fold: number): string {
  return JSON.stringify([set, training.recipe, training.micrographs, training.labels, fold]);
}

function row(set: string, training: Training, folds: readonly Result[]): string {
  const mean = (value: (fold: Result) => number) => folds.reduce((sum, fold) => sum + value(fold), 0) / folds.length;
  const three = (value: (fold: Result) => number) => mean(value).toFixed(3);
  const calibration = folds.some((fold) => fold.calibrationError !== null)
    ? three((fold) => fold.calibrationError ?? 0)
    : '';
  const cells = [
    set,
    training.recipe,
    describe(training),
    folds.length,
    three((fold) => fold.bestF1),
    three((fold) => fold.ownF1),
    three((fold) => Math.abs(fold.bestF1 - fold.ownF1)),
    three((fold) => fold.bestF2),
    three((fold) => fold.averagePrecision),
    mean((fold) => fold.centringError).toFixed(1),
    calibration,
    training.recipe === 'blob' ? '' : mean((fold) => fold.trainSeconds).toFixed(0),
    mean((fold) => fold.pickSeconds).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What is run, the growth curves of the raw micrographs last. */
function plan(): { set: DataSet; training: Training; folds: number }[] {
  const all = CASES.flatMap(({ folds, ...training }) => SETS.map((set) => ({ set, training, folds })));
  const isLast = ({ set, training }: (typeof all)[number]) =>
    set.name.endsWith('raw') && (training.labels !== undefined || training.micrographs !== undefined);
  return [...all.filter((run) => !isLast(run)), ...all.filter(isLast)];
}

if (!existsSync(DATA)) throw new Error(`${DATA} is not there; this bench needs the real data`);
mkdirSync('docs/results', { recursive: true });
const fresh = process.argv.includes('--fresh') || !existsSync(RESULTS);
const results: Result[] = fresh ? [] : JSON.parse(readFileSync(RESULTS, 'utf8')).results;
const hasTime = startTime();
const known = new Set(results.map(({ set, training, fold }) => keyOf(set, training, fold)));
for (const { set, training, folds } of plan()) {
  for (let fold = 0; fold < Math.min(folds, foldsOf(set)); fold++) {
    if (known.has(keyOf(set.name, training, fold))) continue;
    if (!hasTime()) continue;
    const result = { set: set.name, training, ...runFold(set, training, fold) };
    results.push(result);
    writeFileSync(RESULTS, `${JSON.stringify({ machine: MACHINE, results }, null, 1)}\n`);
    process.stdout.write(`${row(set.name, training, [result])}\n`);
  }
}
const table = [
  '| data | recipe | trained on | folds | best F1 | own F1 | difference | best F2 | AP | centring, px | calibration error | train, s | pick, s each |',
  `|${'---|'.repeat(13)}`,
  ...SETS.flatMap(({ name }) =>
    CASES.flatMap(({ folds: _, ...training }) => {
      const own = results.filter((result) => keyOf(result.set, result.training, 0) === keyOf(name, training, 0));
      return own.length > 0 ? [row(name, training, own)] : [];
    }),
  ),
].join('\n');
writeSection('accuracy', `Machine: ${MACHINE}.\n\n${table}`);
