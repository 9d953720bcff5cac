/**
 * What was tried to pick beta-galactosidase better, each in the same cross-validation: trained without two micrographs, judged
 * on these; and how well labels can be found at all, by training on what is judged as well. Writes docs/results/attempts.json after every training and goes on from there, then the table in docs/results.md.
 * Usage: npm run bench -- attempts [--fresh] [--minutes 20]: begins no further training after so long
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { evaluate } from '../src/evaluation/evaluate.js';
import type { Architecture, Layer } from '../src/network/architecture.js';
import type { Model } from '../src/network/model.js';
import type { Weights } from '../src/network/parameters.js';
import { WINDOWS } from '../src/picking/prepare.js';
import { AUTO_RECIPE, type PatchSampling, type Recipe } from '../src/training/recipe.js';
import { type TrainOptions, train } from '../src/training/train.js';
import { BETA_GALACTOSIDASE, foldsOf, loadAll, pickAll, splitOfFold, spread } from './data-sets.js';
import { MACHINE } from './machine.js';
import { startTime, writeSection } from './results.js';

const { diameter, edge, radius } = BETA_GALACTOSIDASE;
const RESULTS = 'docs/results/attempts.json';
/** The first fold judges the micrograph whose labels are half missing: attempts are compared on others. */
const FOLDS = [1, 2];
const ALL_FOLDS = Array.from({ length: foldsOf(BETA_GALACTOSIDASE) }, (_, fold) => fold);
/** Picks below this are not judged. */
const LOWEST = 0.005;

/** One way to train. */
interface Attempt {
  readonly name: string;
  readonly recipe?: Partial<Recipe>;
  readonly options?: Partial<TrainOptions>;
  /** Labels in all; all of them by default. */
  readonly labels?: number;
  /** Micrographs that are trained on, the middle ones of equal parts; all but the judged by default. */
  readonly micrographs?: number;
  /** Trainings from the same start, with seeds 1, 2, ..., whose weights are averaged; one by default. */
  readonly trainings?: number;
  /** Also trains on what is judged: no picker of this kind can be better. */
  readonly cheats?: boolean;
  /** Is judged by all folds, too. */
  readonly everywhere?: boolean;
}

interface Result {
  readonly attempt: string;
  readonly fold: number;
  readonly f1: number;
  readonly averagePrecision: number;
  readonly centringError: number;
  readonly trainSeconds: number;
}

const sampling = { ...(AUTO_RECIPE.sampling as PatchSampling), positions: 5 };
/** Recipe auto before the last two of what came of the attempts: wider windows, and a start from simulated particles. */
const LARGE_PATCHES: Recipe = { ...AUTO_RECIPE, windows: WINDOWS, pretrained: null };
/** What most attempts change: before patches of 7 x 7 positions, too. */
const BASE: Recipe = { ...LARGE_PATCHES, mostSteps: 1500, sampling };
const FROM_RANDOM: Recipe = { ...AUTO_RECIPE, pretrained: null };

function stage(maps: number, kernel: number, pool = true): Layer[] {
  const layers: Layer[] = [
    { type: 'convolution', maps, kernel },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
  ];
  return pool ? layers : layers.slice(0, 3);
}

function network(name: string, box: number, ...stages: Layer[][]): { architecture: Architecture } {
  const end: Layer[] = [
    { type: 'dropout', rate: 0.3 },
    { type: 'fully-connected', units: 1 },
  ];
  return { architecture: { name, box, layers: [...stages.flat(), ...end] } };
}

const WIDER = network('wider', 56, stage(24, 9), stage(48, 5), stage(64, 3));
const DEEPER = network('deeper', 64, stage(16, 9), stage(32, 5), stage(32, 3, false), stage(32, 3));
const FARTHER = network('farther', 80, stage(16, 9), stage(32, 5), stage(32, 3));
const QUARTER_TURNS = { sampling: { ...sampling, turnedShare: 0 } };

const FEWEST = { labels: 20, micrographs: 2, recipe: AUTO_RECIPE };

