/** Paper, Fig. 3c-f: precision, recall and F2 against the threshold, and a field with right, false and missed picks. */

import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, drawField, judge, KLH, makeFields, PAPER, publish, RESULTS, trainOn } from './lab.js';

const [training, judged] = [makeFields(KLH, 16), makeFields(KLH, 8, 100)];
const runs = [];
for (const recipe of [PAPER, AUTO_RECIPE]) {
  const model = await trainOn(training, recipe);
  runs.push({ recipe, model, ...(await judge(model, judged)) });
}
const charts = runs.map(({ recipe, evaluation, model }) => ({
  title: `Recipe ${recipe.name}`,
  x: 'threshold',
  y: '',
  yDomain: [0, 1] as const,
  mark: { x: model.metadata.threshold, label: 'own' },
  series: [
    {
      label: 'precision',
      points: evaluation.curve.map(({ threshold, precision }) => ({ x: threshold, y: precision })),
    },
    { label: 'recall', points: evaluation.curve.map(({ threshold, recall }) => ({ x: threshold, y: recall })) },
    {
      label: 'F2',
      points: evaluation.curve.map(({ threshold, precision, recall }) => ({
        x: threshold,
        y: (5 * precision * recall) / Math.max(1e-9, 4 * precision + recall),
      })),
    },
  ],
}));
publish(
  'curves',
  ['recipe', 'precision = recall', 'average precision', 'best F1', 'own F1', 'best F2'],
  runs.map(({ recipe, evaluation }) => [
    recipe.name,
    crossingOf(evaluation),
    evaluation.averagePrecision,
    evaluation.bestF1?.f1 ?? 0,
    evaluation.atThreshold?.f1 ?? 0,
    evaluation.bestF2?.f2 ?? 0,
  ]),
  charts,
);
const [{ model, ...paper }] = runs;
await drawField(`${RESULTS}/curves.png`, judged[0], paper.results[0], model.metadata.threshold);
