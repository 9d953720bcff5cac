/**
 * What is chosen on few held-out labels: for 5, 10, 20, ... labels of micrographs that were not trained on, the distance, filters, calibration
 * and threshold are chosen, and other micrographs judge. Models are trained once (bench/choice-models.ts). Writes
 * docs/results/choices.json, one list for each name, and the table in docs/results.md.
 * Usage: npm run bench -- choices [--draws 5] [--only sets|singles] [--sets NAME]; --table writes the table of the list that is there
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isInside, type Particle } from '../src/core/particle.js';
import { random } from '../src/core/random.js';
import { calibrate } from '../src/evaluation/calibration.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { wholeFrame } from '../src/imaging/frame.js';
import type { Model } from '../src/network/model.js';
import { pickScored } from '../src/picking/pick.js';
import { threadCount } from '../src/runtime/cpus.js';
import { startEngine } from '../src/runtime/engine.js';
import { type Choice, choose } from '../src/training/choose.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import type { ScoredRegion } from '../src/training/scored-region.js';
import { choiceFolds, type ScoredFold, scoreFold, singles } from './choice-models.js';
import { APOFERRITIN, type DataSet, SPECIMENS } from './data-sets.js';
import { writeSection } from './results.js';

const { values: given } = parseArgs({
  options: {
    as: { type: 'string', default: 'after' },
    draws: { type: 'string', default: '5' },
    sets: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    table: { type: 'boolean', default: false },
  },
});
const DRAWS = Number(given.draws);
const RESULTS = 'docs/results/choices.json';
const COUNTS = [5, 10, 20, 50, 100, 200, Number.POSITIVE_INFINITY];

/** Columns of held-out regions that hold so many labels, from a place drawn at random. */
function columnsWith(regions: readonly ScoredRegion[], count: number, seed: number): readonly ScoredRegion[] {
  const places = regions.flatMap((one) =>
    one.region.micrograph.positives
      .filter(({ x }) => x >= one.region.from && x <= one.region.to)
      .map(({ x }) => ({ one, x }))
      .sort((a, b) => a.x - b.x),
  );
  if (count >= places.length) return regions;
  const first = random(seed).integer(places.length - count + 1);
  const taken = places.slice(first, first + count);
  return regions.flatMap((one) => {
    const own = taken.filter((place) => place.one === one).map(({ x }) => x);
    if (own.length === 0) return [];
    return [{ ...one, region: { ...one.region, from: Math.min(...own), to: Math.max(...own) } }];
  });
}

/** Places of KLH that count neither as particles nor against a pick. */
function unsure(set: DataSet, name: string): Particle[] {
  const lines = readFileSync(join(set.truth, `${name}.csv`), 'utf8')
    .split('\n')
    .slice(1);
  return lines
    .map((line) => line.split(','))
    .filter(([, , , kind]) => kind !== undefined && !'ts'.includes(kind))
    .map(([x, y]) => ({ x: Number(x), y: Number(y) }));
}

/** How a model with a choice does on the judged micrographs. */
export async function judgeChoice({ fold: { set }, model, judged }: ScoredFold, choice: Partial<Choice>) {
  const chosen: Model = { ...model, metadata: { ...model.metadata, ...choice } };
  const micrographs = judged.map(async ({ region: { micrograph }, scoreMap, grounds, noise }) => {
    const { name, width, height } = micrograph;
    if (!noise) throw new Error('no noise was scored');
    const own = noise.scoreMap.pixels.map((score) => calibrate(chosen.metadata.calibration, score));
    const calibratedNoise = { ...noise, scoreMap: { ...noise.scoreMap, pixels: own } };
    const copy = { ...scoreMap, pixels: scoreMap.pixels.slice() };
    const { particles } = await pickScored(
      chosen,
      { frame: wholeFrame(micrograph), scoreMap: copy, grounds, noise: async () => calibratedNoise },
      { threshold: 1e-6, edge: set.edge },
    );
    const ignored = unsure(set, name);
    const near = (a: Particle, b: Particle) => Math.hypot(a.x - b.x, a.y - b.y) <= set.radius;
    return {
      name,
      truth: micrograph.positives.filter(
        (point) => isInside(point, width, height, set.edge) && !ignored.some((other) => near(point, { ...other })),
      ),
      picks: particles.filter((pick) => !ignored.some((other) => near(pick, other))),
    };
  });
  const { averagePrecision, bestF1, atThreshold } = evaluate(await Promise.all(micrographs), {
    radius: set.radius,
    threshold: chosen.metadata.threshold,
  });
  return { ap: averagePrecision, best: bestF1?.f1 ?? 0, own: atThreshold?.f1 ?? 0 };
}

