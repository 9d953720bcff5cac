/** Paper, Fig. S4: against template matching by normalised cross-correlation, and the blob picker. */

import { extract } from '../src/imaging/pad.js';
import { toResampled } from '../src/imaging/resample.js';
import { rotatePlanes } from '../src/imaging/rotate.js';
import type { Model } from '../src/network/model.js';
import { blobModel } from '../src/picking/blob.js';
import { prepare } from '../src/picking/prepare.js';
import type { SimulatedMicrograph } from '../src/simulation/simulate.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

/** Answer that gets the score 0.5, in standard deviations of white noise. */
const MIDDLE = 4;
const GAIN = 0.5;

/**
 * A picker whose kernel is the mean of the training particles, turned by quarters: a plain cross-correlation with one
 * rotational average, as the blob picker has one with a Laplacian of Gaussian.
 */
function templateModel(fields: readonly SimulatedMicrograph[]): Model {
  const blob = blobModel(fields[0].diameter, null);
  const { box } = blob.architecture;
  const mean = new Float64Array(box * box);
  for (const { micrograph, particles } of fields) {
    const { image } = prepare(micrograph, blob.metadata.preparation, blob.metadata.preparation.factor);
    for (const { x, y } of particles) {
      const start = (at: number) => Math.round(toResampled(at, image.factor) - (box - 1) / 2);
      const one = extract(image, start(x), start(y), box, box).pixels;
      for (let turn = 0; turn < 4; turn++) addTo(mean, rotatePlanes(one, box, turn));
    }
  }
  const average = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  const norm = Math.sqrt(mean.reduce((sum, value) => sum + (value - average) ** 2, 0));
  const values = new Float32Array(box * box + 1);
  mean.forEach((value, i) => {
    values[i] = (GAIN * (value - average)) / norm;
  });
  values[box * box] = -GAIN * MIDDLE;
  return { ...blob, weights: { values, statistics: new Float32Array(0) } };
}

function addTo(sum: Float64Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += values[i];
}

const rows: Row[] = [];
for (const snr of [0.05, 0.01]) {
  const options = { ...KLH, snr, dirt: ['none', 'aggregate', 'ice'] as const };
  const [training, judged] = [makeFields(options, 12), makeFields(options, 9, 99)];
  const models: [string, Model][] = [
    ['blob', blobModel(training[0].diameter, null)],
    ['template', templateModel(training)],
    ['deepem', await trainOn(training, PAPER)],
    ['auto', await trainOn(training, AUTO_RECIPE)],
  ];
  for (const [name, model] of models) {
    const { evaluation } = await judge(model, judged);
    rows.push([String(snr), name, crossingOf(evaluation), evaluation.averagePrecision, evaluation.bestF1?.f1 ?? 0]);
  }
}
publish('templates', ['SNR', 'picker', 'precision = recall', 'average precision', 'best F1'], rows, []);
