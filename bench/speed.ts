/**
 * Speed: dense scoring against box by box, the share of the machine's matrix-product limit that scoring and training reach, the stages
 * and the memory of picking micrographs of several sizes, throughput over 50 micrographs, training to a fixed accuracy, and growth
 * with candidates. Every ratio is measured in one run; each time is the median of 5, with the spread, unless it says otherwise.
 * Writes docs/results/speed.json, from which the tables in docs/results.md are made. Some 20 minutes.
 * Usage: npm run bench -- speed
 */

import { spawn, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Image } from '../src/core/micrograph.js';
import { random } from '../src/core/random.js';
import { matchPicks } from '../src/evaluation/match.js';
import { writeMrc } from '../src/formats/mrc.js';
import { wholeFrame } from '../src/imaging/frame.js';
import { type Architecture, layerShapes, patchSide } from '../src/network/architecture.js';
import { buildBoxGraph } from '../src/network/box-graph.js';
import { denseOperations } from '../src/network/cost.js';
import { encodeModel } from '../src/network/model.js';
import { GraphBuilder } from '../src/network/onnx.js';
import { initialWeights } from '../src/network/parameters.js';
import { PRESETS } from '../src/network/presets.js';
import { blobModel } from '../src/picking/blob.js';
import { findPeaks, suppressClose } from '../src/picking/peaks.js';
import { prepareForPicking } from '../src/picking/pick.js';
import { choosePreparation } from '../src/picking/prepare.js';
import { openScorer } from '../src/picking/score-map.js';
import { findCandidates, groundsOf, selectParticles } from '../src/picking/selection.js';
import { threadCount } from '../src/runtime/cpus.js';
import { type Engine, startEngine } from '../src/runtime/engine.js';
import { writeWhole } from '../src/storage/files.js';
import { loadModel } from '../src/storage/model-file.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { startGradientWorkers } from '../src/training/gradient-workers.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { MACHINE, runProgram } from './machine.js';

const RUNS = 5;
const STEP = 3;
/** Of the paper's micrographs, by preset. */
const PAPER_SIZES: Readonly<Record<string, readonly [number, number]>> = {
  klh: [2048, 2048],
  '19s': [1855, 1919],
  '26s': [1855, 1919],
  inflammasome: [1855, 1919],
};
const SIZES: readonly (readonly [number, number])[] = [
  [2048, 2048],
  [4096, 4096],
  [5760, 4092],
  [8192, 8192],
  [11520, 8184],
];
/** Micrographs of the throughput, and their side. */
const MANY = 50;
const SIDE = 4096;
const CANDIDATES = [1e3, 1e4, 1e5, 1e6];
/** Held-out accuracy that a training is timed to. */
const ACCURACY = 0.95;

/** Median and spread of seconds. */
interface Timing {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

async function time(work: () => Promise<unknown>): Promise<Timing> {
  await work();
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    await work();
    seconds.push((performance.now() - started) / 1000);
  }
  seconds.sort((a, b) => a - b);
  return { median: seconds[RUNS >> 1], low: seconds[0], high: seconds[RUNS - 1] };
}

function noise(width: number, height: number): Image {
  const source = random(1);
  return { pixels: Float32Array.from({ length: width * height }, () => source.normal()), width, height };
}

/** FLOP/s of the largest matrix product that the engine does well. */
async function matrixLimit(engine: Engine): Promise<number> {
  const side = 2048;
  const graph = new GraphBuilder();
  const [a, b] = [graph.input('a', [side, side]), graph.input('b', [side, side])];
  const corner = graph.node('ReduceMean', [graph.node('MatMul', [a, b]), graph.integers([0, 1])], { keepdims: 0 });
  graph.output('mean', corner, []);
  const session = await engine.load(graph.build('matrix product'));
  const { pixels } = noise(side, side);
  const feeds = { a: { dims: [side, side], data: pixels }, b: { dims: [side, side], data: pixels } };
  const { median } = await time(() => session.run(feeds));
  await session.release();
  return (2 * side ** 3) / median;
}

async function denseAndBoxes(engine: Engine, name: string, limit: number) {
  const architecture = PRESETS[name];
  const weights = initialWeights(architecture, random(1));
  const { box } = architecture;
  const size = PAPER_SIZES[name];
  const dense = await timeDense(engine, architecture, size, STEP);
  const batch = 4;
  const session = await engine.load(buildBoxGraph(architecture, weights));
  const boxes = { dims: [batch, 1, box, box], data: noise(box, box * batch).pixels };
  const one = await time(() => session.run({ boxes }));
  await session.release();
  const { positions, median: denseSeconds } = dense;
  const boxSeconds = (4 * one.median * positions) / batch;
  const every = await timeDense(engine, architecture, size, 1);
  const share = (step: number, timing: typeof dense) =>
    (denseOperations(architecture, step) * timing.positions) / timing.median / limit;
  return {
    ...{ name, size, positions, boxSeconds, denseSeconds, ratio: boxSeconds / denseSeconds },
    ...{ dense, every, box: one, share: share(STEP, dense), shareAtStep1: share(1, every) },
  };
}