interface Row {
  readonly set: string;
  readonly fold: string;
  readonly labels: number | 'all';
  readonly draw: number;
  readonly ap: number;
  readonly best: number;
  readonly own: number;
}

const known: Record<string, Row[]> = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
if (given.table) {
  writeSection('choices', tableOf(known.before ?? [], known[given.as] ?? []));
  process.exit();
}
const engine = startEngine(threadCount());
const rows: Row[] = [];
const sets = SPECIMENS.filter(({ name }) => name.includes(given.sets));
const folds = [
  ...(given.only === 'singles' ? [] : sets.flatMap(choiceFolds)),
  ...(given.only === 'sets' ? [] : singles(APOFERRITIN)),
];
for (const fold of folds) {
  const scored = await scoreFold(engine, fold);
  const counts = fold.heldOut.length > 0 ? COUNTS : [Number.POSITIVE_INFINITY];
  for (const count of counts) {
    for (let draw = 0; draw < (Number.isFinite(count) ? DRAWS : 1); draw++) {
      const regions = columnsWith(scored.heldOut, count, draw);
      if (Number.isFinite(count) && regions === scored.heldOut) continue;
      const result = choose(scored.model, regions, { recipe: AUTO_RECIPE, seed: 1 });
      const choice = 'unchosen' in result ? { deviationRange: null } : result.choice;
      const figures = await judgeChoice(scored, choice);
      const labels = Number.isFinite(count) ? count : ('all' as const);
      rows.push({ set: fold.set.name, fold: fold.name, labels, draw, ...figures });
      process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
    }
  }
}
await engine.close();
const lists = Object.entries({ ...known, [given.as]: rows }).map(([name, list]) => {
  const lines = list.map((row) =>
    JSON.stringify(row, (_, value) => (typeof value === 'number' ? rounded(value) : value)),
  );
  return `${JSON.stringify(name)}: [\n${lines.join(',\n')}\n]`;
});
writeFileSync(RESULTS, `{\n${lists.join(',\n')}\n}\n`);
writeSection('choices', tableOf(known.before ?? [], rows));

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

/** Means over folds and draws, before and after. */
function tableOf(before: readonly Row[], after: readonly Row[]): string {
  const groups = new Map<string, { set: string; labels: Row['labels'] }>();
  for (const { set, fold, labels } of after) {
    const name = fold.startsWith('only') ? `${set}, one micrograph to train on` : set;
    groups.set(`${name} ${labels}`, { set: name, labels });
  }
  const cells = (list: readonly Row[], set: string, labels: Row['labels']) => {
    const own = list.filter((row) => {
      const name = row.fold.startsWith('only') ? `${row.set}, one micrograph to train on` : row.set;
      return name === set && row.labels === labels;
    });
    const mean = (of: (row: Row) => number) =>
      own.length === 0 ? '-' : (own.reduce((sum, row) => sum + of(row), 0) / own.length).toFixed(3);
    const worst = Math.max(...own.map(({ best, own: at }) => best - at));
    return [mean(({ ap }) => ap), mean(({ own: at }) => at), mean(({ best, own: at }) => best - at), worst.toFixed(3)];
  };
  return [
    '| specimen | held-out labels | before: AP | own F1 | best - own | worst | after: AP | own F1 | best - own | worst |',
    `|${'---|'.repeat(10)}`,
    ...[...groups.values()].map(
      ({ set, labels }) =>
        `| ${[set, labels, ...cells(before, set, labels), ...cells(after, set, labels)].join(' | ')} |`,
    ),
  ].join('\n');
}
