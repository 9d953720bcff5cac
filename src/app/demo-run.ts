/** The main job from end to end on simulated micrographs, in a minute or two. */

import { join } from 'node:path';
import { matchRadius } from '../core/sizes.js';
import { counted } from '../core/words.js';
import type { Measures } from '../evaluation/evaluate.js';
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
import type { RunEvent, Tell } from './events.js';
import { judgeFields, pickFields, trainOnFields, writeSimulated } from './simulated-fields.js';
import { type Ended, eventsOf, note } from './tell.js';
import { writeCoordinates } from './write-coordinates.js';

/** What the demo came to: figures at the model's threshold, and what they are of. */
export interface Demonstrated extends Ended {
  readonly figures: Figures;
  /** True centres. */
  readonly particles: number;
  /** Micrographs that were judged. */
  readonly micrographs: number;
}

/** As in `evaluation.json`. */
interface Figures extends Pick<Measures, 'precision' | 'recall' | 'f1' | 'f2'> {
  /** Average precision. */
  readonly ap: number;
  /** Threshold of the model. */
  readonly threshold: number;
  /** Best F1 of the blob picker, which was not trained. */
  readonly blobF1: number;
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
  const picked = judged.map(({ name, made: { micrograph } }, i) => {
    const { width, height, pixelSize } = micrograph;
    const { particles } = results[i];
    return { micrograph: join(out, 'micrographs', `${name}.mrc`), width, height, pixelSize, particles };
  });
  await writeCoordinates(join(out, 'picks'), picked, {
    provenance: { model: join(out, 'model.onnx'), threshold: LOWEST },
  });
  await drawFirst(out, model, made[0], results[0]);
  await writeWhole(join(out, 'curve.svg'), drawEvaluation(evaluation));
  const { precision, recall, f1, f2 } = evaluation.atThreshold ?? { precision: 0, recall: 0, f1: 0, f2: 0 };
  const figures = { precision, recall, f1, f2, ap: evaluation.averagePrecision, threshold, blobF1 };
  await writeWhole(join(out, 'evaluation.json'), `${JSON.stringify(figures, null, 1)}\n`);
  return { figures, particles: evaluation.truthCount, micrographs: JUDGED, failed: [] };
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
