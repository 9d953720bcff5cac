/**
 * Draws the README's picture: a real micrograph with the picks of a model that was trained on twenty labels of two other micrographs, from a general
 * model that had never seen the specimen. Writes docs/images/apoferritin.png and docs/results/readme-picture.json.
 * Usage: npm run build && npx tsx scripts/readme-picture.ts
 */

import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { APOFERRITIN, loadAll, pickAll, splitOfFold, spread } from '../bench/data-sets.js';
import { MACHINE } from '../bench/machine.js';
import { unseenModel } from '../bench/unseen.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import type { Model } from '../src/network/model.js';
import { drawJudged } from '../src/report/judged.js';
import { FEW_LABELS_RECIPE } from '../src/training/recipe.js';
import { train } from '../src/training/train.js';

const SET = APOFERRITIN;
const [LABELS, MICROGRAPHS, WIDTH] = [20, 2, 760];
const { judged, others } = splitOfFold(SET, 0);

async function trained(): Promise<Model> {
  const start = (await unseenModel(SET.name)).weights;
  const labelled = loadAll(SET, spread(others, MICROGRAPHS), LABELS);
  for await (const report of train(labelled, {
    diameter: SET.diameter,
    edge: SET.edge,
    recipe: FEW_LABELS_RECIPE,
    start,
  }))
    if (report.kind === 'done') return report.model;
  throw new Error('nothing was trained');
}

const started = performance.now();
const model = await trained();
const seconds = Math.round((performance.now() - started) / 1000);
const { threshold } = model.metadata;
for await (const { name, micrograph, particles, result } of pickAll(SET, model, judged.slice(0, 1), { threshold })) {
  const picks = result.particles;
  const { radius, diameter } = SET;
  const picture = await drawJudged(micrograph, { truth: particles, picks, radius, diameter });
  await sharp(picture).resize(WIDTH).png({ palette: true, colours: 96 }).toFile('docs/images/apoferritin.png');
  const { atThreshold } = evaluate([{ name, truth: particles, picks }], { radius, threshold });
  const { precision = 0, recall = 0 } = atThreshold ?? {};
  const found = {
    machine: MACHINE,
    set: SET.name,
    micrograph: name,
    labels: LABELS,
    seconds,
    threshold,
    precision,
    recall,
  };
  writeFileSync('docs/results/readme-picture.json', `${JSON.stringify(found, null, 1)}\n`);
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