/** A whole micrograph of noise. */
async function timeDense(
  engine: Engine,
  architecture: Architecture,
  [width, height]: readonly [number, number],
  step: number,
) {
  const scorer = await openScorer(engine, architecture, initialWeights(architecture, random(1)), { step });
  const image = { ...noise(width, height), factor: 1 };
  let positions = 0;
  const timing = await time(async () => {
    const map = await scorer.score(image);
    positions = map.width * map.height;
  });
  await scorer.release();
  return { ...timing, positions };
}

/** Operations of one training step: forward, and twice as many backward. */
function trainingOperations(architecture: Architecture, batch: number, positions: number): number {
  const shapes = layerShapes(architecture);
  const side = patchSide(architecture, positions);
  const perBox = architecture.layers.reduce((sum, layer, i) => {
    const { maps, side } = shapes[i];
    if (layer.type === 'convolution') return sum + 2 * layer.maps * maps * layer.kernel ** 2 * shapes[i + 1].side ** 2;
    return layer.type === 'fully-connected' ? sum + 2 * layer.units * maps * side ** 2 : sum;
  }, 0);
  return 3 * batch * perBox * (side / architecture.box) ** 2;
}

async function training(limit: number) {
  const { architecture, batch, loss, sampling } = AUTO_RECIPE;
  const positions = sampling.kind === 'patches' ? sampling.positions : 1;
  const workers = await startGradientWorkers({ architecture, loss, batch, positions, threads: threadCount() });
  const side = patchSide(architecture, positions);
  const weights = initialWeights(architecture, random(1));
  const part = () => new Float32Array(batch * positions ** 2).fill(1 / (batch * positions ** 2));
  const data = {
    count: batch,
    patches: noise(side, side * batch).pixels,
    positiveWeights: part(),
    negativeWeights: part(),
  };
  const timing = await time(() => workers.compute(weights, data, random(1)));
  await workers.close();
  return {
    ...timing,
    examplesPerSecond: batch / timing.median,
    share: trainingOperations(architecture, batch, positions) / timing.median / limit,
  };
}

/** Seconds of each stage of a micrograph, with the blob picker's network replaced by the default recipe's. */
async function stages(engine: Engine, work: string, [width, height]: readonly [number, number], model: string) {
  const file = join(work, `m${width}.mrc`);
  writeFileSync(file, writeMrc(noise(width, height), 1.77, 'speed'));
  const { architecture, metadata } = await loadModel(model);
  const scorer = await openScorer(engine, architecture, initialWeights(architecture, random(1)));
  const micrograph = await readMicrograph(file);
  const prepared = () => prepareForPicking(micrograph, metadata);
  const { image, grey, unevenness } = prepared();
  const scoreMap = await scorer.score(image);
  const selection = {
    ...{ threshold: 0, minDistance: 54, edge: 54, box: architecture.box },
    ...{ deviationRange: null, unevennessLimit: metadata.unevennessLimit, overlapDistance: null, isExcluded: null },
  };
  const grounds = groundsOf(grey, metadata.preparation, metadata.diameter, unevenness);
  const select = () =>
    selectParticles(
      findCandidates(scoreMap, grounds, wholeFrame(micrograph), selection, selection.threshold),
      selection,
    );
  const { particles } = select();
  const out = join(work, 'written.csv');
  const seconds = {
    read: (await time(() => readMicrograph(file))).median,
    prepare: (await time(async () => prepared())).median,
    score: (await time(() => scorer.score(image))).median,
    peaks: (await time(async () => select())).median,
    write: (await time(() => writeWhole(out, particles.map(({ x, y, score }) => `${x},${y},${score}\n`).join(''))))
      .median,
  };
  await scorer.release();
  const folder = join(work, `out${width}`);
  const { kibibytes } = runProgram('pick', file, '--model', model, '--out', folder, '--step', '1');
  return { width, height, ...seconds, megabytes: kibibytes / 1024 };
}

