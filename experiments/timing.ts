/** The paper's timing table: seconds to train, and to pick one field, for each body size's network. */

import { PRESETS } from '../src/network/presets.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { judge, KLH, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const [training, judged] = [makeFields(KLH, 10), makeFields(KLH, 3, 100)];
const rows: Row[] = [];
for (const [name, recipe] of [
  ['deepem', PAPER],
  ['deepem, small', { ...PAPER, architecture: PRESETS.small }],
  ['auto', AUTO_RECIPE],
] as const) {
  const started = performance.now();
  const model = await trainOn(training, recipe);
  const seconds = (performance.now() - started) / 1000;
  const { secondsEach } = await judge(model, judged);
  rows.push([name, recipe.architecture.name, recipe.architecture.box, Math.round(seconds), secondsEach]);
}
publish('timing', ['recipe', 'network', 'box', 'train s', 'pick s a field of 1024 x 1024'], rows, []);
