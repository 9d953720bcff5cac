/** Paper, Fig. 3c-f: precision, recall and F2 against the threshold, and a field with right, false and missed picks. */

import { writeFileSync } from 'node:fs';
import { matchPicks } from '../src/evaluation/match.js';
import { drawPicks } from '../src/report/picture.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, RESULTS, trainOn } from './lab.js';

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
const { model, results } = runs[0];
const [field] = judged;
const kept = results[0].particles.filter(({ score }) => score >= model.metadata.threshold);
const matches = matchPicks(field.particles, kept, field.diameter / 3);
const found = new Set(matches.map(({ truth }) => truth));
const picks = (right: boolean) => matches.filter(({ truth }) => truth >= 0 === right).map((match) => match.pick);
const groups = [
  { points: picks(true), diameter: field.diameter, colour: '#33dd55' },
  { points: picks(false), diameter: field.diameter, colour: '#ff4433' },
  { points: field.particles.filter((_, i) => !found.has(i)), diameter: field.diameter, colour: '#ffdd22' },
];
writeFileSync(`${RESULTS}/curves.png`, await drawPicks(field.micrograph, groups));