const ATTEMPTS: readonly Attempt[] = [
  { name: 'patches of 5 x 5 positions', everywhere: true },
  { name: 'trained on the judged micrographs as well', cheats: true, everywhere: true },
  { name: '50 labels: patches of 5 x 5 positions', labels: 50 },
  { name: 'nothing held out', options: { testFraction: 0 } },
  { name: '24, 48 and 64 maps instead of 16, 32 and 32', options: WIDER },
  { name: '50 labels: half the steps', labels: 50, recipe: { epochs: 6 } },
  { name: '50 labels: quarter turns only', labels: 50, recipe: QUARTER_TURNS },
  { name: '50 labels: unlabelled places are no particles', labels: 50, options: { labels: 'complete' } },
  { name: '50 labels: 24, 48 and 64 maps', labels: 50, options: WIDER },
  { name: 'unlabelled places are perhaps particles', options: { labels: 'incomplete' } },
  { name: 'a box of three diameters', recipe: { boxDiameters: 3 }, options: FARTHER },
  { name: 'a convolution more', recipe: { boxDiameters: 2.37 }, options: DEEPER },
  { name: 'twice the steps', recipe: { mostSteps: 2400 } },
  { name: '7 x 7 positions', recipe: LARGE_PATCHES },
  { name: '50 labels: 7 x 7 positions', labels: 50, recipe: LARGE_PATCHES },
  { name: 'and windows of 2 and 6 diameters: recipe auto', recipe: AUTO_RECIPE },
  { name: 'recipe auto, trained on the judged micrographs as well', recipe: AUTO_RECIPE, cheats: true },
  { name: '50 labels: and windows of 2 and 6 diameters', labels: 50, recipe: FROM_RANDOM },
  { name: '50 labels: and from simulated particles: recipe auto', labels: 50, recipe: AUTO_RECIPE },
  { name: '20 labels on 2 micrographs: recipe auto', ...FEWEST },
  { name: '20 labels on 2 micrographs: mean weights of three trainings', ...FEWEST, trainings: 3 },
];

/** Trains with seeds 1, 2, ...; the model has the mean of the weights, all else is the first one's. */
async function trainMean(
  names: readonly string[],
  { recipe, options, labels, trainings = 1 }: Attempt,
): Promise<Model> {
  const models: Model[] = [];
  for (let seed = 1; seed <= trainings; seed++) {
    const settings = { diameter, edge, recipe: { ...BASE, ...recipe }, seed, ...options };
    for await (const report of train(loadAll(BETA_GALACTOSIDASE, names, labels), settings)) {
      if (report.kind === 'done') models.push(report.model);
    }
  }
  const mean = (key: keyof Weights) =>
    models[0].weights[key].map((_, i) => models.reduce((sum, { weights }) => sum + weights[key][i], 0) / trainings);
  return { ...models[0], weights: { values: mean('values'), statistics: mean('statistics') } };
}

async function run(attempt: Attempt, fold: number): Promise<Result> {
  const { judged, others } = splitOfFold(BETA_GALACTOSIDASE, fold);
  const chosen = spread(others, attempt.micrographs);
  const started = performance.now();
  const model = await trainMean(attempt.cheats ? [...chosen, ...judged] : chosen, attempt);
  const trainSeconds = (performance.now() - started) / 1000;
  const micrographs = [];
  for await (const { name, particles, result } of pickAll(BETA_GALACTOSIDASE, model, judged, { threshold: LOWEST }))
    micrographs.push({ name, truth: particles, picks: result.particles });
  const { bestF1, averagePrecision, centringError } = evaluate(micrographs, { radius });
  const measures = { f1: bestF1?.f1 ?? 0, averagePrecision, centringError: centringError ?? 0 };
  return { attempt: attempt.name, fold, ...measures, trainSeconds };
}

const fresh = process.argv.includes('--fresh') || !existsSync(RESULTS);
const results: Result[] = fresh ? [] : JSON.parse(readFileSync(RESULTS, 'utf8')).results;
const hasTime = startTime();
for (const attempt of ATTEMPTS) {
  for (const fold of attempt.everywhere ? ALL_FOLDS : FOLDS) {
    if (results.some((result) => result.attempt === attempt.name && result.fold === fold)) continue;
    if (!hasTime()) continue;
    const result = await run(attempt, fold);
    results.push(result);
    writeFileSync(RESULTS, `${JSON.stringify({ machine: MACHINE, results }, null, 1)}\n`);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

/** The mean over some folds; nothing where they have not all been run. */
function row({ name }: Attempt, folds: readonly number[]): string[] {
  const own = results.filter(({ attempt, fold }) => attempt === name && folds.includes(fold));
  if (own.length < folds.length) return [];
  const mean = (value: (result: Result) => number) => own.reduce((sum, result) => sum + value(result), 0) / own.length;
  const [f1, precision] = [mean((result) => result.f1), mean((result) => result.averagePrecision)];
  const [centring, seconds] = [mean((result) => result.centringError), mean((result) => result.trainSeconds)];
  const cells = [name, folds.length, f1.toFixed(3), precision.toFixed(3), centring.toFixed(1), seconds.toFixed(0)];
  return [`| ${cells.join(' | ')} |`];
}

const table = [
  '| attempt | folds | best F1 | AP | centring, px | train, s |',
  `|${'---|'.repeat(6)}`,
  ...ATTEMPTS.flatMap((attempt) => row(attempt, FOLDS)),
  ...ATTEMPTS.filter(({ everywhere }) => everywhere).flatMap((attempt) => row(attempt, ALL_FOLDS)),
].join('\n');
writeSection('attempts', `${MACHINE}.\n\n${table}`);