/** Micrographs a second of the whole program, by threads: the first alone (cold), and what each further one adds (warm). */
function throughput(work: string, model: string) {
  const file = join(work, 'many_1.mrc');
  writeFileSync(file, writeMrc(noise(SIDE, SIDE), 1.77, 'speed'));
  const files = Array.from({ length: MANY }, (_, i) => join(work, `many_${i + 1}.mrc`));
  for (const link of files.slice(1)) linkSync(file, link);
  const list = join(work, 'many.txt');
  writeFileSync(list, `${files.join('\n')}\n`);
  return Array.from({ length: cpus().length }, (_, i) => i + 1).map((threads) => {
    const run = (what: string, i: number) =>
      runProgram(
        ...['pick', what, '--model', model, '--threads', String(threads)],
        ...['--out', join(work, `t${threads}_${what.length}_${i}`)],
      );
    const times = (what: string, runs: number) =>
      Array.from({ length: runs }, (_, i) => run(what, i).seconds).sort((a, b) => a - b);
    const one = times(file, RUNS);
    const all = times(`@${list}`, 3);
    return { threads, first: one[RUNS >> 1], all: all[1], perSecond: (MANY - 1) / (all[1] - one[RUNS >> 1]) };
  });
}

/** Seconds until a training on simulated micrographs has a held-out accuracy, once. */
async function secondsToAccuracy(work: string) {
  const folder = join(work, 'simulated');
  const simulate = ['simulate', '--out', folder, '--micrographs', '4', '--size', '1024', '--snr', '0.05'];
  spawnSync(process.execPath, ['dist/cli/main.js', ...simulate, '--particles', '80', '--seed', '1']);
  const started = performance.now();
  const train = ['train', folder, '--picks', folder, '--diameter', '48px', '-o', join(work, 's.onnx'), '--json'];
  const child = spawn(process.execPath, ['dist/cli/main.js', ...train], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seconds: number | null = null;
  for await (const line of createInterface(child.stdout)) {
    const { accuracy } = JSON.parse(line) as { accuracy?: number };
    if (seconds === null && accuracy !== undefined && accuracy >= ACCURACY)
      seconds = (performance.now() - started) / 1000;
  }
  return { accuracy: ACCURACY, seconds };
}

/** Seconds for peaks, suppression and matching of so many candidates. */
async function growth(candidates: number) {
  const side = Math.ceil(Math.sqrt(candidates)) * 4;
  const scoreMap = { ...noise(side, side), step: 1, origin: 0, factor: 1 };
  const peaks = findPeaks(scoreMap, -Infinity).slice(0, candidates);
  const kept = suppressClose(peaks, 3);
  const seconds = {
    peaks: (await time(async () => findPeaks(scoreMap, -Infinity))).median,
    suppression: (await time(async () => suppressClose(peaks, 3))).median,
    matching: (await time(async () => matchPicks(kept, kept, 3))).median,
  };
  return { candidates: peaks.length, ...seconds };
}

const engine = startEngine(threadCount());
const work = mkdtempSync(join(tmpdir(), 'deepem-speed-'));
const limit = await matrixLimit(engine);
process.stderr.write(`matrix product: ${(limit / 1e9).toFixed(1)} GFLOP/s\n`);
const dense = [];
for (const name of Object.keys(PAPER_SIZES)) {
  dense.push(await denseAndBoxes(engine, name, limit));
  process.stderr.write(`${JSON.stringify(dense.at(-1))}\n`);
}
const step = await training(limit);
process.stderr.write(`${JSON.stringify(step)}\n`);
const base = blobModel(108, 1.77);
const { architecture } = AUTO_RECIPE;
const preparation = choosePreparation(108, architecture.box, AUTO_RECIPE.boxDiameters);
const settings = { preparation, smoothing: 1.5, diameter: 108, unevennessLimit: 3, threshold: 0.9 };
const model = join(work, 'model.onnx');
const weights = initialWeights(architecture, random(1));
const modelFor = (scoring: { step: number; turns: 1 | 2 | 4 }) =>
  writeFileSync(model, encodeModel({ architecture, weights, metadata: { ...base.metadata, ...settings, scoring } }));
modelFor({ step: 1, turns: 4 });
const sizes = [];
for (const size of SIZES) {
  sizes.push(await stages(engine, work, size, model));
  process.stderr.write(`${JSON.stringify(sizes.at(-1))}\n`);
}
await engine.close();
modelFor(AUTO_RECIPE.scoring);
const rates = throughput(work, model);
process.stderr.write(`${JSON.stringify(rates)}\n`);
const accuracy = await secondsToAccuracy(work);
process.stderr.write(`${JSON.stringify(accuracy)}\n`);
const grown = [];
for (const candidates of CANDIDATES) {
  grown.push(await growth(candidates));
  process.stderr.write(`${JSON.stringify(grown.at(-1))}\n`);
}
rmSync(work, { recursive: true });
mkdirSync('docs/results', { recursive: true });
const results = {
  machine: MACHINE,
  matrixFlops: limit,
  dense,
  training: step,
  sizes,
  throughput: rates,
  accuracy,
  growth: grown,
};
writeFileSync('docs/results/speed.json', `${JSON.stringify(results, null, 1)}\n`);
