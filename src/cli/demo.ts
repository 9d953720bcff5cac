/** `deepem demo`: the main job from end to end on simulated micrographs, in a minute or two. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { matchRadius } from '../core/sizes.js';
import { PROGRAM } from '../core/version.js';
import { counted, duration } from '../core/words.js';
import { type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { csvFormat } from '../formats/csv.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import { openPicker, type PickResult, pick } from '../picking/pick.js';
import { drawEvaluation } from '../report/evaluation-chart.js';
import { drawJudged } from '../report/judged.js';
import { threadCount } from '../runtime/cpus.js';
import { startEngine } from '../runtime/engine.js';
import { type SimulatedMicrograph, simulate } from '../simulation/simulate.js';
import { asymmetric, barrel } from '../simulation/volume.js';
import { writeWhole } from '../storage/files.js';
import { saveModel } from '../storage/model-file.js';
import { assertFree } from '../storage/outputs.js';
import { openPicksWriter } from '../storage/write-picks.js';
import type { LabelledMicrograph } from '../training/labelled.js';
import { train } from '../training/train.js';
import { note, print } from './console.js';
import { writeSimulated } from './simulate.js';

const BODIES = ['barrel', 'asymmetric'];
const TRAINING = 6;
const JUDGED = 4;
const SNR = 0.05;
const SEED = 1;
/** Candidates are picked down to here, so that the whole curve is seen; the judgement is at the model's own threshold. */
const LOWEST = 0.02;

export function configure(command: Command): void {
  command
    .option('--out <folder>', 'where everything goes', 'demo')
    .option('--overwrite', 'replace files that are there')
    .action(async ({ out, overwrite }: { out: string; overwrite?: boolean }) => {
      assertFree(demoFiles(out), overwrite);
      await runDemo(out);
    });
}

/** What the demo writes, but for what stands beside these files. */
function demoFiles(out: string): string[] {
  const names = ['model.onnx', 'picks.png', 'curve.svg', 'evaluation.json', 'micrographs', 'picks'];
  return names.map((name) => join(out, name));
}

async function runDemo(out: string): Promise<void> {
  const started = performance.now();
  note(`simulating ${counted(TRAINING + JUDGED, 'micrograph')} at a signal-to-noise ratio of ${SNR}`);
  const fields = await simulateFields(out);
  const model = await trainOn(fields.slice(0, TRAINING));
  await saveModel(model, join(out, 'model.onnx'));
  note('picking micrographs that were not used for training');
  const judged = fields.slice(TRAINING);
  const results = await pickAll(model, judged);
  const { threshold } = model.metadata;
  const radius = matchRadius(model.metadata.diameter);
  const evaluation = judge(judged, results, threshold);
  const blobs = judge(judged, await pickAll(blobModel(model.metadata.diameter, model.metadata.pixelSize), judged));
  const writer = openPicksWriter(join(out, 'picks'), [csvFormat]);
  for (const [i, { name, made }] of judged.entries()) {
    const { width, height, pixelSize } = made.micrograph;
    const micrograph = join(out, 'micrographs', `${name}.mrc`);
    const { particles } = results[i];
    await writer.write(
      { name: micrograph, width, height, pixelSize, values: {}, optics: {}, box: model.metadata.box, particles },
      '',
      { program: PROGRAM, micrograph, width, height, pixelSize, model: join(out, 'model.onnx'), threshold: LOWEST },
    );
  }
  await drawFirst(out, model, judged[0].made, results[0], radius);
  await writeWhole(join(out, 'curve.svg'), drawEvaluation(evaluation));
  const own = evaluation.atThreshold ?? { precision: 0, recall: 0, f1: 0, f2: 0 };
  const { precision, recall, f1, f2 } = own;
  const blobF1 = blobs.bestF1?.f1 ?? 0;
  const json = { precision, recall, f1, f2, ap: evaluation.averagePrecision, threshold, blobF1 };
  await writeWhole(join(out, 'evaluation.json'), `${JSON.stringify(json, null, 1)}\n`);
  print(
    `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${f1.toFixed(3)}, F2 ${f2.toFixed(3)} at the model's threshold ${threshold.toFixed(3)}`,
  );
  print(
    `average precision ${json.ap.toFixed(3)}; ${counted(evaluation.truthCount, 'particle')} on ${counted(JUDGED, 'micrograph')}; ${duration((performance.now() - started) / 1000)}`,
  );
  print(`without training, the blob picker reaches F1 ${blobF1.toFixed(3)} at its best threshold`);
  print(`look at ${join(out, 'picks.png')} (green: right, red: false, yellow: missed) and ${join(out, 'curve.svg')}`);
  print(`micrographs ${join(out, 'micrographs')}, picks ${join(out, 'picks')}, model ${join(out, 'model.onnx')}`);
}

/** Picks against the truth, away from the edge. */
function judge(fields: readonly Field[], results: readonly PickResult[], threshold?: number): Evaluation {
  const micrographs = fields.map(({ name, made }, i) => ({
    name,
    truth: made.particles,
    picks: results[i].particles,
    size: made.micrograph,
  }));
  const { diameter } = fields[0].made;
  return evaluate(micrographs, {
    radius: matchRadius(diameter),
    edge: diameter / 2,
    ...(threshold !== undefined && { threshold }),
  });
}

interface Field {
  readonly name: string;
  readonly made: SimulatedMicrograph;
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

async function trainOn(fields: readonly Field[]): Promise<Model> {
  const labelled = fields.map(
    ({ name, made }): LabelledMicrograph => ({ name, micrograph: made.micrograph, particles: made.particles }),
  );
  for await (const report of train(labelled, { diameter: fields[0].made.diameter, seed: SEED })) {
    if (report.kind === 'data')
      note(
        `training on ${counted(report.labels.positives, 'particle')} of ${counted(report.labels.micrographs, 'micrograph')}`,
      );
    if (report.kind === 'epoch')
      note(
        `epoch ${report.epoch}/${report.epochs}: loss ${report.loss.toFixed(4)}, accuracy ${((report.accuracy ?? 0) * 100).toFixed(1)} %`,
      );
    if (report.kind === 'done') return report.model;
  }
  throw new Error('training ended without a model');
}

async function pickAll(model: Model, fields: readonly Field[]): Promise<PickResult[]> {
  const engine = startEngine(threadCount());
  try {
    const picker = openPicker(engine, model);
    const results: PickResult[] = [];
    for (const { made } of fields) results.push(await pick(made.micrograph, picker, { threshold: LOWEST }));
    return results;
  } finally {
    await engine.close();
  }
}

async function drawFirst(
  out: string,
  model: Model,
  made: SimulatedMicrograph,
  result: PickResult,
  radius: number,
): Promise<void> {
  const { threshold, diameter } = model.metadata;
  const kept = result.particles.filter(({ score }) => score >= threshold);
  const picture = await drawJudged(made.micrograph, { truth: made.particles, picks: kept, radius, diameter });
  await writeWhole(join(out, 'picks.png'), picture);
}
