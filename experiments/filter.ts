/** Paper, Fig. S2: before and after the standard-deviation filter, on fields with carbon, aggregates and ice. */

import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const options = { ...KLH, dirt: ['carbon', 'aggregate', 'ice'] as const };
const [clean, judged] = [makeFields(KLH, 12), makeFields(options, 9, 99)];
const rows: Row[] = [];
for (const recipe of [PAPER, AUTO_RECIPE]) {
  const model = await trainOn(clean, { ...recipe, deviationFilter: 'always' });
  for (const [name, filters] of [
    ['none', { deviationRange: null, unevennessLimit: null }],
    ['standard deviation', { unevennessLimit: null }],
    ['uneven ground', { deviationRange: null }],
    ['both', {}],
  ] as const) {
    const { evaluation, results } = await judge(model, judged, filters);
    const removed = results.reduce((sum, result) => sum + result.removed.deviation + result.removed.uneven, 0);
    const { precision = 0, recall = 0 } = evaluation.atThreshold ?? {};
    rows.push([recipe.name, name, precision, recall, crossingOf(evaluation), evaluation.averagePrecision, removed]);
  }
}
publish(
  'filter',
  ['recipe', 'filter', 'precision', 'recall', 'precision = recall', 'average precision', 'candidates removed'],
  rows,
  [],
);
