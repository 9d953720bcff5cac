/**
 * A model against the first micrograph of a run: right input and injected mistakes on every real specimen, for micrographs that were neither
 * trained on nor held out. Models are those of bench/choice-models.ts. Writes docs/results/model-look.json and the table in docs/results.md.
 * Usage: npm run bench -- model-look
 */

import { writeFileSync } from 'node:fs';
import type { Image } from '../src/core/micrograph.js';
import type { Model } from '../src/network/model.js';
import { causeOf, type Trials } from '../src/picking/first-look.js';
import { openPicker, pickPrepared, prepareForPicking } from '../src/picking/pick.js';
import { rescaleModel } from '../src/picking/rescale.js';
import { type ScoreLook, spectrumDistance, spectrumOf, unusualIn } from '../src/picking/usual.js';
import { threadCount } from '../src/runtime/cpus.js';
import { startEngine } from '../src/runtime/engine.js';
import { choiceFolds, chosenModel } from './choice-models.js';
import { loadAll, SPECIMENS } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';

const engine = startEngine(threadCount());

interface Look {
  readonly cause: string | null;
  readonly distance: number;
  readonly look: ScoreLook;
  readonly unusual: string | null;
}

/** What a run whose first micrograph this is would say. */
async function lookAt(model: Model, image: Image): Promise<Look> {
  const { usual, diameter } = model.metadata;
  if (!usual) throw new Error('the model does not know what is usual');
  const prepared = (times: number) =>
    prepareForPicking({ ...image, pixelSize: null }, rescaleModel(model, times * diameter).metadata);
  const picker = openPicker(engine, model);
  const look = async (sign: 1 | -1): Promise<ScoreLook> => {
    const ready = prepared(1);
    for (const { pixels } of [ready.image, ready.grey])
      if (sign < 0) for (let i = 0; i < pixels.length; i++) pixels[i] = -pixels[i];
    const result = await pickPrepared(ready, picker);
    if (!result.look) throw new Error('no look was made');
    return result.look;
  };
  const trials: Trials = {
    spectrumAt: async (times) => spectrumOf(prepared(times).image),
    inverted: () => look(-1),
  };
  const first = { spectrum: spectrumOf(prepared(1).image), look: await look(1) };
  const cause = await causeOf([first], usual, trials);
  await picker.release();
  const distance = spectrumDistance(first.spectrum, usual.spectrum);
  return { cause, distance, look: first.look, unusual: unusualIn(first.look, usual) };
}

const MISTAKES: readonly (readonly [string, (model: Model, image: Image) => readonly [Model, Image]])[] = [
  ['right', (model, image) => [model, image]],
  ['inverted', (model, image) => [model, { ...image, pixels: image.pixels.map((value) => -value) }]],
  ['half the diameter', (model, image) => [rescaleModel(model, model.metadata.diameter / 2), image]],
  ['twice the diameter', (model, image) => [rescaleModel(model, 2 * model.metadata.diameter), image]],
];

const rows: (Look & { set: string; fold: string; name: string; mistake: string })[] = [];
for (const set of SPECIMENS) {
  for (const fold of choiceFolds(set)) {
    const model = await chosenModel(engine, fold);
    for await (const { name, micrograph } of loadAll(set, fold.judged)) {
      for (const [mistake, change] of MISTAKES) {
        const row = { set: set.name, fold: fold.name, name, mistake, ...(await lookAt(...change(model, micrograph))) };
        rows.push(row);
        process.stderr.write(`${JSON.stringify(row)}\n`);
      }
    }
  }
}
await engine.close();
const lines = rows.map((row) =>
  JSON.stringify(row, (_, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value)),
);
writeFileSync(
  'docs/results/model-look.json',
  `{"machine": ${JSON.stringify(MACHINE)}, "rows": [\n${lines.join(',\n')}\n]}\n`,
);
const cell = (set: string, mistake: string) => {
  const own = rows.filter((row) => row.set === set && row.mistake === mistake);
  return `${own.filter(({ cause }) => cause !== null).length} of ${own.length}`;
};
writeSection(
  'model-look',
  [
    `| specimen | ${MISTAKES.map(([name]) => name).join(' | ')} |`,
    `|${'---|'.repeat(MISTAKES.length + 1)}`,
    ...SPECIMENS.map(({ name }) => `| ${[name, ...MISTAKES.map(([mistake]) => cell(name, mistake))].join(' | ')} |`),
  ].join('\n'),
);
