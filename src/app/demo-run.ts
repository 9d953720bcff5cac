/** The main job from end to end on simulated micrographs, in a minute or two. */

import { join } from 'node:path';
import { matchRadius } from '../core/sizes.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { csvFormat } from '../formats/csv.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import type { PickResult } from '../picking/pick.js';
import { drawEvaluation } from '../report/evaluation-chart.js';
import { drawJudged } from '../report/judged.js';
import { type SimulatedMicrograph, simulate } from '../simulation/simulate.js';
import { asymmetric, barrel } from '../simulation/volume.js';
import { writeWhole } from '../storage/files.js';
import { saveModel } from '../storage/model-file.js';
import { assertFree } from '../storage/outputs.js';
import { openPicksWriter } from '../storage/write-picks.js';
import type { RunEvent, Tell } from './events.js';
import { judgeFields, pickFields, trainOnFields, writeSimulated } from './simulated-fields.js';
import { eventsOf, note } from './tell.js';

/** What the demo came to. */
export interface Demonstrated {
  readonly evaluation: Evaluation;
  /** Threshold of the model. */
  readonly threshold: number;
  /** Best F1 of the blob picker, which was not trained. */
  readonly blobF1: number;
  /** Micrographs that were judged. */
  readonly judged: number;
  readonly failed: 0;
}

const BODIES = ['barrel', 'asymmetric'];
const TRAINING = 6;
const JUDGED = 4;
const SNR = 0.05;
const SEED = 1;
/** Candidates are picked down to here, so that the whole curve is seen; the judgement is at the model's own threshold. */
const LOWEST = 0.02;

/** What is written into the folder. */
const FILES = ['model.onnx', 'picks.png', 'curve.svg', 'evaluation.json', 'micrographs', 'picks'];

/**
 * Simulates, trains, picks and evaluates.
 *
 * @param out - folder of everything
 * @throws UsageError if something would be replaced
 */
export function runDemo(
  { out, overwrite }: { readonly out: string; readonly overwrite: boolean },
  signal?: AbortSignal,
): AsyncGenerator<RunEvent, Demonstrated, void> {
  return eventsOf(async ({ tell }) => {
    assertFree(
      FILES.map((name) => join(out, name)),
      overwrite,
    );
    return demonstrate(out, tell);
  }, signal);
}

interface Field {
  readonly name: string;
  readonly made: SimulatedMicrograph;
}

async function demonstrate(out: string, tell: Tell): Promise<Demonstrated> {
  note(tell, `simulating ${counted(TRAINING + JUDGED, 'micrograph')} at a signal-to-noise ratio of ${SNR}`);
  const fields = await simulateFields(out);
  const model = await trainFirst(fields.slice(0, TRAINING), tell);
  await saveModel(model, join(out, 'model.onnx'));
  note(tell, 'picking micrographs that were not used for training');
  const judged = fields.slice(TRAINING);
  const made = judged.map((field) => field.made);
  const results = await pickFields(model, made, { threshold: LOWEST });
  const { threshold, diameter, pixelSize } = model.metadata;
  const edge = made[0].diameter / 2;
  const evaluation = judgeFields(made, results, { edge, threshold });
  const blobs = judgeFields(made, await pickFields(blobModel(diameter, pixelSize), made, { threshold: LOWEST }), {
    edge,
  });
  const blobF1 = blobs.bestF1?.f1 ?? 0;
  await writePicks(out, model, judged, results);
  await drawFirst(out, model, made[0], results[0]);
  await writeWhole(join(out, 'curve.svg'), drawEvaluation(evaluation));
  const { precision, recall, f1, f2 } = evaluation.atThreshold ?? { precision: 0, recall: 0, f1: 0, f2: 0 };
  const json = { precision, recall, f1, f2, ap: evaluation.averagePrecision, threshold, blobF1 };
  await writeWhole(join(out, 'evaluation.json'), `${JSON.stringify(json, null, 1)}\n`);
  return { evaluation, threshold, blobF1, judged: JUDGED, failed: 0 };
}

async function simulateFields(out: string): Promise<Field[]> {
  const bodies = [barrel(), asymmetric()];
  const fields: Field[] = [];
  for (let i = 0; i < TRAINING + JUDGED; i++) {
    const made = simulate({ bodies, snr: SNR, seed: SEED, dirt: ['carbon', 'aggregate', 'ice'] }, i);
    const name = `${i < TRAINING ? 'train' : 'judge'}_${String(i + 1).padStart(2, '0')}`;
    await writeSimulated(made, BODIES, join(out, 'micrographs'), name);
    fields.push({ name, made });
  }
  return fields;
}

function trainFirst(fields: readonly Field[], tell: Tell): Promise<Model> {
  const made = fields.map((field) => field.made);
  const particles = made.reduce((sum, field) => sum + field.particles.length, 0);
  note(tell, `training on ${counted(made.length, 'micrograph')} with ${counted(particles, 'particle')}`);
  return trainOnFields(made, {
    seed: SEED,
    onEpoch: ({ epoch, epochs, loss, accuracy }) =>
      note(tell, `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, accuracy ${((accuracy ?? 0) * 100).toFixed(1)} %`),
  });
}

async function writePicks(
  out: string,
  { metadata: { box } }: Model,
  judged: readonly Field[],
  results: readonly PickResult[],
): Promise<void> {
  const writer = openPicksWriter(join(out, 'picks'), [csvFormat]);
  for (const [i, { name, made }] of judged.entries()) {
    const { width, height, pixelSize } = made.micrograph;
    const micrograph = join(out, 'micrographs', `${name}.mrc`);
    const { particles } = results[i];
    await writer.write({ name: micrograph, width, height, pixelSize, values: {}, optics: {}, box, particles }, '', {
      ...{ program: PROGRAM, micrograph, width, height, pixelSize },
      ...{ model: join(out, 'model.onnx'), threshold: LOWEST },
    });
  }
}

async function drawFirst(
  out: string,
  { metadata: { threshold, diameter } }: Model,
  { micrograph, particles: truth }: SimulatedMicrograph,
  { particles }: PickResult,
): Promise<void> {
  const picks = particles.filter(({ score }) => score >= threshold);
  const picture = await drawJudged(micrograph, { truth, picks, radius: matchRadius(diameter), diameter });
  await writeWhole(join(out, 'picks.png'), picture);
}
