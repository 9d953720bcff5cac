/** Simulated micrographs as something to train on and to judge by: for the demo and the experiments. */

import { join } from 'node:path';
import type { Point } from '../core/particle.js';
import { matchRadius } from '../core/sizes.js';
import { PROGRAM } from '../core/version.js';
import { type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { writeMrc } from '../formats/mrc.js';
import type { Model } from '../network/model.js';
import { openPicker, type PickOptions, type PickResult, pick } from '../picking/pick.js';
import { threadCount } from '../runtime/cpus.js';
import { startEngine } from '../runtime/engine.js';
import type { SimulatedMicrograph } from '../simulation/simulate.js';
import { writeWhole } from '../storage/files.js';
import type { LabelledMicrograph } from '../training/labelled.js';
import type { EpochReport } from '../training/reports.js';
import { type TrainOptions, train } from '../training/train.js';

/** What is trained with, beside the fields. */
export interface FieldTraining extends Partial<TrainOptions> {
  /** Labels at the most; all by default. */
  readonly particles?: number;
  /** Places without particles, for each field. */
  readonly negatives?: readonly (readonly Point[])[];
  /** Told of each epoch. */
  readonly onEpoch?: (report: EpochReport) => void;
}

/** Trains on the true centres of fields. */
export async function trainOnFields(
  fields: readonly SimulatedMicrograph[],
  { particles = Number.POSITIVE_INFINITY, negatives = [], onEpoch, ...options }: FieldTraining = {},
): Promise<Model> {
  let left = particles;
  const labelled = fields.flatMap(({ micrograph, particles: truth }, i): LabelledMicrograph[] => {
    const taken = truth.slice(0, left);
    left -= taken.length;
    return taken.length > 0
      ? [{ name: `field ${i}`, micrograph, particles: taken, negatives: negatives[i] ?? [] }]
      : [];
  });
  for await (const report of train(labelled, { diameter: fields[0].diameter, ...options })) {
    if (report.kind === 'epoch') onEpoch?.(report);
    if (report.kind === 'done') return report.model;
  }
  throw new Error('training ended without a model');
}

/** Picks fields. */
export async function pickFields(
  model: Model,
  fields: readonly SimulatedMicrograph[],
  options: PickOptions = {},
): Promise<PickResult[]> {
  const engine = startEngine(threadCount());
  try {
    const picker = openPicker(engine, model);
    const results: PickResult[] = [];
    for (const { micrograph } of fields) results.push(await pick(micrograph, picker, options));
    return results;
  } finally {
    await engine.close();
  }
}

/** How picks are judged. */
export interface JudgeOptions {
  /** Centres closer to the edge do not count, in full-size pixels; all count by default. */
  readonly edge?: number;
  /** Judged beside the best one. */
  readonly threshold?: number;
}

/** Compares the picks of fields with their true centres. */
export function judgeFields(
  fields: readonly SimulatedMicrograph[],
  results: readonly PickResult[],
  options: JudgeOptions = {},
): Evaluation {
  const micrographs = fields.map(({ particles: truth, micrograph: size }, i) => {
    return { name: `field ${i}`, truth, picks: results[i].particles, size };
  });
  return evaluate(micrographs, { radius: matchRadius(fields[0].diameter), ...options });
}

/** Writes a micrograph and its truth; the truth last, so that it never stands alone. */
export async function writeSimulated(
  made: SimulatedMicrograph,
  bodies: readonly string[],
  folder: string,
  name: string,
): Promise<void> {
  const { micrograph, particles, diameter, defocus, dirt } = made;
  const label = `${PROGRAM} simulation; defocus ${defocus.toFixed(0)} A; ${dirt}`;
  const rows = particles.map(
    ({ x, y, body }) => `${x.toFixed(3)},${y.toFixed(3)},${diameter.toFixed(2)},${bodies[body]}\n`,
  );
  await writeWhole(join(folder, `${name}.mrc`), writeMrc(micrograph, micrograph.pixelSize, label));
  await writeWhole(join(folder, `${name}.csv`), `x,y,diameter,body\n${rows.join('')}`);
}
