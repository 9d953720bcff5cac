/**
 * One turn of the class loop without any label: a general model that has never seen the specimen picks, its picks are classified, classes of which
 * most members are wrong are rejected (the truth stands for a person who looks at the averages), and a model is trained on what was kept and what
 * was rejected, as the command line does it. Judged on micrographs of which nothing was picked. Writes docs/results/class-loop.json after every
 * specimen, goes on from there, and then writes the table in docs/results.md.
 * Usage: npm run bench -- class-loop [--fresh] [--minutes 20]
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Image } from '../src/core/micrograph.js';
import type { ScoredParticle } from '../src/core/particle.js';
import { random, shuffle } from '../src/core/random.js';
import { BOX_DIAMETERS } from '../src/core/sizes.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { indexPoints } from '../src/evaluation/match.js';
import { boxFits, cutParticle, normaliseBackground } from '../src/imaging/particle-image.js';
import { resample, toResampled } from '../src/imaging/resample.js';
import type { Model } from '../src/network/model.js';
import { rescaleModel } from '../src/picking/rescale.js';
import { CANDIDATE, decide } from '../src/picking/scout.js';
import { FEW_LABELS_RECIPE } from '../src/training/recipe.js';
import { train } from '../src/training/train.js';
import { classify } from '../src/verification/classes.js';
import {
  type DataSet,
  foldsOf,
  loadAll,
  type PickedMicrograph,
  pickAll,
  SPECIMENS,
  splitOfFold,
  spread,
} from './data-sets.js';
import { MACHINE } from './machine.js';
import { startTime, writeSection } from './results.js';
import { unseenModel } from './unseen.js';

const RESULTS = 'docs/results/class-loop.json';
const LOWEST = 0.003;
/** Micrographs that are picked and learned from, particles that are classified, classes, and pixels along an average. */
const [MICROGRAPHS, PARTICLES, CLASSES, SIDE] = [4, 500, 12, 48];
/** The general model is sure from this score on. */
const SURE = 0.9;
const SEED = 3;

interface Judged {
  readonly averagePrecision: number;
  readonly bestF1: number;
  readonly ownF1: number;
}

interface Result {
  readonly set: string;
  readonly classes: number;
  readonly rejectedClasses: number;
  readonly kept: number;
  readonly rejected: number;
  /** Share of true particles among the picks that were classified, and among those that were kept. */
  readonly purity: number;
  readonly keptPurity: number;
  readonly before: Judged;
  readonly after: Judged;
  /** Of the true particles that the general model was sure of on judged micrographs: how many, and how many are not found any more. */
  readonly sure: number;
  readonly lost: number;
  readonly seconds: number;
}

interface Classified {
  readonly name: string;
  readonly particle: ScoredParticle;
  readonly isTrue: boolean;
  readonly image: Image;
}

const isNear = (index: ReturnType<typeof indexPoints>, { x, y }: ScoredParticle, radius: number) =>
  (index?.within(x, y, radius).length ?? 0) > 0;

/** Images of picks from a threshold on. */
function imagesOf(
  set: DataSet,
  { name, micrograph, particles, result }: PickedMicrograph,
  threshold: number,
): Classified[] {
  const factor = (BOX_DIAMETERS * set.diameter) / SIDE;
  const small = resample(micrograph, factor);
  const truth = indexPoints(particles);
  return result.particles.flatMap((particle) => {
    const place = { x: toResampled(particle.x, factor), y: toResampled(particle.y, factor) };
    if (particle.score < threshold || !boxFits(place, SIDE, small)) return [];
    const image = normaliseBackground(cutParticle(small, place, SIDE));
    return [{ name, particle, isTrue: isNear(truth, particle, set.radius), image }];
  });
}

/** The class of each image. */
function classesOf(images: readonly Image[]): number[] {
  const rounds = classify(images, { classes: CLASSES, seed: SEED });
  for (;;) {
    const { done, value } = rounds.next();
    if (done) return value.members.map((member) => member.class);
  }
}

async function pickedBy(model: Model, set: DataSet, names: readonly string[]): Promise<PickedMicrograph[]> {
  const picked: PickedMicrograph[] = [];
  for await (const one of pickAll(set, model, names, { threshold: LOWEST })) picked.push(one);
  return picked;
}

function judge(set: DataSet, picked: readonly PickedMicrograph[], threshold: number): Judged {
  const micrographs = picked.map(({ name, particles, result }) => ({
    name,
    truth: particles,
    picks: result.particles,
  }));
  const { averagePrecision, bestF1, atThreshold } = evaluate(micrographs, { radius: set.radius, threshold });
  return { averagePrecision, bestF1: bestF1?.f1 ?? 0, ownF1: atThreshold?.f1 ?? 0 };
}

