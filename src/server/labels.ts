/** Labels of a project: one csv a micrograph in `labels/` and `negatives/`, written at every change, read again when they changed. */

import { existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { csvFormat } from '../formats/csv.js';
import type { Point } from '../particle.js';
import { startQueue } from '../queue.js';
import { findCoordinates, readCoordinateSets, readCoordinates } from '../storage/coordinates.js';
import { writeWhole } from '../storage/files.js';
import type { Labels } from '../training/confirmed.js';
import type { ApiLabelChange, ApiLabels, LabelKind } from './api.js';
import type { Project } from './project.js';

/** Places closer than this many pixels are the same label. */
const SAME = 0.5;
const FOLDERS: Readonly<Record<LabelKind, string>> = { particle: 'labels', negative: 'negatives' };

/** The labels of a project. */
export interface LabelStore {
  /** Those of one micrograph, as they are on disk now. */
  of(id: string): Promise<ApiLabels>;
  /** As when they were last looked at, without a look at the disk. */
  last(id: string): ApiLabels;
  /** Makes one change after the other, also those of several tabs, and writes it before it returns. */
  change(change: ApiLabelChange): Promise<ApiLabels>;
  /** Changes labels of both kinds in one turn. */
  update(id: string, next: (labels: ApiLabels) => Labels): Promise<ApiLabels>;
  /** Makes the files of a micrograph fit whether a person has looked at it; see `ProjectSettings.checked`. */
  settle(id: string): Promise<void>;
  /** How many labels of a kind a micrograph had when it was last looked at. */
  count(id: string, kind: LabelKind): number;
}

interface Known {
  readonly points: readonly Point[];
  /** Time of the file; 0 where there is none. */
  readonly modified: number;
}

/**
 * Opens the labels. Files of other formats in these folders are taken over as csv and put aside as NAME.imported.
 *
 * @throws FileError, LabelError
 */
export async function openLabels(project: Project): Promise<LabelStore> {
  const known = new Map<string, Known>();
  const fileOf = (id: string, kind: LabelKind) => join(project.folder, FOLDERS[kind], `${id}.csv`);
  const keyOf = (id: string, kind: LabelKind) => `${kind} ${id}`;
  const inTurn = startQueue();

  async function read(id: string, kind: LabelKind): Promise<readonly Point[]> {
    const file = fileOf(id, kind);
    const modified = (await stat(file).catch(() => null))?.mtimeMs ?? 0;
    const before = known.get(keyOf(id, kind));
    if (before?.modified === modified) return before.points;
    const points = modified === 0 ? [] : (await readCoordinates(file)).map(({ x, y }) => ({ x, y }));
    known.set(keyOf(id, kind), { points, modified });
    return points;
  }

  function lastOf(id: string, kind: LabelKind): readonly Point[] {
    return known.get(keyOf(id, kind))?.points ?? [];
  }

  async function write(id: string, kind: LabelKind, points: readonly Point[]): Promise<void> {
    const file = fileOf(id, kind);
    const input = project.micrographs().get(id);
    const picked = { name: input?.path ?? id, width: 0, height: 0, pixelSize: null, values: {}, optics: {}, box: 0 };
    const text = csvFormat.perMicrograph?.write({ ...picked, particles: points }, { provenance: '', existing: null });
    await writeWhole(file, text ?? '');
    known.set(keyOf(id, kind), { points, modified: (await stat(file)).mtimeMs });
  }

  /**
   * A training takes negatives only of micrographs that have a file of labels, and an empty file says that there are no particles:
   * it stays only where that is what a person saw.
   */
  async function settle(id: string): Promise<void> {
    const { particles, negatives } = await of(id);
    const looked = project.settings().checked.includes(id);
    if (particles.length + negatives.length > 0 || looked) {
      if (!existsSync(fileOf(id, 'particle'))) await write(id, 'particle', []);
      if (negatives.length === 0) await remove(id, 'negative');
      return;
    }
    await remove(id, 'particle');
    await remove(id, 'negative');
  }

  async function remove(id: string, kind: LabelKind): Promise<void> {
    await rm(fileOf(id, kind), { force: true });
    known.delete(keyOf(id, kind));
  }

  async function apply({ id, kind, add, remove: gone }: ApiLabelChange): Promise<ApiLabels> {
    const kept = (await read(id, kind)).filter((point) => !gone.some((other) => near(point, other)));
    const added = add.filter((point, i) => ![...kept, ...add.slice(0, i)].some((other) => near(point, other)));
    await write(id, kind, [...kept, ...added]);
    await settle(id);
    return of(id);
  }

  async function of(id: string): Promise<ApiLabels> {
    return { id, particles: await read(id, 'particle'), negatives: await read(id, 'negative') };
  }

  await takeOver();
  return {
    of,
    last: (id) => ({ id, particles: lastOf(id, 'particle'), negatives: lastOf(id, 'negative') }),
    change: (change) => inTurn(() => apply(change)),
    update: (id, next) =>
      inTurn(async () => {
        const { particles, negatives } = next(await of(id));
        await write(id, 'particle', particles);
        await write(id, 'negative', negatives);
        await settle(id);
        return of(id);
      }),
    settle: (id) => inTurn(() => settle(id)),
    count: (id, kind) => lastOf(id, kind).length,
  };

  async function takeOver(): Promise<void> {
    const taken = new Set<string>();
    for (const kind of ['particle', 'negative'] as const) {
      const folder = join(project.folder, FOLDERS[kind]);
      const { sets } = await readCoordinateSets(folder).catch(() => ({ sets: [] }));
      for (const [id, input] of project.micrographs()) {
        const set = findCoordinates(sets, input.path, input.folder);
        if (set && set.file !== fileOf(id, kind)) {
          await write(
            id,
            kind,
            set.particles.map(({ x, y }) => ({ x, y })),
          );
          taken.add(set.file);
        }
        await read(id, kind);
      }
    }
    for (const file of taken) await rename(file, `${file}.imported`);
  }
}

function near(a: Point, b: Point): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) < SAME;
}
