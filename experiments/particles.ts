/** Paper, Fig. 4: how many training particles are needed. */

import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const COUNTS = [100, 200, 400, 800, 1200];
const [training, judged] = [makeFields(KLH, 40), makeFields(KLH, 8, 100)];
const rows: Row[] = [];
for (const particles of COUNTS) {
  for (const recipe of [PAPER, AUTO_RECIPE]) {
    const { evaluation } = await judge(await trainOn(training, recipe, { particles }), judged);
    rows.push([
      recipe.name,
      particles,
      crossingOf(evaluation),
      evaluation.averagePrecision,
      evaluation.bestF2?.f2 ?? 0,
    ]);
  }
}
const series = ['deepem', 'auto'].map((name) => ({
  label: name,
  points: rows.filter(([recipe]) => recipe === name).map((row) => ({ x: Number(row[1]), y: Number(row[2]) })),
}));
publish('particles', ['recipe', 'training particles', 'precision = recall', 'average precision', 'best F2'], rows, [
  { title: 'Training particles', x: 'particles', y: 'precision = recall', yDomain: [0, 1], series },
]);
