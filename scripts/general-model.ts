/**
 * Trains the general model (preset `general`), in two parts. First on simulated fields alone, of the bodies in ../shared/data/bodies and of random
 * ones; then, from those weights, on as many fields of real micrographs beside simulated ones. `--without` leaves specimens out, so that the model
 * can be judged on them. Stops after any step and goes on from its state: the same steps give the same weights.
 *
 * npx tsx scripts/general-model.ts --state A --steps 4400
 * npx tsx scripts/general-model.ts --state A --write simulated.onnx
 * npx tsx scripts/general-model.ts --state B --from simulated.onnx --real --rate 7e-4 --steps 800 [--without NAME,NAME] [--without-empty 0]
 * npx tsx scripts/general-model.ts --state B --from simulated.onnx --real --write models/general.onnx
 *
 * What the second part writes is the mean of the weights that it began with and those that it ended with: on specimens that were left out neither
 * alone is as good (docs/general-model.md).
 * npx tsx scripts/general-model.ts --pictures FOLDER
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { random } from '../src/core/random.js';
import { boxOfDiameter } from '../src/core/sizes.js';
import { PROGRAM } from '../src/core/version.js';
import { readMrcVolume } from '../src/formats/mrc.js';
import { normalise } from '../src/imaging/normalise.js';
import { patchSide, positionStride } from '../src/network/architecture.js';
import { encodeModel, type Model, UNTRAINED } from '../src/network/model.js';
import { initialWeights, meanOfWeights, type Weights } from '../src/network/parameters.js';
import { PRESETS } from '../src/network/presets.js';
import { choosePreparation } from '../src/picking/prepare.js';
import { type Field, simulateField } from '../src/simulation/field.js';
import { randomBody } from '../src/simulation/random-body.js';
import { centredVolume, type Volume } from '../src/simulation/volume.js';
import { loadModel } from '../src/storage/model-file.js';
import { runningStatistics } from '../src/training/epochs.js';
import { floatsToText, textToFloats } from '../src/training/float-text.js';
import { type Batch, startGradientWorkers } from '../src/training/gradient-workers.js';
import { ADAM, type OptimiserState, startOptimiser, updateWeights } from '../src/training/optimisers.js';
import { type RealFields, readRealFields } from './general/real-fields.js';

const BODIES = '../shared/data/bodies';
const architecture = PRESETS.general;
/** Positions along a patch: with them it fills a power of two, which Fourier filters want. */
const POSITIONS = 79;
const SIDE = patchSide(architecture, POSITIONS);
const STRIDE = positionStride(architecture);
/** Particle diameters that fill the network's box, and windows of the preparation in diameters. */
const BOX_DIAMETERS = 4;
const WINDOWS = { background: 1.2, variance: 3 };
const DIAMETER = architecture.box / BOX_DIAMETERS;
const PREPARATION = choosePreparation(DIAMETER, architecture.box, BOX_DIAMETERS, WINDOWS);
/** Standard deviation of the Gaussian that smooths the score map, and smallest distance of two picks, in diameters. */
const SMOOTHING = 0.05;
const MIN_DISTANCE = 0.5;
const BATCH = 8;
const RANDOM_BODIES = 90;
const SEED = { bodies: 4321, fields: 1717, weights: 11, dropout: 23, real: 97 };
const RATE = 2e-3;
const OPTIMISER = { ...ADAM, weightDecay: 0.01 };
/** Positions closer than the first to a centre show a particle, those beyond the second none, in diameters. */
const DISTANCES = { particle: 0.15, none: 0.3 };
/** Share of the particles in the weight of a batch. */
const PARTICLE_SHARE = 0.25;
const THRESHOLD = 0.5;
const SAVE_EVERY = 50;
/** Share of the weights of the first part in what the second part writes (Wortsman et al. 2022). */
const START_SHARE = 0.5;
/** Steps in which the learning rate rises: the optimiser knows nothing of the gradients yet. */
const WARM_UP = 30;
/** Fields of the second part come after all of the first. */
const SECOND_PART = 2_000_000;

const { values: given } = parseArgs({
  options: {
    state: { type: 'string' },
    steps: { type: 'string', default: '4400' },
    pictures: { type: 'string' },
    write: { type: 'string' },
    from: { type: 'string' },
    real: { type: 'boolean', default: false },
    without: { type: 'string', default: '' },
    'without-empty': { type: 'string', default: '-1' },
    rate: { type: 'string', default: String(RATE) },
  },
});

