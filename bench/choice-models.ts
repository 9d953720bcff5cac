/** Models for the bench of choices: trained once, kept in a folder for temporary files, so that choices can be repeated in seconds. */

import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '../src/network/model.js';
import { loadModel, saveModel } from '../src/storage/model-file.js';
import { train } from '../src/training/train.js';
import { type DataSet, loadAll, namesOf, SPECIMENS } from './data-sets.js';

/** A training, and what judges it. */
export interface ChoiceFold {
  readonly set: DataSet;
  readonly name: string;
  readonly training: readonly string[];
  /** Whole micrographs; none: columns of the only training micrograph. */
  readonly heldOut: readonly string[];
  readonly judged: readonly string[];
}

const FOLDER = join(tmpdir(), 'deepem-choices');
/** Micrographs of each set that are held out, judged, and trained on at the most. */
const PLANS: Readonly<Record<string, readonly [heldOut: number, judged: number, training: number]>> = {
  KLH: [1, 1, 1],
  'beta-galactosidase': [1, 2, 5],
  'apoferritin, averaged': [2, 4, 4],
  'apoferritin, raw': [2, 4, 4],
};
const FOLDS = 3;

/** Folds of a set: each begins with other micrographs. */
export function choiceFolds(set: DataSet): ChoiceFold[] {
  const names = namesOf(set);
  const [heldOut, judged, training] = PLANS[set.name] ?? [1, 1, 3];
  return Array.from({ length: FOLDS }, (_, fold) => {
    const first = Math.floor((fold * names.length) / FOLDS);
    const turned = [...names.slice(first), ...names.slice(0, first)];
    return {
      set,
      name: `fold ${fold}`,
      heldOut: turned.slice(0, heldOut),
      judged: turned.slice(heldOut, heldOut + judged),
      training: turned.slice(heldOut + judged, heldOut + judged + training),
    };
  });
}

/** A single micrograph to train on, the others to judge. */
export function singles(set: DataSet): ChoiceFold[] {
  const names = namesOf(set);
  return names.map((name) => ({
    set,
    name: `only ${name}`,
    training: [name],
    heldOut: [],
    judged: names.filter((other) => other !== name),
  }));
}

/** The model of a fold: trained, or from an earlier time. */
export async function modelOf({ set, name, training, heldOut }: ChoiceFold): Promise<Model> {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${set.name} ${name}.onnx`);
  if (existsSync(file)) return loadModel(file);
  const columns = new Map(heldOut.map((held) => [held, [0, set.size.width - 1] as const]));
  const options = { diameter: set.diameter, edge: set.edge, ...(columns.size > 0 && { heldOut: columns }) };
  const started = performance.now();
  for await (const report of train(loadAll(set, [...heldOut, ...training]), options)) {
    if (report.kind !== 'done') continue;
    await saveModel(report.model, file);
    process.stderr.write(`${set.name}, ${name}: trained in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
    return report.model;
  }
  throw new Error(`${set.name}, ${name}: no model`);
}

if (process.argv.includes('--train-only')) {
  for (let fold = 0; fold < FOLDS; fold++) for (const set of SPECIMENS) await modelOf(choiceFolds(set)[fold]);
  for (const fold of singles(SPECIMENS[0])) await modelOf(fold);
}
