/** Not in the paper: fields that are emptier than those trained on, or noisier, with and without lowering their scores. */

import type { SimulateOptions } from '../src/simulation/simulate.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { type Judged, judge, KLH, makeFields, publish, type Row, trainOn } from './lab.js';

const FIELD: SimulateOptions = { ...KLH, snr: 0.008 };
const model = await trainOn(makeFields(FIELD, 10), AUTO_RECIPE);
const rows: Row[] = [];
for (const snr of [0.008, 0.004, 0.002]) {
  for (const particles of [30, 5, 1, 0]) {
    const fields = makeFields({ ...FIELD, snr, particles }, 6, 200);
    const off = await judge(model, fields, { lowerWhereEmpty: false });
    const on = await judge(model, fields);
    const kept = ({ results }: Judged) =>
      results.flatMap((result) => result.particles).filter(({ score }) => score >= model.metadata.threshold).length;
    const figures = [off, on].flatMap((judged) => [
      kept(judged),
      particles > 0 ? (judged.evaluation.atThreshold?.f1 ?? 0) : '-',
    ]);
    rows.push([snr, fields.length * particles, ...figures]);
  }
}
const columns = ['SNR', 'particles in 6 fields', 'picks, scores as they are', 'F1', 'picks, lowered', 'F1, lowered'];
publish('empty-fields', columns, rows, []);
