/** Models for the bench of choices: trained once, kept in a folder for temporary files, so that choices can be repeated in seconds. */

import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '../src/network/model.js';
import { deviationRangeOf } from '../src/picking/deviation.js';
import { unevennessLimitOf } from '../src/picking/unevenness.js';
import type { Engine } from '../src/runtime/engine.js';
import { loadModel, saveModel } from '../src/storage/model-file.js';
import { choose } from '../src/training/choose.js';
import type { Region } from '../src/training/examples.js';
import { type PreparedMicrograph, prepareLabelled } from '../src/training/labelled.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { type ScoredRegion, scoreRegions } from '../src/training/scored-region.js';
import { train } from '../src/training/train.js';
import { measureUsual } from '../src/training/usual.js';
import { type DataSet, loadAll, namesOf } from './data-sets.js';

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

/** A fold with everything scored. */
export interface ScoredFold {
  readonly fold: ChoiceFold;
  /** With all filters, before any choice. */
  readonly model: Model;
  readonly training: readonly PreparedMicrograph[];
  readonly heldOut: readonly ScoredRegion[];
  readonly judged: readonly ScoredRegion[];
}

async function prepareAll(set: DataSet, names: readonly string[], { architecture, metadata }: Model) {
  const { preparation, diameter } = metadata;
  const prepared: PreparedMicrograph[] = [];
  for await (const labelled of loadAll(set, names)) {
    prepared.push(
      prepareLabelled(labelled, {
        ...{ preparation, pixelSize: null, box: architecture.box, edge: set.edge, diameter, unevenness: true },
      }),
    );
  }
  return prepared;
}

const whole = (micrograph: PreparedMicrograph): Region => ({ micrograph, from: 0, to: micrograph.width - 1 });

/** The last fifth of the columns, as a training on one micrograph holds out. */
function lastColumns(micrograph: PreparedMicrograph, gap: number): Region {
  return { micrograph, from: Math.round(0.8 * micrograph.width) + gap / 2, to: micrograph.width - 1 };
}

/** Scores what a fold holds out and what judges it. */
export async function scoreFold(engine: Engine, fold: ChoiceFold): Promise<ScoredFold> {
  const trained = await modelOf(fold);
  const { set } = fold;
  const training = await prepareAll(set, fold.training, trained);
  const model: Model = {
    ...trained,
    metadata: {
      ...trained.metadata,
      calibration: null,
      prevalence: null,
      deviationRange: deviationRangeOf(training.flatMap(({ deviations }) => deviations)),
      unevennessLimit: unevennessLimitOf(training.map(({ unevenness }) => unevenness)),
    },
  };
  const heldOut =
    fold.heldOut.length > 0
      ? (await prepareAll(set, fold.heldOut, trained)).map(whole)
      : training.map((micrograph) => lastColumns(micrograph, AUTO_RECIPE.boxDiameters * set.diameter));
  const judged = (await prepareAll(set, fold.judged, trained)).map(whole);
  return {
    ...{ fold, model, training },
    heldOut: await scoreRegions(engine, model, heldOut, true),
    judged: await scoreRegions(engine, model, judged, true),
  };
}

/** The model of a fold with what is chosen on all its held-out labels. */
export async function chosenModel(engine: Engine, fold: ChoiceFold): Promise<Model> {
  const { model, training, heldOut } = await scoreFold(engine, fold);
  const result = choose(model, heldOut, { recipe: AUTO_RECIPE, seed: 1 });
  const choice = 'unchosen' in result ? { deviationRange: null } : result.choice;
  const chosen: Model = { ...model, metadata: { ...model.metadata, ...choice } };
  const looked = await scoreRegions(engine, model, training.slice(0, 3).map(whole));
  const micrographs = [...training, ...heldOut.map(({ region }) => region.micrograph)];
  const usual = measureUsual(chosen, [...looked, ...heldOut], micrographs);
  return { ...chosen, metadata: { ...chosen.metadata, usual } };
}
