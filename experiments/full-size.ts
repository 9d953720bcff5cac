/**
 * The paper's KLH run at its full size: micrographs of 2048 x 2048 pixels at 2.2 A, the network with a box of 272 pixels, its
 * recipe. A pixel is as noisy as in the other experiments: binned twice, the SNR would be some four times theirs. Writes
 * docs/results/experiments/full-size.log as it goes; killed and started again, it goes on after the last whole epoch.
 * Usage: npx tsx experiments/full-size.ts [--particles 800]
 */

import { appendFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Model } from '../src/network/model.js';
import { PRESETS } from '../src/network/presets.js';
import { type SimulateOptions, simulate } from '../src/simulation/simulate.js';
import { type CheckpointKeeper, openCheckpoint } from '../src/storage/checkpoint-file.js';
import type { LabelledMicrograph } from '../src/training/labelled.js';
import { DEEPEM_RECIPE, type Recipe } from '../src/training/recipe.js';
import { train } from '../src/training/train.js';
import { crossingOf, drawField, judge, KLH, makeFields, publish, RESULTS } from './lab.js';

/** Particles in a micrograph, as in the paper: 800 in fifty. */
const PARTICLES = 16;
const JUDGED = 8;
const STEPS_LOGGED = 20;
const FIRST_JUDGED = 1000;
const FIELD: SimulateOptions = { ...KLH, pixelSize: 2.2, particles: PARTICLES, width: 2048, height: 2048 };
const LOG = `${RESULTS}/full-size.log`;

const { values } = parseArgs({ options: { particles: { type: 'string', default: '800' } } });
const count = Math.ceil(Number(values.particles) / PARTICLES);
const { diameter } = simulate(FIELD, 0);
const architecture = PRESETS.klh;
const recipe: Recipe = { ...DEEPEM_RECIPE, architecture, boxDiameters: architecture.box / diameter };
const started = performance.now();

function log(text: string): void {
  const line = `${new Date().toISOString()} ${seconds()} s: ${text}\n`;
  appendFileSync(LOG, line);
  process.stdout.write(line);
}

function seconds(): number {
  return Math.round((performance.now() - started) / 1000);
}

function* labelled(): Generator<LabelledMicrograph> {
  for (let i = 0; i < count; i++) {
    const { micrograph, particles } = simulate(FIELD, i);
    yield { name: `field ${i}`, micrograph, particles, negatives: [] };
  }
}

async function trainLogged(keeper: CheckpointKeeper): Promise<Model> {
  const checkpoint = keeper.found ? { checkpoint: keeper.found } : {};
  for await (const report of train(labelled(), { diameter, recipe, ...checkpoint })) {
    if (report.kind === 'data') log(`${report.labels.positives} particles, ${report.steps} steps`);
    if (report.kind === 'step' && report.step % STEPS_LOGGED === 0) log(`step ${report.step} of ${report.steps}`);
    if (report.kind === 'epoch')
      log(`epoch ${report.epoch}: loss ${report.loss.toFixed(4)}, held-out accuracy ${report.accuracy?.toFixed(4)}`);
    if (report.kind === 'checkpoint') await keeper.keep(report.checkpoint, []);
    if (report.kind === 'done') return report.model;
  }
  throw new Error('training ended without a model');
}

const keeper = await openCheckpoint(join(tmpdir(), 'deepem-full-size.onnx'), { recipe, count });
if (!keeper.found) rmSync(LOG, { force: true });
log(`KLH at full size, ${count} micrographs with ${PARTICLES} particles of ${diameter.toFixed(1)} pixels`);
if (keeper.found) log(`going on after epoch ${keeper.found.epoch}`);
const model = await trainLogged(keeper);
const trained = keeper.found ? 'see the log' : seconds();
log(`trained; threshold ${model.metadata.threshold.toFixed(3)}: ${model.metadata.thresholdFrom}`);
const judged = makeFields(FIELD, JUDGED, FIRST_JUDGED);
const { evaluation, results, secondsEach } = await judge(model, judged);
log(`picked ${JUDGED} micrographs`);
await drawField(`${RESULTS}/full-size.png`, judged[0], results[0], model.metadata.threshold);
const error = evaluation.centringError ?? 0;
const row = {
  'labelled particles': count * PARTICLES,
  'precision = recall': crossingOf(evaluation),
  'average precision': evaluation.averagePrecision,
  'best F1': evaluation.bestF1?.f1 ?? 0,
  'own F1': evaluation.atThreshold?.f1 ?? 0,
  'best F2': evaluation.bestF2?.f2 ?? 0,
  'centring, % of diameter': (100 * error) / diameter,
  'train s': trained,
  'pick s each': secondsEach,
};
publish('full-size', Object.keys(row), [Object.values(row)], []);
await keeper.forget();
