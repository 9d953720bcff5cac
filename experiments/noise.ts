/** Paper, Fig. 6: noise, down to a signal-to-noise ratio of 0.005. */

import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const RATIOS = [0.1, 0.05, 0.02, 0.01, 0.005];
const rows: Row[] = [];
for (const snr of RATIOS) {
  const options = { ...KLH, snr };
  const [training, judged] = [makeFields(options, 12), makeFields(options, 6, 100)];
  for (const recipe of [PAPER, AUTO_RECIPE]) {
    const started = performance.now();
    const model = await trainOn(training, recipe);
    const seconds = (performance.now() - started) / 1000;
    const { evaluation } = await judge(model, judged);
    rows.push([
      recipe.name,
      String(snr),
      crossingOf(evaluation),
      evaluation.averagePrecision,
      evaluation.bestF1?.f1 ?? 0,
      evaluation.atThreshold?.f1 ?? 0,
      (100 * (evaluation.centringError ?? 0)) / training[0].diameter,
      Math.round(seconds),
    ]);
  }
}
const series = ['deepem', 'auto'].map((name) => ({
  label: name,
  points: rows
    .filter(([recipe]) => recipe === name)
    .map((row) => ({ x: Math.log10(Number(row[1])), y: Number(row[2]) })),
}));
publish(
  'noise',
  [
    'recipe',
    'SNR',
    'precision = recall',
    'average precision',
    'best F1',
    'own F1',
    'centring % of diameter',
    'train s',
  ],
  rows,
  [{ title: 'Noise', x: 'log10 SNR', y: 'precision = recall', yDomain: [0, 1], series }],
);
