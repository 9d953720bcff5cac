/**
 * Speed: dense scoring against box by box, the share of the machine's matrix-product limit that scoring and training reach, and
 * the stages and the memory of picking micrographs of several sizes. Every ratio is measured in one run; each time is the
 * median of 5, with the spread. Writes docs/results/speed.json and the tables in docs/results.md.
 * Usage: npm run bench:speed
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeMrc } from '../src/formats/mrc.js';
import type { Image } from '../src/micrograph.js';
import { type Architecture, layerShapes, patchSide } from '../src/network/architecture.js';
import { buildBoxGraph } from '../src/network/box-graph.js';
import { denseOperations } from '../src/network/cost.js';
import { encodeModel } from '../src/network/model.js';
import { GraphBuilder } from '../src/network/onnx.js';
import { initialWeights } from '../src/network/parameters.js';
import { PRESETS } from '../src/network/presets.js';
import { blobModel } from '../src/picking/blob.js';
import { choosePreparation, prepare } from '../src/picking/prepare.js';
import { openScorer } from '../src/picking/score-map.js';
import { random } from '../src/random.js';
import { type Engine, startEngine, threadCount } from '../src/runtime/engine.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { startGradientWorkers } from '../src/training/gradient-workers.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';

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
/** Side of the part of a micrograph that a dense graph is timed on, beside its box; the whole is scaled by positions. */
const PART = 384;

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

/** Positions of a grid along both sides. */
function positionsOf([width, height]: readonly [number, number], box: number, step: number): number {
  const along = (side: number) => Math.floor((side - box) / step) + 1;
  return along(width) * along(height);
}

async function denseAndBoxes(engine: Engine, name: string, limit: number) {
  const architecture = PRESETS[name];
  const weights = initialWeights(architecture, random(1));
  const { box } = architecture;
  const size = PAPER_SIZES[name];
  const dense = await timeDense(engine, architecture, STEP);
  const batch = 4;
  const session = await engine.load(buildBoxGraph(architecture, weights));
  const boxes = { dims: [batch, 1, box, box], data: noise(box, box * batch).pixels };
  const one = await time(() => session.run({ boxes }));
  await session.release();
  const positions = positionsOf(size, box, STEP);
  const boxSeconds = (4 * one.median * positions) / batch;
  const denseSeconds = dense.perPosition * positions;
  const every = await timeDense(engine, architecture, 1);
  return {
    ...{ name, size, positions, boxSeconds, denseSeconds, ratio: boxSeconds / denseSeconds },
    share: denseOperations(architecture, STEP) / dense.perPosition / limit,
    shareAtStep1: denseOperations(architecture, 1) / every.perPosition / limit,
  };
}

/** Seconds a position, on a part of a micrograph. */
async function timeDense(engine: Engine, architecture: Architecture, step: number) {
  const side = PART + architecture.box;
  const scorer = await openScorer(engine, architecture, initialWeights(architecture, random(1)), { step });
  const image = { ...noise(side, side), factor: 1 };
  const timing = await time(() => scorer.score(image));
  await scorer.release();
  return {
    ...timing,
    perPosition:
      timing.median / positionsOf([side + architecture.box - 1, side + architecture.box - 1], architecture.box, step),
  };
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
async function stages(engine: Engine, work: string, [width, height]: readonly [number, number], bytes: Uint8Array) {
  const file = join(work, `m${width}.mrc`);
  writeFileSync(file, writeMrc(noise(width, height), 1.77, 'speed'));
  const architecture = AUTO_RECIPE.architecture;
  const preparation = choosePreparation(108, architecture.box, AUTO_RECIPE.boxDiameters);
  const scorer = await openScorer(engine, architecture, initialWeights(architecture, random(1)));
  const micrograph = await readMicrograph(file);
  const { image } = prepare(micrograph, preparation, preparation.factor);
  const seconds = {
    read: (await time(() => readMicrograph(file))).median,
    prepare: (await time(async () => prepare(micrograph, preparation, preparation.factor))).median,
    score: (await time(() => scorer.score(image))).median,
  };
  await scorer.release();
  const model = join(work, 'model.onnx');
  writeFileSync(model, bytes);
  return { width, height, ...seconds, megabytes: peakMegabytes(file, model, join(work, `out${width}`)) };
}

/** Peak resident memory of the program picking one micrograph. */
function peakMegabytes(file: string, model: string, out: string): number {
  const args = [
    '-f',
    '%M',
    process.execPath,
    'dist/cli/main.js',
    'pick',
    file,
    '--model',
    model,
    '--out',
    out,
    '--step',
    '1',
  ];
  const { stderr } = spawnSync('/usr/bin/time', args, { encoding: 'utf8' });
  return Number(stderr.trim().split('\n').at(-1)) / 1024;
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
const sizes = [];
const base = blobModel(108, 1.77);
for (const size of SIZES) {
  const architecture = AUTO_RECIPE.architecture;
  const preparation = choosePreparation(108, architecture.box, AUTO_RECIPE.boxDiameters);
  const metadata = { ...base.metadata, preparation, smoothing: 0, diameter: 108 };
  const bytes = encodeModel({ architecture, weights: initialWeights(architecture, random(1)), metadata });
  sizes.push(await stages(engine, work, size, bytes));
  process.stderr.write(`${JSON.stringify(sizes.at(-1))}\n`);
}
await engine.close();
rmSync(work, { recursive: true });
const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
mkdirSync('docs/results', { recursive: true });
writeFileSync(
  'docs/results/speed.json',
  `${JSON.stringify({ machine, matrixFlops: limit, dense, training: step, sizes }, null, 1)}\n`,
);
