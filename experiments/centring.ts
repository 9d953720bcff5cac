/** Paper, "centring": distances of picks from the true centres, beside the radius of the particle, for each body. */

import { readFileSync } from 'node:fs';
import { readMrcVolume } from '../src/formats/mrc.js';
import type { SimulateOptions } from '../src/simulation/simulate.js';
import { asymmetric, barrel, type Volume, volumeFromMap } from '../src/simulation/volume.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { judge, makeFields, PAPER, publish, type Row, trainOn } from './lab.js';

const MAP = '../shared/data/maps/betaGal.mrc';
const { values, nx, pixelSize } = readMrcVolume(readFileSync(MAP), MAP);
const bodies: [string, Volume, number][] = [
  ['barrel (KLH)', barrel(), 4.4],
  ['asymmetric (26S)', asymmetric(), 4.4],
  ['beta-galactosidase', volumeFromMap(values, nx, pixelSize ?? 1), 3.54],
];
const rows: Row[] = [];
for (const [name, body, angstroms] of bodies) {
  const options: SimulateOptions = { bodies: [body], pixelSize: angstroms, particles: 30, snr: 0.05, dirt: ['none'] };
  const [training, judged] = [makeFields(options, 12), makeFields(options, 6, 100)];
  for (const recipe of [PAPER, AUTO_RECIPE]) {
    const { evaluation } = await judge(await trainOn(training, recipe), judged);
    const error = evaluation.centringError ?? 0;
    rows.push([
      name,
      recipe.name,
      training[0].diameter,
      error,
      (100 * error) / training[0].diameter,
      error * angstroms,
    ]);
  }
}
publish('centring', ['body', 'recipe', 'diameter px', 'median px', '% of diameter', 'median A'], rows, []);
