/**
 * Retraining with sorted picks: a model of 50 labels on two micrographs picks two others, at most 100 of the picks of each are sorted by the
 * truth, and the model before and the one after are judged on further micrographs. Goes on where it was stopped.
 * Writes docs/results/retrain.json and the table in docs/results.md.
 * Usage: npm run bench -- retrain [--seeds 3] [--minutes 30]
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isInside, type Point } from '../src/core/particle.js';
import { random, shuffle } from '../src/core/random.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { matchPicks } from '../src/evaluation/match.js';
import { loadModel } from '../src/storage/model-file.js';
import { type DataSet, loadAll, namesOf, pickAll, SPECIMENS } from './data-sets.js';
import { MACHINE } from './machine.js';
import { startTime, writeSection } from './results.js';

const { values: given } = parseArgs({
  options: { seeds: { type: 'string', default: '3' }, minutes: { type: 'string' }, out: { type: 'string' } },
});
const RESULTS = given.out ?? 'docs/results/retrain.json';
const [LABELS, SORTED, LOWEST, MOST_JUDGED] = [50, 100, 0.005, 4];

interface Row {
  readonly set: string;
  readonly seed: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly before: Judged;
  readonly after: Judged;
  readonly kept: boolean;
}

interface Judged {
  readonly ap: number;
  readonly best: number;
  readonly own: number;
}

function deepem(...args: string[]): string {
  return execFileSync(process.execPath, ['dist/cli/main.js', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function write(folder: string, name: string, points: readonly Point[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.csv`), `x,y\n${points.map(({ x, y }) => `${x},${y}\n`).join('')}`);
}

async function judge(set: DataSet, file: string, names: readonly string[]): Promise<Judged> {
  const model = await loadModel(file);
  const picked = [];
  for await (const { name, particles, result } of pickAll(set, model, names, { threshold: LOWEST }))
    picked.push({ name, truth: particles, picks: result.particles });
  const { threshold } = model.metadata;
  const { averagePrecision, bestF1, atThreshold } = evaluate(picked, { radius: set.radius, threshold });
  return { ap: averagePrecision, best: bestF1?.f1 ?? 0, own: atThreshold?.f1 ?? 0 };
}

async function run(set: DataSet, seed: number): Promise<Row> {
  const work = mkdtempSync(join(tmpdir(), 'deepem-retrain-'));
  const names = shuffle([...namesOf(set)], random(seed, 1));
  const each = names.length > 3 ? 2 : 1;
  const [first, sorted] = [names.slice(0, each), names.slice(each, 2 * each)];
  const judged = names.slice(2 * each, 2 * each + MOST_JUDGED);
  const files = (some: readonly string[]) => some.map((name) => join(set.micrographs, name + set.ending));
  const how = ['--diameter', `${set.diameter}px`, '--edge', `${set.edge}px`];
  for await (const { name, micrograph, particles } of loadAll(set, first)) {
    const usable = particles.filter((point) => isInside(point, micrograph.width, micrograph.height, set.edge));
    write(join(work, 'labels'), name, shuffle(usable, random(seed, 2)).slice(0, LABELS / each));
  }
  const [model, better] = [join(work, 'model.onnx'), join(work, 'better.onnx')];
  deepem('train', ...files(first), '--picks', join(work, 'labels'), ...how, '-o', model, '--seed', `${seed + 1}`);
  let [accepted, rejected] = [0, 0];
  for await (const { name, particles, result } of pickAll(set, await loadModel(model), sorted, {})) {
    const some = shuffle([...result.particles], random(seed, 3)).slice(0, SORTED);
    const matches = matchPicks(particles, some, set.radius);
    const of = (right: boolean) => matches.filter(({ truth }) => truth >= 0 === right).map(({ pick }) => pick);
    write(join(work, 'accepted'), name, of(true));
    write(join(work, 'rejected'), name, of(false));
    accepted += of(true).length;
    rejected += of(false).length;
  }
  const places = ['--accepted', join(work, 'accepted'), '--rejected', join(work, 'rejected')];
  const said = deepem('retrain', model, ...files(sorted), ...places, '-o', better, '--force');
  const row = {
    ...{ set: set.name, seed, accepted, rejected },
    before: await judge(set, model, judged),
    after: await judge(set, better, judged),
    kept: said.includes('was kept'),
  };
  rmSync(work, { recursive: true });
  return row;
}

const rows: Row[] = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')).rows : [];
const hasTime = startTime();
for (let seed = 0; seed < Number(given.seeds); seed++) {
  for (const set of SPECIMENS) {
    if (rows.some((row) => row.set === set.name && row.seed === seed) || !hasTime()) continue;
    const row = await run(set, seed).catch((error: Error) => {
      process.stderr.write(`${set.name} ${seed}: ${error.message.slice(0, 300)}\n`);
      return null;
    });
    if (!row) continue;
    rows.push(row);
    process.stderr.write(`${JSON.stringify(row)}\n`);
    writeFileSync(RESULTS, `${JSON.stringify({ machine: MACHINE, rows }, null, 1)}\n`);
  }
}
const three = (value: number) => value.toFixed(3);
const table = SPECIMENS.flatMap(({ name }) => {
  const own = rows.filter((row) => row.set === name);
  if (own.length === 0) return [];
  const mean = (of: (row: Row) => number) => own.reduce((sum, row) => sum + of(row), 0) / own.length;
  const gains = own.map(({ before, after }) => after.ap - before.ap);
  const cells = [
    ...[name, own.length, mean(({ accepted }) => accepted).toFixed(0), mean(({ rejected }) => rejected).toFixed(0)],
    ...[three(mean(({ before }) => before.ap)), three(mean(({ after }) => after.ap))],
    `${three(mean(({ before, after }) => after.ap - before.ap))} (${three(Math.min(...gains))} to ${three(Math.max(...gains))})`,
    ...[three(mean(({ before }) => before.own)), three(mean(({ after }) => after.own))],
    own.filter(({ kept }) => kept).length,
  ];
  return [`| ${cells.join(' | ')} |`];
});
if (!given.out)
  writeSection(
    'retrain',
    [
      '| specimen | seeds | accepted | rejected | AP before | AP after | gain (lowest to highest) | own F1 before | own F1 after | earlier model kept |',
      `|${'---|'.repeat(10)}`,
      ...table,
    ].join('\n'),
  );