/** True particles that a model was sure of, and those of them that another one does not find at its threshold. */
function sureAndLost(
  set: DataSet,
  before: readonly PickedMicrograph[],
  after: readonly PickedMicrograph[],
  threshold: number,
) {
  let [sure, lost] = [0, 0];
  for (const [i, { particles, result }] of before.entries()) {
    const truth = indexPoints(particles);
    const right = result.particles.filter((pick) => pick.score >= SURE && isNear(truth, pick, set.radius));
    const found = indexPoints(after[i].result.particles.filter(({ score }) => score >= threshold));
    sure += right.length;
    lost += right.filter((pick) => !isNear(found, pick, set.radius)).length;
  }
  return { sure, lost };
}

async function trained(
  set: DataSet,
  names: readonly string[],
  general: Model,
  kept: readonly Classified[],
  rejected: readonly Classified[],
) {
  const of = (some: readonly Classified[], name: string) =>
    some.filter((one) => one.name === name).map(({ particle: { x, y } }) => ({ x, y }));
  async function* labelled() {
    for await (const one of loadAll(set, names)) {
      yield { ...one, particles: of(kept, one.name), negatives: of(rejected, one.name) };
    }
  }
  const options = { diameter: set.diameter, edge: set.edge, recipe: FEW_LABELS_RECIPE, start: general.weights };
  for await (const report of train(labelled(), options)) if (report.kind === 'done') return report.model;
  throw new Error(`${set.name}: nothing was trained`);
}

async function run(set: DataSet): Promise<Result> {
  const general = await unseenModel(set.name);
  const sized = rescaleModel(general, set.diameter);
  const { judged, others } = splitOfFold(set, foldsOf(set) > 1 ? 1 : 0);
  const names = spread(others, Math.min(MICROGRAPHS, others.length));
  const picked = await pickedBy(sized, set, names);
  const looked = picked.map(({ result }) =>
    result.particles.map(({ score }) => score).filter((score) => score >= CANDIDATE),
  );
  const { threshold } = decide(looked.slice(0, 3), general.metadata.threshold);
  const all = shuffle(
    picked.flatMap((one) => imagesOf(set, one, threshold)),
    random(SEED),
  ).slice(0, PARTICLES);
  const started = performance.now();
  const classes = classesOf(all.map(({ image }) => image));
  const numbers = [...new Set(classes)];
  const share = (some: readonly Classified[]) => some.filter(({ isTrue }) => isTrue).length / Math.max(1, some.length);
  const wrong = new Set(numbers.filter((number) => share(all.filter((_, i) => classes[i] === number)) < 0.5));
  const kept = all.filter((_, i) => !wrong.has(classes[i]));
  const rejected = all.filter((_, i) => wrong.has(classes[i]));
  const model = await trained(set, names, general, kept, rejected);
  const seconds = (performance.now() - started) / 1000;
  const [before, after] = [await pickedBy(sized, set, judged), await pickedBy(model, set, judged)];
  return {
    ...{ set: set.name, classes: numbers.length, rejectedClasses: wrong.size },
    ...{ kept: kept.length, rejected: rejected.length, purity: share(all), keptPurity: share(kept), seconds },
    before: judge(set, before, threshold),
    after: judge(set, after, model.metadata.threshold),
    ...sureAndLost(set, before, after, model.metadata.threshold),
  };
}

const fresh = process.argv.includes('--fresh') || !existsSync(RESULTS);
const results: Result[] = fresh ? [] : JSON.parse(readFileSync(RESULTS, 'utf8')).results;
const hasTime = startTime();
for (const set of SPECIMENS) {
  if (results.some((result) => result.set === set.name) || !hasTime()) continue;
  // Where the general model is no help (raw apoferritin), it picks nothing that could be classified.
  const result = await run(set).catch((error: Error) => {
    process.stderr.write(`${set.name}: ${error.message.slice(0, 300)}\n`);
    return null;
  });
  if (!result) continue;
  results.push(result);
  process.stderr.write(`${JSON.stringify(result)}\n`);
  writeFileSync(RESULTS, `${JSON.stringify({ machine: MACHINE, results }, null, 1)}\n`);
}
const three = (value: number) => value.toFixed(3);
const rows = results.map(({ set, before, after, ...one }) => {
  const own = (judged: Judged) => `${three(judged.ownF1)} of ${three(judged.bestF1)}`;
  const cells = [
    ...[set, `${one.rejectedClasses} of ${one.classes}`, one.kept, one.rejected],
    ...[`${(100 * one.purity).toFixed(0)} %`, `${(100 * one.keptPurity).toFixed(0)} %`],
    ...[three(before.averagePrecision), three(after.averagePrecision), own(before), own(after)],
    ...[`${one.lost} of ${one.sure}`, one.seconds.toFixed(0)],
  ];
  return `| ${cells.join(' | ')} |`;
});
const header = [
  ...['set', 'classes rejected', 'particles kept', 'rejected', 'right before', 'right among kept'],
  ...['AP before', 'AP after', 'own F1 of best before', 'own F1 of best after', 'sure particles lost', 's'],
];
writeSection(
  'class-loop',
  [`Machine: ${MACHINE}.`, '', `| ${header.join(' | ')} |`, `|${'---|'.repeat(header.length)}`, ...rows].join('\n'),
);
