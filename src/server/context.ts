/** What all routes share, and the state of the project as the page shows it. */

import { EventEmitter } from 'node:events';
import { evenly } from '../core/evenly.js';
import { boxOfDiameter } from '../core/sizes.js';
import { VERSION } from '../core/version.js';
import { LOOKED_AT, thresholdWithoutLabels } from '../evaluation/mixture.js';
import { COORDINATE_ENDINGS, WRITTEN_FORMATS } from '../formats/coordinates.js';
import type { ApiEvent, ApiProject } from './api.js';
import { type StartedTrainings, startedTrainings } from './cut-off.js';
import type { Images } from './images.js';
import { type Jobs, startJobs } from './jobs.js';
import type { LabelStore } from './labels.js';
import type { MaskStore } from './masks.js';
import type { Models } from './models.js';
import { isGeneral, MIDDLE } from './models.js';
import { particlesAt } from './particles.js';
import type { PickSets } from './pick-sets.js';
import type { Project } from './project.js';

/** What the routes work with. */
export interface Context {
  readonly project: Project;
  readonly labels: LabelStore;
  readonly masks: MaskStore;
  readonly models: Models;
  readonly sets: PickSets;
  readonly images: Images;
  readonly jobs: Jobs;
  readonly trainings: StartedTrainings;
  /** Tells all open pages. */
  tell(event: ApiEvent): void;
  /** Calls back at every event until the returned function is called. */
  listen(heard: (event: ApiEvent) => void): () => void;
}

type Parts = Omit<Context, 'jobs' | 'trainings' | 'tell' | 'listen'>;

/** @param program - path of the command line's main file, which does the long work */
export function makeContext(parts: Parts, program: string): Context {
  const emitter = new EventEmitter().setMaxListeners(0);
  const tell = (event: ApiEvent) => {
    emitter.emit('event', event);
  };
  const jobs = startJobs(program, parts.project.folder, (job) => tell({ kind: 'job', job }));
  const runs = (name: string) =>
    jobs.list().some(({ kind, result, state }) => kind === 'train' && result === name && state === 'running');
  return {
    ...parts,
    jobs,
    trainings: startedTrainings(parts.project.folder, runs),
    tell,
    listen(heard) {
      emitter.on('event', heard);
      return () => emitter.off('event', heard);
    },
  };
}

/** The threshold of a set of picks in hundredths, as the page counts: as a person chose it, else the model's, or for the general one that of the scores. */
export async function thresholdOf(context: Context, set: string): Promise<number> {
  const { project, models } = context;
  const chosen = project.settings().thresholds[set];
  if (chosen !== undefined) return chosen;
  const own = isGeneral(set) ? await thresholdFromScores(context, set) : await models.thresholdOf(set);
  return Math.round(100 * own) / 100;
}

/** By the picks they were found from: the project is described at every event. */
const foundThresholds = new WeakMap<object, number>();

/** The general model has no labels to have a threshold from: the scores of the set's own candidates give it. */
async function thresholdFromScores({ sets }: Context, set: string): Promise<number> {
  const picks = await sets.all(set);
  const known = foundThresholds.get(picks);
  if (known !== undefined) return known;
  const some = evenly([...picks.values()], LOOKED_AT).flat();
  const found = thresholdWithoutLabels(some.map(({ score }) => score)) ?? MIDDLE;
  foundThresholds.set(picks, found);
  return found;
}

/** The project as the page shows it. */
export async function describeProject(context: Context): Promise<ApiProject> {
  const { project, labels, models, sets, jobs } = context;
  const { diameter, checked, excluded } = project.settings();
  const [seen, gone] = [new Set(checked), new Set(excluded)];
  const found = await models.list();
  const names = await sets.names();
  const failed = new Map<string, string>();
  const picked = new Set<string>();
  const pickSets = [];
  for (const name of names) {
    const [all, threshold] = [await sets.all(name), await thresholdOf(context, name)];
    for (const [id, reason] of await sets.failed(name)) failed.set(id, reason);
    for (const id of all.keys()) picked.add(id);
    let particles = 0;
    for (const picks of (await sets.decided(name)).values()) particles += particlesAt(picks, threshold).length;
    pickSets.push({ name, threshold, micrographs: all.size, particles });
  }
  return {
    ...{ name: project.name, folder: project.folder, version: VERSION, pixelSize: project.pixelSize() },
    ...{ diameter, box: diameter === null ? null : boxOfDiameter(diameter) },
    micrographs: [...project.micrographs()].map(([id, { path }]) => ({
      ...{ id, path, labels: labels.count(id, 'particle'), negatives: labels.count(id, 'negative') },
      ...{
        checked: seen.has(id),
        excluded: gone.has(id),
        failed: labels.damage(id) ?? (picked.has(id) ? null : (failed.get(id) ?? null)),
      },
    })),
    cutOff: await context.trainings.list(),
    ...{ models: found, notices: [...project.notices(), ...labels.notices] },
    ...{ pickSets, jobs: jobs.list() },
    formats: WRITTEN_FORMATS.map(({ name, summary }) => ({ name, summary })),
    labelEndings: COORDINATE_ENDINGS,
  };
}
