/**
 * The general model on every real set, with the diameter and no label: average precision, F1 at the threshold that the scores of three
 * micrographs give, the measure of the CryoPPP comparison (matches within half a diameter, mean over micrographs), and what a diameter costs
 * that is off by a quarter; beside a general model that has never seen the specimen, and the blob picker. Writes docs/results/general.json and the table in docs/results.md.
 * Usage: npm run bench -- general [MODEL.onnx]
 */

import { writeFileSync } from 'node:fs';
import { evenly } from '../src/core/evenly.js';
import type { Point, ScoredParticle } from '../src/core/particle.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { LOOKED_AT } from '../src/evaluation/mixture.js';
import type { Model } from '../src/network/model.js';
import { blobModel } from '../src/picking/blob.js';
import { estimateDiameter } from '../src/picking/estimate-diameter.js';
import type { SizedImage } from '../src/picking/pick.js';
import { rescaleModel } from '../src/picking/rescale.js';
import { CANDIDATE, decide } from '../src/picking/scout.js';
import { threadCount } from '../src/runtime/cpus.js';
import { startEngine } from '../src/runtime/engine.js';
import { GENERAL_MODEL_FILE, loadModel } from '../src/storage/model-file.js';
import { type DataSet, loadAll, namesOf, pickAll, SPECIMENS } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';
import { unseenModel } from './unseen.js';

/** Diameters that a person might give, as parts of the right one. */
const SIZES = [0.75, 0.8, 1, 1.25, 1.33];
const LOWEST = 0.003;

interface Judged {
  readonly name: string;
  readonly truth: readonly Point[];
  readonly picks: readonly ScoredParticle[];
}

async function judge(set: DataSet, model: Model): Promise<{ micrographs: Judged[]; seconds: number }> {
  const micrographs: Judged[] = [];
  const started = performance.now();
  for await (const { name, particles, result } of pickAll(set, model, namesOf(set), { threshold: LOWEST })) {
    micrographs.push({ name, truth: particles, picks: result.particles });
  }
  return { micrographs, seconds: (performance.now() - started) / 1000 / micrographs.length };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Precision, recall and F1 of each micrograph at a threshold, averaged. */
function comparison(micrographs: readonly Judged[], set: DataSet, threshold: number) {
  const each = micrographs.map((one) => {
    const { atThreshold } = evaluate([one], { radius: set.diameter / 2, threshold });
    return { precision: atThreshold?.precision ?? 0, recall: atThreshold?.recall ?? 0, f1: atThreshold?.f1 ?? 0 };
  });
  const of = (key: 'precision' | 'recall' | 'f1') => mean(each.map((one) => one[key]));
  return { precision: of('precision'), recall: of('recall'), f1: of('f1') };
}

/** What `--diameter auto` makes of the first and the last micrograph. */
async function estimate(set: DataSet, general: Model) {
  const names = namesOf(set);
  const micrographs: SizedImage[] = [];
  for await (const { micrograph } of loadAll(set, [names[0], names[names.length - 1]])) {
    micrographs.push({ ...micrograph, pixelSize: null });
  }
  const engine = startEngine(threadCount());
  const started = performance.now();
  const { diameter, margin } = await estimateDiameter(micrographs, general, engine);
  await engine.close();
  return { ratio: diameter / set.diameter, margin, seconds: (performance.now() - started) / 1000 };
}

async function measure(set: DataSet, general: Model) {
  const sizes: Record<string, number> = {};
  let found: Awaited<ReturnType<typeof judge>> | undefined;
  for (const size of SIZES) {
    const judged = await judge(set, rescaleModel(general, size * set.diameter));
    sizes[size] = evaluate(judged.micrographs, { radius: set.radius }).averagePrecision;
    if (size === 1) found = judged;
  }
  if (!found) throw new Error('the right size was not tried');
  const looked = evenly(found.micrographs, LOOKED_AT).map(({ picks }) =>
    picks.filter(({ score }) => score >= CANDIDATE).map(({ score }) => score),
  );
  const { threshold } = decide(looked, general.metadata.threshold);
  const { averagePrecision, bestF1, atThreshold } = evaluate(found.micrographs, { radius: set.radius, threshold });
  const unseen = await judge(set, rescaleModel(await unseenModel(set.name), set.diameter));
  const left = evaluate(unseen.micrographs, { radius: set.radius });
  const blob = await judge(set, blobModel(set.diameter, null));
  const blobs = evaluate(blob.micrographs, { radius: set.radius });
  return {
    ...{ set: set.name, micrographs: found.micrographs.length, averagePrecision, threshold, sizes },
    ...{ bestF1: bestF1?.f1 ?? 0, bestThreshold: bestF1?.threshold ?? 0, ownF1: atThreshold?.f1 ?? 0 },
    comparison: comparison(found.micrographs, set, threshold),
    estimated: await estimate(set, general),
    unseen: { averagePrecision: left.averagePrecision, bestF1: left.bestF1?.f1 ?? 0 },
    blob: { averagePrecision: blobs.averagePrecision, bestF1: blobs.bestF1?.f1 ?? 0 },
    seconds: found.seconds,
  };
}

const file = process.argv[2] ?? GENERAL_MODEL_FILE;
const general = await loadModel(file);
const results = [];
for (const set of SPECIMENS) {
  const result = await measure(set, general);
  results.push(result);
  process.stderr.write(`${JSON.stringify(result)}\n`);
}
if (file === GENERAL_MODEL_FILE) {
  writeFileSync(
    'docs/results/general.json',
    `${JSON.stringify({ machine: MACHINE, model: general.metadata.recipe, results }, null, 1)}\n`,
  );
  const header = [
    ...[
      'set',
      'micrographs',
      'blobs: AP',
      'best F1',
      'never seen: AP',
      'best F1',
      'general: AP',
      'best F1',
      'own F1',
      'own threshold',
    ],
    ...['P / R / F1 within half a diameter', ...SIZES.filter((size) => size !== 1).map((size) => `AP at ${size}x`)],
    's a micrograph',
  ];
  const rows = results.map((one) => [
    ...[one.set, one.micrographs, one.blob.averagePrecision.toFixed(3), one.blob.bestF1.toFixed(3)],
    ...[one.unseen.averagePrecision.toFixed(3), one.unseen.bestF1.toFixed(3)],
    ...[one.averagePrecision, one.bestF1, one.ownF1, one.threshold].map((value) => value.toFixed(3)),
    [one.comparison.precision, one.comparison.recall, one.comparison.f1].map((value) => value.toFixed(2)).join(' / '),
    ...SIZES.filter((size) => size !== 1).map((size) => one.sizes[size].toFixed(3)),
    one.seconds.toFixed(2),
  ]);
  const table = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  writeSection('general', table.join('\n'));
  const found = results.map(({ set, estimated: { ratio, margin, seconds } }) => {
    return `| ${set} | ${ratio.toFixed(2)} | ${margin.toFixed(1)} | ${seconds.toFixed(1)} |`;
  });
  const head = ['| set | estimate / diameter | logits by which other sizes are worse | s |', '|---|---|---|---|'];
  writeSection('general-diameters', [...head, ...found].join('\n'));
}
