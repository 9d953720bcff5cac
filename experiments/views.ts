/** Paper, Fig. 5 and S6: crowded and sparse fields, side and top views. */

import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const CASES = [
  { name: 'sparse, any view', options: { ...KLH, particles: 10 }, fields: 24 },
  { name: 'any view', options: KLH, fields: 12 },
  { name: 'crowded, any view', options: { ...KLH, particles: 70 }, fields: 6 },
  { name: 'side views', options: { ...KLH, views: ['side'] as const }, fields: 12 },
  { name: 'top views', options: { ...KLH, views: ['top'] as const }, fields: 12 },
  { name: 'side and top views', options: { ...KLH, views: ['side', 'top'] as const }, fields: 12 },
];
const rows: Row[] = [];
for (const { name, options, fields } of CASES) {
  const [training, judged] = [makeFields(options, fields), makeFields(options, 8, 100)];
  const each = judged.reduce((sum, { particles }) => sum + particles.length, 0) / judged.length;
  for (const recipe of [PAPER, AUTO_RECIPE]) {
    const { evaluation } = await judge(await trainOn(training, recipe), judged);
    rows.push([name, recipe.name, each, crossingOf(evaluation), evaluation.averagePrecision]);
  }
}
publish('views', ['fields', 'recipe', 'particles a field', 'precision = recall', 'average precision'], rows, []);
