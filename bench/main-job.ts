/**
 * The main job on real data, with the paper's recipe and with `auto`, by the command line alone: leave-micrographs-out folds on
 * beta-galactosidase (train on 6, pick 2) and apoferritin (train on 8, pick 2). Writes docs/results/main-job.json and the
 * table in docs/results.md. Usage: npm run bench:main-job [-- FOLDS]
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import type { Evaluation } from '../src/evaluation/evaluate.js';

interface DataSet {
  name: string;
  micrographs: string;
  truth: string;
  ending: string;
  diameter: string;
  edge: string;
  radius: string;
  wantedF1: number;
}

const DATA = '../shared/data';
const HELD_OUT = 2;
const SETS: DataSet[] = [
  {
    name: 'beta-galactosidase',
    micrographs: `${DATA}/beta-galactosidase/micrographs`,
    truth: `${DATA}/beta-galactosidase/truth`,
    ending: '.jpg',
    diameter: '108px',
    edge: '130px',
    radius: '36px',
    wantedF1: 0.77,
  },
  {
    name: 'apoferritin (averaged)',
    micrographs: `${DATA}/apoferritin/averaged`,
    truth: `${DATA}/apoferritin/truth`,
    ending: '.png',
    diameter: '61px',
    edge: '31px',
    radius: '20px',
    wantedF1: 0.9,
  },
];

function deepem(args: string[]): string {
  return execFileSync(process.execPath, ['dist/cli/main.js', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function runFold(set: DataSet, recipe: string, fold: number) {
  const names = readdirSync(set.truth)
    .map((file) => parse(file).name)
    .sort();
  const judged = names.slice(HELD_OUT * fold, HELD_OUT * (fold + 1));
  const files = (chosen: string[]) => chosen.map((name) => join(set.micrographs, name + set.ending));
  const work = mkdtempSync(join(tmpdir(), 'deepem-bench-'));
  const model = join(work, 'model.onnx');
  const training = files(names.filter((name) => !judged.includes(name)));
  const started = performance.now();
  deepem([
    'train',
    ...training,
    '--picks',
    set.truth,
    '--diameter',
    set.diameter,
    '--edge',
    set.edge,
    '--recipe',
    recipe,
    '-o',
    model,
  ]);
  const trainSeconds = (performance.now() - started) / 1000;
  const { threshold } = JSON.parse(deepem(['info', model, '--json']));
  const picks = join(work, 'picks');
  const pickStarted = performance.now();
  deepem([
    'pick',
    ...files(judged),
    '--model',
    model,
    '--out',
    picks,
    '--threshold',
    '0.02',
    '--edge',
    set.edge,
    '--format',
    'csv',
  ]);
  const pickSeconds = (performance.now() - pickStarted) / 1000 / HELD_OUT;
  for (const name of judged) cpSync(join(set.truth, `${name}.csv`), join(work, 'truth', `${name}.csv`));
  const judgement = [
    '--radius',
    set.radius,
    '--edge',
    set.edge,
    '--micrographs',
    set.micrographs,
    '--threshold',
    String(threshold),
  ];
  const evaluation = JSON.parse(
    deepem(['evaluate', '--picks', picks, '--truth', join(work, 'truth'), ...judgement, '--json']),
  ) as Evaluation;
  return {
    fold: fold + 1,
    judged,
    bestF1: evaluation.bestF1?.f1 ?? 0,
    ownF1: evaluation.atThreshold?.f1 ?? 0,
    bestF2: evaluation.bestF2?.f2 ?? 0,
    averagePrecision: evaluation.averagePrecision,
    centringError: evaluation.centringError,
    threshold,
    trainSeconds,
    pickSeconds,
  };
}

type Fold = ReturnType<typeof runFold>;

function row({ set, recipe }: { set: DataSet; recipe: string }, label: string, folds: Fold[]): string {
  const mean = (value: (fold: Fold) => number) => folds.reduce((sum, fold) => sum + value(fold), 0) / folds.length;
  const figures = [
    mean((fold) => fold.bestF1),
    mean((fold) => fold.ownF1),
    mean((fold) => fold.bestF1 - fold.ownF1),
    mean((fold) => fold.bestF2),
    mean((fold) => fold.averagePrecision),
  ].map((value) => value.toFixed(3));
  const others = [
    mean((fold) => fold.centringError ?? 0),
    mean((fold) => fold.trainSeconds),
    mean((fold) => fold.pickSeconds),
  ];
  const wanted = recipe === 'deepem' ? set.wantedF1 : '';
  return `| ${set.name} | ${recipe} | ${label} | ${figures.join(' | ')} | ${others.map((value) => value.toFixed(1)).join(' | ')} | ${wanted} |`;
}

if (!existsSync(DATA)) throw new Error(`${DATA} is not there; this bench needs the real data`);
const limit = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
const runs = SETS.flatMap((set) => ['deepem', 'auto'].map((recipe) => ({ set, recipe })));
const results = runs.map(({ set, recipe }) => {
  const folds = Math.min(limit, Math.floor(readdirSync(set.truth).length / HELD_OUT));
  return { set, recipe, folds: Array.from({ length: folds }, (_, fold) => runFold(set, recipe, fold)) };
});
const table = [
  '| data | recipe | judged on | best F1 | own F1 | difference | best F2 | AP | centring, px | train, s | pick, s each | wanted F1 |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|',
  ...results.flatMap(({ folds, ...run }) => [
    ...folds.map((fold) => row(run, `fold ${fold.fold}`, [fold])),
    row(run, `mean of ${folds.length} folds`, folds),
  ]),
].join('\n');
const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
writeFileSync('docs/results/main-job.json', `${JSON.stringify({ machine, results }, null, 1)}\n`);
const page = readFileSync('docs/results.md', 'utf8');
const section = /(<!-- main-job -->)[\s\S]*(<!-- end main-job -->)/;
writeFileSync('docs/results.md', page.replace(section, `$1\nMachine: ${machine}.\n\n${table}\n$2`));
process.stdout.write(`${table}\n`);
