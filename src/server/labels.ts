/** Labels of a project: one csv a micrograph in `labels/` and `negatives/`, written at every change, read again when they changed. */

import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, LabelError, messageOf } from '../core/errors.js';
import type { Point } from '../core/particle.js';
import { csvFormat } from '../formats/csv.js';
import { startQueue } from '../runtime/queue.js';
import { REPLACES, readCoordinateFile } from '../storage/coordinates.js';
import { writeWhole } from '../storage/files.js';
import { awayFrom, distinct, type Labels } from '../training/confirmed.js';
import type { ApiLabelChange, ApiLabels, LabelKind } from './api.js';
import { foreignLabels } from './foreign-labels.js';
import type { Project } from './project.js';

/** Places closer than this many pixels are the same label. */
const SAME = 0.5;
const FOLDERS: Readonly<Record<LabelKind, string>> = { particle: 'labels', negative: 'negatives' };
const KINDS = ['particle', 'negative'] as const;

/** The labels of a project. */
export interface LabelStore {
  /**
   * Those of one micrograph, as they are on disk now.
   *
   * @throws FileError if its file is damaged
   */
  of(id: string): Promise<ApiLabels>;
  /** As when they were last looked at, without a look at the disk. */
  last(id: string): ApiLabels;
  /** Makes one change after the other, also those of several tabs, and writes it before it returns. */
  change(change: ApiLabelChange): Promise<ApiLabels>;
  /** Changes labels of both kinds in one turn. */
  update(id: string, next: (labels: ApiLabels) => Labels): Promise<ApiLabels>;
  /** Makes the files of a micrograph fit whether a person has looked at it; see `ProjectSettings.checked`. */
  settle(id: string): Promise<void>;
  /** Changes whenever labels may have. */
  version(): number;
  /** How many labels of a kind a micrograph had when it was last looked at. */
  count(id: string, kind: LabelKind): number;
  /** Why the labels of a micrograph could not be read when they were last looked at, or null. */
  damage(id: string): string | null;
  /** What was taken over from other programs at the start, and what was not, in sentences. */
  readonly notices: readonly string[];
}

interface Known {
  readonly points: readonly Point[];
  /** Time of the file; 0 where there is none. */
  readonly modified: number;
  /** Files of other programs that it took over. */
  readonly replaces: readonly string[];
  /** Why it cannot be read, or null. */
  readonly damage: string | null;
}

const NONE: Known = { points: [], modified: 0, replaces: [], damage: null };

/** Opens the labels. Files that other programs put into these folders are copied into csv where it is plain whose they are. */
export async function openLabels(project: Project): Promise<LabelStore> {
  const labels = new LabelFiles(project);
  const inTurn = startQueue();
  const notices = await labels.takeOver();
  return {
    notices,
    of: (id) => labels.of(id),
    last: (id) => ({
      id,
      particles: labels.last(id, 'particle').points,
      negatives: labels.last(id, 'negative').points,
    }),
    change: (change) => inTurn(() => labels.apply(change)),
    update: (id, next) => inTurn(async () => labels.replace(id, next(await labels.of(id)))),
    settle: (id) => inTurn(() => labels.settle(id)),
    version: () => labels.version,
    count: (id, kind) => labels.last(id, kind).points.length,
    damage: (id) => labels.last(id, 'particle').damage ?? labels.last(id, 'negative').damage,
  };
}

/** The files of labels, and what was in them when they were last looked at. */
class LabelFiles {
  /** Changes whenever labels may have. */
  version = 0;
  readonly #known = new Map<string, Known>();

  constructor(readonly project: Project) {}

  last(id: string, kind: LabelKind): Known {
    return this.#known.get(keyOf(id, kind)) ?? NONE;
  }

