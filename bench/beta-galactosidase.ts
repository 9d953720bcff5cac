/** The real beta-galactosidase micrographs, read and picked within this process. Lengths in full-size pixels. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { parseCoordinates } from '../src/formats/coordinates.js';
import type { Model } from '../src/network/model.js';
import { isInside } from '../src/particle.js';
import { openPicker, type PickOptions, type PickResult, pick } from '../src/picking/pick.js';
import { startEngine, threadCount } from '../src/runtime/engine.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import type { LabelledMicrograph } from '../src/training/labelled.js';
import { DATA, JUDGED } from './folds.js';

const SET = join(DATA, 'beta-galactosidase');
/** Of the particle, of the margin without labels, and of a right pick. */
export const [DIAMETER, EDGE, RADIUS] = [108, 130, 36];

/** A micrograph, its labels away from the edge, and what a model picked. */
export interface PickedMicrograph extends LabelledMicrograph {
  readonly result: PickResult;
}

/** Names of all micrographs, in order. */
export function namesOfAll(): string[] {
  if (!existsSync(SET)) throw new Error(`${SET} is not there; this bench needs the real data`);
  return readdirSync(join(SET, 'truth'))
    .map((file) => parse(file).name)
    .sort();
}

/** What a fold judges, and the others. */
export function splitOfFold(fold: number): { judged: string[]; others: string[] } {
  const names = namesOfAll();
  const judged = names.slice(JUDGED * fold, JUDGED * (fold + 1));
  return { judged, others: names.filter((name) => !judged.includes(name)) };
}

/** A micrograph with all its labels. */
export async function load(name: string): Promise<LabelledMicrograph> {
  const file = join(SET, 'truth', `${name}.csv`);
  const particles = parseCoordinates(readFileSync(file), file).map(({ particle }) => particle);
  return { name, micrograph: await readMicrograph(join(SET, 'micrographs', `${name}.jpg`)), particles };
}

/** Picks some micrographs, one after the other. */
export async function* pickAll(
  model: Model,
  names: readonly string[],
  options: PickOptions,
): AsyncGenerator<PickedMicrograph> {
  const engine = startEngine(threadCount());
  const picker = openPicker(engine, model);
  for (const name of names) {
    const labelled = await load(name);
    const { width, height } = labelled.micrograph;
    const particles = labelled.particles.filter((point) => isInside(point, width, height, EDGE));
    yield { ...labelled, particles, result: await pick(labelled.micrograph, picker, { edge: EDGE, ...options }) };
  }
  await engine.close();
}
