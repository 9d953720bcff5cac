/** 2D classes of a set of picks, `classes/SET.*` as `deepem classes` writes them, with what a person decided about their members. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ScoredParticle } from '../core/particle.js';
import { classFiles, readClassSummary } from '../storage/class-files.js';
import { readCoordinateSets } from '../storage/coordinates.js';
import type { ApiClass, ApiGallery, ApiGalleryItem } from './api.js';
import type { LabelStore } from './labels.js';
import { decidedPicks } from './particles.js';
import type { Project } from './project.js';

/** Below the project. */
export const CLASSES = 'classes';

/** Files of the classes of a set. */
export function classFilesOf(project: Project, set: string) {
  return classFiles(join(project.folder, CLASSES, `${set}.mrcs`));
}

/** A member of a class with what was decided about it. */
type Member = ApiGalleryItem & { readonly number: number };

/** Every classified particle of a set that belongs to a micrograph of the project. */
async function membersOf(project: Project, labels: LabelStore, set: string): Promise<Member[]> {
  const { sets } = await readCoordinateSets(classFilesOf(project, set).members);
  const ids = new Map([...project.micrographs()].map(([id, { path }]) => [resolve(path), id]));
  const { diameter } = project.settings();
  return sets.flatMap(({ micrograph, particles }) => {
    const id = ids.get(resolve(project.folder, micrograph));
    if (id === undefined) return [];
    const scored = particles.map((one): ScoredParticle => ({ ...one, score: one.score ?? 1 }));
    // Labels that stand for no member come after the members.
    const decided = decidedPicks(scored, labels.last(id), diameter).slice(0, scored.length);
    return decided.map(({ x, y, score, decision, counts }, i) => {
      return { id, x, y, score, decision, counts, number: scored[i].class ?? 0 };
    });
  });
}

/** The classes of a set, the largest first; null where it has not been classified. */
export async function classesOf(project: Project, labels: LabelStore, set: string): Promise<ApiClass[] | null> {
  const { summary, members } = classFilesOf(project, set);
  if (!existsSync(summary) || !existsSync(members)) return null;
  const [{ classes }, all] = [await readClassSummary(summary), await membersOf(project, labels, set)];
  return classes.map(({ class: number, particles, agreement, score }) => {
    const count = (decision: 'accepted' | 'rejected') =>
      all.filter((member) => member.number === number && member.decision === decision).length;
    return { number, particles, agreement, score, accepted: count('accepted'), rejected: count('rejected') };
  });
}

/** The members of a class, the best first. */
export async function classMembers(
  project: Project,
  labels: LabelStore,
  set: string,
  number: number,
): Promise<ApiGalleryItem[]> {
  const own = (await membersOf(project, labels, set)).filter((member) => member.number === number);
  return own.map(({ number: _, ...item }) => item).sort((a, b) => b.score - a.score);
}

/** Part of a list, as a gallery shows it. */
export function pageOf(items: readonly ApiGalleryItem[], offset: number, limit: number): ApiGallery {
  return { total: items.length, offset, items: items.slice(offset, offset + limit) };
}
