/** Settings chosen by hand (the paper's recipe, and `auto`) against those that a short search finds. */

import { AUTO_RECIPE, type Recipe } from '../src/training/recipe.js';
import { drawTrials } from '../src/training/tune.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const TRIALS = 6;
const options = { ...KLH, snr: 0.01 };
const [training, inner, judged] = [makeFields(options, 12), makeFields(options, 4, 50), makeFields(options, 8, 100)];
let best: { recipe: Recipe; merit: number } = { recipe: AUTO_RECIPE, merit: -1 };
for (const { number, architecture, recipe } of drawTrials(1)) {
  if (number === TRIALS) break;
  const trial: Recipe = { ...recipe, architecture };
  const { evaluation } = await judge(await trainOn(training, trial), inner);
  const merit = evaluation.averagePrecision + (evaluation.bestF1?.f1 ?? 0);
  if (merit > best.merit) best = { recipe: trial, merit };
}
const rows: Row[] = [];
for (const [name, recipe] of [
  ['by hand: deepem', PAPER],
  ['by hand: auto', AUTO_RECIPE],
  [`best of ${TRIALS} trials`, best.recipe],
] as const) {
  const { evaluation } = await judge(await trainOn(training, recipe), judged);
  rows.push([name, recipe.name, crossingOf(evaluation), evaluation.averagePrecision, evaluation.bestF1?.f1 ?? 0]);
}
publish('tuning', ['settings', 'recipe', 'precision = recall', 'average precision', 'best F1'], rows, []);
