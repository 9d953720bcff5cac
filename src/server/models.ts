/** The models of a project, `models/NAME.onnx`, with what they reached on held-out micrographs beside them. */

import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Evaluation } from '../evaluation/evaluate.js';
import { readText, writeWhole } from '../storage/files.js';
import { loadModel } from '../storage/model-file.js';
import { trainedOn } from '../storage/origin.js';
import type { ApiEvaluation, ApiModel } from './api.js';
import { evaluationOf } from './pick-views.js';
import type { Project } from './project.js';

/** The models of a project. */
export interface Models {
  list(): Promise<ApiModel[]>;
  /** A name that neither a model nor picks have, and that no one got before. */
  newName(): Promise<string>;
  /** Path of a model below the project. */
  fileOf(name: string): string;
  /** Keeps what a training found on its held-out micrographs. */
  keepEvaluation(name: string, evaluation: Evaluation): Promise<void>;
  evaluation(name: string): Promise<ApiEvaluation | null>;
  /** Ids of the micrographs whose labels a model was trained on; none for picks of the general one. */
  trainedOn(name: string): Promise<ReadonlySet<string>>;
  /** The threshold of the model that a set of picks comes from; the middle where that is not known. */
  thresholdOf(set: string): Promise<number>;
}

/** Picks of the general model have names that begin so. */
export const GENERAL = 'general';

/** Whether a set of picks comes from the general model. */
export function isGeneral(set: string): boolean {
  return set.startsWith(`${GENERAL}-`);
}

/** Threshold of picks whose model is not known. */
export const MIDDLE = 0.5;
const FOLDER = 'models';
/** Below the project: what was deleted, each time in a folder NAME.NUMBER. */
export const TRASH = join('.deepem', 'trash');
const ENDING = '.onnx';

/** Opens the models of a project. */
export function openModels(project: Project): Models {
  const known = new Map<string, { readonly modified: number; readonly model: ApiModel }>();
  let last = 0;
  const fileOf = (name: string) => join(FOLDER, `${name}${ENDING}`);
  const evaluationFile = (name: string) => join(project.folder, FOLDER, `${name}.evaluation.json`);

  async function names(): Promise<string[]> {
    const folder = join(project.folder, FOLDER);
    if (!existsSync(folder)) return [];
    const files = (await readdir(folder)).filter((file) => file.endsWith(ENDING));
    return files.map((file) => file.slice(0, -ENDING.length)).sort(byNumber);
  }

  async function describe(name: string): Promise<ApiModel | null> {
    const file = join(project.folder, fileOf(name));
    const modified = (await stat(file)).mtimeMs;
    const before = known.get(name);
    if (before?.modified === modified) return before.model;
    const model = await readModel(name, file);
    if (!model) return null;
    known.set(name, { modified, model });
    return model;
  }

  return {
    fileOf,
    async list() {
      const models = await Promise.all((await names()).map(describe));
      return models.filter((model) => model !== null);
    },
    async newName() {
      const picked = await readdir(join(project.folder, 'picks')).catch(() => []);
      // What was deleted may come back.
      const deleted = await readdir(join(project.folder, TRASH)).catch(() => []);
      const all = [...(await names()), ...picked, ...deleted];
      const numbers = all.map((name) => Number(/^model-(\d+)(\.\d+)?$/.exec(name)?.[1] ?? 0));
      // Trainings that wait have no file yet.
      last = Math.max(last, ...numbers) + 1;
      return `model-${last}`;
    },
    async keepEvaluation(name, evaluation) {
      const api = evaluationOf(name, `${evaluation.truthCount} held-out labels`, evaluation);
      await writeWhole(evaluationFile(name), `${JSON.stringify(api)}\n`);
    },
    async evaluation(name) {
      const file = evaluationFile(name);
      return existsSync(file) ? (JSON.parse(await readText(file)) as ApiEvaluation) : null;
    },
    async trainedOn(name) {
      const file = join(project.folder, fileOf(name));
      const paths = existsSync(file) ? await trainedOn(new Set([file]), project.folder) : new Set<string>();
      const ids = [...project.micrographs()].flatMap(([id, { path }]) => (paths.has(resolve(path)) ? [id] : []));
      return new Set(ids);
    },
    async thresholdOf(set) {
      return (await describe(set).catch(() => null))?.threshold ?? MIDDLE;
    },
  };
}

/** What the page shows of a model; null for a file that is no model of this version, which does not stop the page. */
async function readModel(name: string, file: string): Promise<ApiModel | null> {
  const read = await loadModel(file).catch(() => null);
  if (!read) return null;
  const { metadata, architecture } = read;
  const { diameter, threshold, thresholdFrom, thresholds, accuracy, chance, calibrationError } = metadata;
  const { objective, recipe, epochs, labels, preparation } = metadata;
  return {
    ...{ name, diameter, threshold, thresholdFrom, thresholds, accuracy, chance, calibrationError },
    ...{ objective, recipe, epochs, labels, network: architecture.name, binning: preparation.factor },
  };
}

/** model-2 stands before model-10. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