  async of(id: string): Promise<ApiLabels> {
    return { id, particles: await this.#read(id, 'particle'), negatives: await this.#read(id, 'negative') };
  }

  async apply({ id, kind, add, remove: gone }: ApiLabelChange): Promise<ApiLabels> {
    const kept = awayFrom(await this.#read(id, kind), gone, SAME);
    await this.#write(id, kind, [...kept, ...awayFrom(distinct(add, SAME), kept, SAME)]);
    await this.settle(id);
    return this.of(id);
  }

  async replace(id: string, { particles, negatives }: Labels): Promise<ApiLabels> {
    await this.#write(id, 'particle', particles);
    await this.#write(id, 'negative', negatives);
    await this.settle(id);
    return this.of(id);
  }

  /**
   * A training takes negatives only of micrographs that have a file of labels, and an empty file says that there are no particles:
   * it stays only where that is what a person saw.
   */
  async settle(id: string): Promise<void> {
    const { particles, negatives } = await this.of(id);
    const looked = this.project.settings().checked.includes(id);
    if (particles.length + negatives.length > 0 || looked) {
      if (!existsSync(this.#fileOf(id, 'particle'))) await this.#write(id, 'particle', []);
      if (negatives.length === 0) await this.#remove(id, 'negative');
      return;
    }
    await this.#remove(id, 'particle');
    await this.#remove(id, 'negative');
  }

  /** Looks at all files and takes over those of other programs; returns what was, and what was not, in sentences. */
  async takeOver(): Promise<string[]> {
    const notices: string[] = [];
    const micrographs = this.project.micrographs();
    for (const kind of KINDS) {
      for (const id of micrographs.keys()) await this.#look(id, kind);
      const folder = join(this.project.folder, FOLDERS[kind]);
      const found = await foreignLabels(folder, micrographs, (id) => this.#fileOf(id, kind));
      for (const { id, points, name } of found.taken) await this.#write(id, kind, points, name);
      notices.push(...found.notices);
    }
    return notices;
  }

  #fileOf(id: string, kind: LabelKind): string {
    return join(this.project.folder, FOLDERS[kind], `${id}.csv`);
  }

  #keep(id: string, kind: LabelKind, now: Known): void {
    this.#known.set(keyOf(id, kind), now);
    this.version++;
  }

  async #look(id: string, kind: LabelKind): Promise<Known> {
    const file = this.#fileOf(id, kind);
    const modified = (await stat(file).catch(() => null))?.mtimeMs ?? 0;
    const before = this.#known.get(keyOf(id, kind));
    if (before?.modified === modified) return before;
    const now = modified === 0 ? NONE : { ...(await readLabelFile(file)), modified };
    this.#keep(id, kind, now);
    return now;
  }

  /** @throws FileError if the file is damaged: it is never written over */
  async #read(id: string, kind: LabelKind): Promise<readonly Point[]> {
    const { points, damage } = await this.#look(id, kind);
    if (damage === null) return points;
    throw new FileError({ what: damage, hint: 'Repair the file or move it away; it is read again at once' });
  }

  async #write(id: string, kind: LabelKind, points: readonly Point[], taken?: string): Promise<void> {
    const file = this.#fileOf(id, kind);
    const input = this.project.micrographs().get(id);
    const picked = { name: input?.path ?? id, width: 0, height: 0, pixelSize: null, values: {}, optics: {}, box: 0 };
    const text = csvFormat.perMicrograph?.write({ ...picked, particles: points }, { provenance: '', existing: null });
    const replaces = [...this.last(id, kind).replaces, ...(taken === undefined ? [] : [taken])];
    const comment = replaces.length === 0 ? '' : `${REPLACES}${replaces.join('\t')}\n`;
    await writeWhole(file, `${comment}${text}`);
    this.#keep(id, kind, { points, modified: (await stat(file)).mtimeMs, replaces, damage: null });
  }

  /** A file that stands for one of another program stays, empty: that one would be taken over again. */
  async #remove(id: string, kind: LabelKind): Promise<void> {
    if (this.last(id, kind).replaces.length > 0) return this.#write(id, kind, []);
    await rm(this.#fileOf(id, kind), { force: true });
    this.#known.delete(keyOf(id, kind));
    this.version++;
  }
}

function keyOf(id: string, kind: LabelKind): string {
  return `${kind} ${id}`;
}

async function readLabelFile(file: string): Promise<Pick<Known, 'points' | 'replaces' | 'damage'>> {
  try {
    const { particles, micrographs, replaces } = await readCoordinateFile(file);
    if (micrographs > 1) throw new LabelError({ what: `${file} holds labels of ${micrographs} micrographs` });
    return { points: particles.map(({ x, y }) => ({ x, y })), replaces, damage: null };
  } catch (error) {
    return { points: [], replaces: [], damage: messageOf(error) };
  }
}
