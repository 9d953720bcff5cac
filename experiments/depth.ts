/** Paper, "eight layers against six": the paper's three convolutions and pools against two. */

import type { Layer } from '../src/network/architecture.js';
import type { Recipe } from '../src/training/recipe.js';
import { crossingOf, judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const options = { ...KLH, snr: 0.02 };
const [training, judged] = [makeFields(options, 12), makeFields(options, 8, 100)];
/** Layers of a convolution, its activation and its pool. */
const STAGE = 3;
const rows: Row[] = [];
for (const stages of [3, 2]) {
  const last = PAPER.architecture.layers.at(-1);
  const layers: Layer[] = [...PAPER.architecture.layers.slice(0, STAGE * stages), ...(last ? [last] : [])];
  const recipe: Recipe = { ...PAPER, architecture: { ...PAPER.architecture, layers } };
  const { evaluation } = await judge(await trainOn(training, recipe), judged);
  const shown = 2 * stages + 2;
  rows.push([
    `${shown} (${stages} convolutions)`,
    crossingOf(evaluation),
    evaluation.averagePrecision,
    evaluation.bestF2?.f2 ?? 0,
  ]);
}
publish('depth', ['layers as the paper counts', 'precision = recall', 'average precision', 'best F2'], rows, []);