function readBody(file: string): Volume {
  const { values, nx, ny, nz, pixelSize } = readMrcVolume(readFileSync(file), file);
  return centredVolume(values, [nx, ny, nz], pixelSize ?? 1);
}

function loadBodies(): Volume[] {
  const maps = readdirSync(BODIES).filter((name) => name.endsWith('.mrc'));
  const real = maps.sort().map((name) => readBody(join(BODIES, name)));
  const invented = Array.from({ length: RANDOM_BODIES }, (_, i) => randomBody(random(SEED.bodies, i)));
  // A real body is drawn as often as two invented ones.
  return [...real, ...real, ...invented];
}

function drawField(bodies: readonly Volume[], index: number): Field {
  const field = simulateField({ bodies, side: SIDE, diameter: DIAMETER }, random(SEED.fields, index));
  return { ...field, image: normalise(field.image, PREPARATION) };
}

/** 1 where a position shows a particle, -1 where it shows none, 0 where it does not count. */
function targetsOf({ particles, ignored }: Field): Float32Array {
  const targets = new Float32Array(POSITIONS ** 2).fill(-1);
  const mark = (x: number, y: number, radius: number, value: number) => {
    const [column, row] = [x, y].map((at) => (at - (architecture.box - 1) / 2) / STRIDE);
    const reach = radius / STRIDE;
    const last = POSITIONS - 1;
    for (let v = Math.max(0, Math.ceil(row - reach)); v <= Math.min(last, row + reach); v++) {
      for (let u = Math.max(0, Math.ceil(column - reach)); u <= Math.min(last, column + reach); u++) {
        if (Math.hypot(u - column, v - row) <= reach) targets[v * POSITIONS + u] = value;
      }
    }
  };
  for (const { x, y } of particles) mark(x, y, DISTANCES.none * DIAMETER, 0);
  for (const { x, y } of particles) mark(x, y, DISTANCES.particle * DIAMETER, 1);
  for (const { x, y, radius } of ignored) mark(x, y, radius, 0);
  return targets;
}

interface Diet {
  readonly bodies: readonly Volume[];
  readonly real: RealFields | null;
}

function makeBatch({ bodies, real }: Diet, step: number): Batch {
  const fields = Array.from({ length: BATCH }, (_, i) =>
    real && i % 2 === 0
      ? real.draw(SIDE, random(SEED.real, BATCH * step + i))
      : drawField(bodies, (given.from ? SECOND_PART : 0) + BATCH * step + i),
  );
  const patches = new Float32Array(BATCH * SIDE ** 2);
  const targets = new Float32Array(BATCH * POSITIONS ** 2);
  for (const [i, field] of fields.entries()) {
    patches.set(field.image.pixels, i * SIDE ** 2);
    targets.set(targetsOf(field), i * POSITIONS ** 2);
  }
  const count = (value: number) => Math.max(1, targets.filter((target) => target === value).length);
  const [one, none] = [PARTICLE_SHARE / count(1), (1 - PARTICLE_SHARE) / count(-1)];
  return {
    count: BATCH,
    patches,
    positiveWeights: targets.map((target) => (target === 1 ? one : 0)),
    negativeWeights: targets.map((target) => (target === -1 ? none : 0)),
  };
}

interface State {
  readonly step: number;
  readonly weights: Weights;
  readonly optimiser: OptimiserState;
}

async function readState(folder: string): Promise<State> {
  const file = join(folder, 'state.json');
  if (!existsSync(file)) {
    const weights = given.from
      ? (await loadModel(given.from)).weights
      : initialWeights(architecture, random(SEED.weights));
    return { step: 0, weights, optimiser: startOptimiser(OPTIMISER, weights.values.length) };
  }
  const { step, values, statistics, mean, square } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    step,
    weights: { values: textToFloats(values), statistics: textToFloats(statistics) },
    optimiser: { step, mean: textToFloats(mean), square: textToFloats(square) },
  };
}

function writeState(folder: string, { step, weights, optimiser }: State): void {
  const text = JSON.stringify({
    step,
    values: floatsToText(weights.values),
    statistics: floatsToText(weights.statistics),
    mean: floatsToText(optimiser.mean),
    square: floatsToText(optimiser.square),
  });
  writeFileSync(join(folder, 'state.part'), text);
  renameSync(join(folder, 'state.part'), join(folder, 'state.json'));
}

