/** Paper, Fig. S7: sigmoid against ReLU, in the same network with the same recipe. */

import type { Layer } from '../src/network/architecture.js';
import type { Recipe } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

/** ReLU with the paper's rate of 1 diverges: it gets the largest rate of 1, 0.3, 0.1 that learns. */
const RATES = { sigmoid: [1], relu: [1, 0.3, 0.1] } as const;
const options = { ...KLH, snr: 0.02 };
const [training, judged] = [makeFields(options, 12), makeFields(options, 8, 100)];
const rows: Row[] = [];
for (const type of ['sigmoid', 'relu'] as const) {
  for (const learningRate of RATES[type]) {
    const layers = PAPER.architecture.layers.map((layer): Layer => (layer.type === 'sigmoid' ? { type } : layer));
    const recipe: Recipe = { ...PAPER, learningRate, architecture: { ...PAPER.architecture, layers } };
    const model = await trainOn(training, recipe);
    const { evaluation } = await judge(model, judged);
    rows.push([
      type,
      String(learningRate),
      model.metadata.accuracy ?? 0,
      crossingOf(evaluation),
      evaluation.averagePrecision,
    ]);
  }
}
publish(
  'activation',
  ['activation', 'learning rate', 'held-out accuracy', 'precision = recall', 'average precision'],
  rows,
  [],
);
