/** The real micrographs with true centres, read and picked within this process. Lengths in full-size pixels. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { isInside, type Particle } from '../src/core/particle.js';
import { random, shuffle } from '../src/core/random.js';
import { parseCoordinates } from '../src/formats/coordinates.js';
import type { Model } from '../src/network/model.js';
import { openPicker, type PickOptions, type PickResult, pick } from '../src/picking/pick.js';
import { threadCount } from '../src/runtime/cpus.js';
import { startEngine } from '../src/runtime/engine.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import type { LabelledMicrograph } from '../src/training/labelled.js';

/** Where the real data are. */
export const DATA = '../shared/data';
/** Micrographs that a fold judges. */
const JUDGED = 2;
/** Seed of the choice of labels. */
const LABEL_SEED = 7;

/** Real micrographs with true centres. */
export interface DataSet {
  readonly name: string;
  readonly micrographs: string;
  readonly truth: string;
  readonly ending: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly diameter: number;
  /** Margin in which labels are not complete. */
  readonly edge: number;
  /** Largest distance of a right pick. */
  readonly radius: number;
}

export const BETA_GALACTOSIDASE: DataSet = {
  name: 'beta-galactosidase',
  micrographs: `${DATA}/beta-galactosidase/micrographs`,
  truth: `${DATA}/beta-galactosidase/truth`,
  ending: '.jpg',
  size: { width: 4096, height: 4096 },
  diameter: 108,
  edge: 130,
  radius: 36,
};
export const APOFERRITIN: DataSet = {
  name: 'apoferritin, averaged',
  micrographs: `${DATA}/apoferritin/averaged`,
  truth: `${DATA}/apoferritin/truth`,
  ending: '.png',
  size: { width: 1240, height: 1200 },
  diameter: 61,
  edge: 31,
  radius: 20,
};
const RAW: DataSet = { ...APOFERRITIN, name: 'apoferritin, raw', micrographs: `${DATA}/apoferritin/raw` };
export const SETS: readonly DataSet[] = [BETA_GALACTOSIDASE, APOFERRITIN, RAW];

const SMALL = { width: 1024, height: 1024 };

/** Match radius and margin are those of ../shared/data/README.md. */
function png(name: string, folder: string, numbers: Pick<DataSet, 'size' | 'diameter' | 'edge' | 'radius'>): DataSet {
  const places = { micrographs: `${DATA}/${folder}/micrographs`, truth: `${DATA}/${folder}/truth` };
  return { name, ...places, ending: '.png', ...numbers };
}

/** Every real set with truth. */
export const SPECIMENS: readonly DataSet[] = [
  APOFERRITIN,
  RAW,
  BETA_GALACTOSIDASE,
  png('KLH', 'klh', { size: { width: 2048, height: 2048 }, diameter: 150, edge: 75, radius: 50 }),
  png('80S ribosome', 'ribosome', { size: SMALL, diameter: 56, edge: 28, radius: 19 }),
  png('TRPV1', 'trpv1', { size: SMALL, diameter: 35.4, edge: 18, radius: 12 }),
  png('10947', 'empiar-10947', { size: SMALL, diameter: 60, edge: 30, radius: 20 }),
];

/** A micrograph, its labels away from the edge, and what a model picked. */
export interface PickedMicrograph extends LabelledMicrograph {
  readonly result: PickResult;
}

/** Names of all micrographs, in order. */
export function namesOf({ truth }: DataSet): string[] {
  if (!existsSync(truth)) throw new Error(`${truth} is not there; this bench needs the real data`);
  return readdirSync(truth)
    .map((file) => parse(file).name)
    .sort();
}

/** Folds of a data set. */
export function foldsOf(set: DataSet): number {
  return Math.floor(namesOf(set).length / JUDGED);
}

/** What a fold judges, and the others. */
export function splitOfFold(set: DataSet, fold: number): { judged: string[]; others: string[] } {
  const names = namesOf(set);
  const judged = names.slice(JUDGED * fold, JUDGED * (fold + 1));
  return { judged, others: names.filter((name) => !judged.includes(name)) };
}

/** So many of a list, evenly spread over it. */
export function spread<T>(all: readonly T[], count = all.length): T[] {
  return Array.from(
    { length: Math.min(count, all.length) },
    (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)],
  );
}

/** Labels of some micrographs: all, or so many in all, drawn at random from those away from the edge. */
export function labelsOf(set: DataSet, names: readonly string[], count?: number): (readonly Particle[])[] {
  let drawn = 0;
  return names.map((name, i) => {
    const file = join(set.truth, `${name}.csv`);
    const all = parseCoordinates(readFileSync(file), file).map(({ particle }) => particle);
    if (count === undefined) return all;
    const { width, height } = set.size;
    const usable = all.filter((point) => isInside(point, width, height, set.edge));
    const chosen = shuffle(usable, random(LABEL_SEED, i)).slice(0, Math.round((count - drawn) / (names.length - i)));
    drawn += chosen.length;
    return chosen;
  });
}

/** Reads some micrographs, one after the other, with all their labels or so many in all. */
export async function* loadAll(
  set: DataSet,
  names: readonly string[],
  count?: number,
): AsyncGenerator<LabelledMicrograph> {
  const labels = labelsOf(set, names, count);
  for (const [i, name] of names.entries()) {
    const micrograph = await readMicrograph(join(set.micrographs, name + set.ending));
    yield { name, micrograph, particles: labels[i] };
  }
}

/** Picks some micrographs, one after the other. */
export async function* pickAll(
  set: DataSet,
  model: Model,
  names: readonly string[],
  options: PickOptions,
): AsyncGenerator<PickedMicrograph> {
  const { edge } = set;
  const engine = startEngine(threadCount());
  const picker = openPicker(engine, model);
  for await (const labelled of loadAll(set, names)) {
    const { width, height } = labelled.micrograph;
    const particles = labelled.particles.filter((point) => isInside(point, width, height, edge));
    yield { ...labelled, particles, result: await pick(labelled.micrograph, picker, { edge, ...options }) };
  }
  await engine.close();
}