async function drawPictures(bodies: readonly Volume[], folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const [columns, rows] = [6, 4];
  const sheet = Buffer.alloc(columns * SIDE * rows * SIDE * 3);
  for (let i = 0; i < columns * rows; i++) {
    const { image, particles, ignored } = drawField(bodies, 1_000_000 + i);
    const [left, top] = [(i % columns) * SIDE, Math.floor(i / columns) * SIDE];
    image.pixels.forEach((value, k) => {
      const at = 3 * ((top + Math.floor(k / SIDE)) * columns * SIDE + left + (k % SIDE));
      sheet.fill(Math.min(255, Math.max(0, 128 + 40 * value)), at, at + 3);
    });
    const dot = (x: number, y: number, colour: readonly number[]) => {
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ]) {
        const [u, v] = [Math.round(x) + dx, Math.round(y) + dy];
        if (u < SIDE && v < SIDE) sheet.set(colour, 3 * ((top + v) * columns * SIDE + left + u));
      }
    };
    for (const { x, y } of particles) dot(x, y, [255, 220, 0]);
    for (const { x, y } of ignored) dot(x, y, [255, 0, 0]);
  }
  const raw = { width: columns * SIDE, height: rows * SIDE, channels: 3 as const };
  await sharp(sheet, { raw }).png().toFile(join(folder, 'fields.png'));
}

async function trainOn(diet: Diet, folder: string, steps: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const settings = { architecture, loss: 'cross-entropy', batch: BATCH, positions: POSITIONS, threads: 2 } as const;
  const workers = await startGradientWorkers(settings);
  let state = await readState(folder);
  let [sum, started, next] = [0, Date.now(), makeBatch(diet, state.step)];
  while (state.step < steps) {
    const rate =
      (Number(given.rate) * Math.min(1, (state.step + 1) / WARM_UP) * (1 + Math.cos((Math.PI * state.step) / steps))) /
      2;
    const computing = workers.compute(state.weights, next, random(SEED.dropout, state.step));
    // The next fields are simulated while the workers compute.
    next = makeBatch(diet, state.step + 1);
    const { loss, gradient, statistics } = await computing;
    const updated = updateWeights(OPTIMISER, state.optimiser, state.weights.values, gradient, rate);
    const weights = {
      values: updated.weights,
      statistics: runningStatistics(state.weights.statistics, statistics),
    };
    state = { step: state.step + 1, weights, optimiser: updated.state };
    sum += loss;
    if (state.step % SAVE_EVERY > 0 && state.step < steps) continue;
    writeState(folder, state);
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(
      `${JSON.stringify({ step: state.step, loss: +(sum / SAVE_EVERY).toFixed(4), seconds: Math.round(seconds) })}\n`,
    );
    [sum, started] = [0, Date.now()];
  }
  await workers.close();
}

/** The model for particles of `DIAMETER` pixels; it is rescaled to others. */
function modelOf({ step, weights }: State): Model {
  return {
    architecture,
    weights,
    metadata: {
      ...UNTRAINED,
      program: PROGRAM,
      preparation: PREPARATION,
      pixelSize: null,
      diameter: DIAMETER,
      box: boxOfDiameter(DIAMETER),
      threshold: THRESHOLD,
      thresholdFrom: 'the middle: pick takes one from the scores of a run',
      mustStandOut: true,
      minDistance: MIN_DISTANCE * DIAMETER,
      smoothing: SMOOTHING * DIAMETER,
      scoring: { step: 2, turns: 1 },
      recipe: given.from ? `general, mean with ${step} steps on real micrographs` : `general, ${step} steps`,
      seed: SEED.fields,
    },
  };
}

const bodies = loadBodies();
const real = given.real
  ? await readRealFields(given.without.split(','), Number(given['without-empty']), DIAMETER, PREPARATION)
  : null;
if (given.pictures) await drawPictures(bodies, given.pictures);
if (given.state && !given.write) await trainOn({ bodies, real }, given.state, Number(given.steps));
if (given.state && given.write) {
  const state = await readState(given.state);
  const weights = given.from
    ? meanOfWeights(state.weights, (await loadModel(given.from)).weights, START_SHARE)
    : state.weights;
  writeFileSync(given.write, encodeModel(modelOf({ ...state, weights })));
}
