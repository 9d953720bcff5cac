/** Sets of picks of a project, `picks/NAME/`: read from their files, kept in memory. */

import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ScoredParticle } from '../core/particle.js';
import { FILTERS } from '../core/words.js';
import { readCoordinates } from '../storage/coordinates.js';
import { readText } from '../storage/files.js';
import { LEFT_OUT, SCORES } from '../storage/outputs.js';
import { readRun } from '../storage/run-history.js';
import type { ApiPick } from './api.js';
import type { LabelStore } from './labels.js';
import type { MaskStore } from './masks.js';
import { type DecidedPick, decidedPicks } from './particles.js';
import type { Project } from './project.js';
import { NAME } from './requests.js';

/** Picks go down to here, so that the threshold can be moved afterwards. */
export const LOWEST = 0.02;

/** The picks of one micrograph. */
type Picks = readonly ScoredParticle[];

type Files = ReadonlyMap<string, { readonly modified: number; readonly picks: Picks }>;

/** A set as it was at some time. */
interface Loaded {
  readonly stamp: string;
  readonly files: Promise<Files>;
  readonly picks: Promise<ReadonlyMap<string, Picks>>;
  readonly failed: Promise<ReadonlyMap<string, string>>;
}

/** A set with decisions, as it was at some time. */
interface DecidedSet {
  readonly picks: ReadonlyMap<string, Picks>;
  /** Of labels, masks, and which micrographs are excluded. */
  readonly version: string;
  readonly diameter: number | null;
  readonly decided: ReadonlyMap<string, readonly DecidedPick[]>;
  readonly every: ReadonlyMap<string, readonly DecidedPick[]>;
}

/** The sets of picks of a project. */
export interface PickSets {
  names(): Promise<string[]>;
  /** Picks of one micrograph with what a person decided, and with them what filters left out. */
  of(name: string, id: string): Promise<ApiPick[]>;
  /** The score map of a micrograph, or null. */
  scoreMap(name: string, id: string): string | null;
  /** Picks as they were written. */
  all(name: string): Promise<ReadonlyMap<string, Picks>>;
  /** Picks with what a person decided about them, and labels, by micrograph that is not excluded: what counts as particles is chosen from these. */
  decided(name: string): Promise<ReadonlyMap<string, readonly DecidedPick[]>>;
  /** The same with excluded micrographs. */
  everyDecided(name: string): Promise<ReadonlyMap<string, readonly DecidedPick[]>>;
  failed(name: string): Promise<ReadonlyMap<string, string>>;
}

const leftOutSchema = z.array(z.object({ x: z.number(), y: z.number(), score: z.number(), filter: z.enum(FILTERS) }));

/** Opens the sets of a project. */
export function openPickSets(project: Project, labels: LabelStore, masks: MaskStore): PickSets {
  const files = new PickFiles(project);
  const decisions = new Decisions(project, labels, masks);
  const decide = async (name: string) => decisions.about(name, await files.picks(name));
  return {
    all: (name) => files.picks(name),
    decided: async (name) => (await decide(name)).decided,
    everyDecided: async (name) => (await decide(name)).every,
    names: () => files.names(),
    async of(name, id) {
      const picks = decisions.on(id, (await files.picks(name)).get(id) ?? []);
      return [...picks, ...(await files.leftOut(name, id))];
    },
    scoreMap: (name, id) => files.scoreMap(name, id),
    failed: (name) => files.failed(name),
  };
}

/** The files of sets, read again where they changed. */
class PickFiles {
  readonly #loaded = new Map<string, Loaded>();

  constructor(readonly project: Project) {}

  async names(): Promise<string[]> {
    const folder = join(this.project.folder, 'picks');
    if (!existsSync(folder)) return [];
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.flatMap(({ name }, i) => (entries[i].isDirectory() && NAME.test(name) ? [name] : [])).sort();
  }

  async picks(name: string): Promise<ReadonlyMap<string, Picks>> {
    return (await this.#current(name)).picks;
  }

  async failed(name: string): Promise<ReadonlyMap<string, string>> {
    return (await this.#current(name)).failed;
  }

  /** What filters left out. */
  async leftOut(name: string, id: string): Promise<ApiPick[]> {
    const file = this.#fileOf(name, id, LEFT_OUT);
    if (!existsSync(file)) return [];
    const leftOut = leftOutSchema.parse(JSON.parse(await readText(file)));
    return leftOut.map((one) => ({ ...one, decision: null, counts: -1 }));
  }

  scoreMap(name: string, id: string): string | null {
    const file = this.#fileOf(name, id, SCORES);
    return existsSync(file) ? file : null;
  }

  #folderOf(name: string): string {
    return join(this.project.folder, 'picks', name);
  }

  #fileOf(name: string, id: string, ending: string): string {
    return join(this.#folderOf(name), `${id}${ending}`);
  }

  /** Reads a set where it has changed. */
  async #current(name: string): Promise<Loaded> {
    const stamp = await this.#stampOf(name);
    const known = this.#loaded.get(name);
    if (known?.stamp === stamp) return known;
    const files = (known?.files ?? Promise.resolve(new Map())).then((before) => this.#load(name, before));
    const picks = files.then((some) => new Map([...some].map(([id, { picks: own }]) => [id, own])));
    const entry: Loaded = { stamp, files, picks, failed: this.#failedOf(name) };
    this.#loaded.set(name, entry);
    return entry;
  }

  /** Reads what is new; a file that cannot be read has no picks, and does not keep the others from being shown. */
  async #load(name: string, before: Files): Promise<Files> {
    const files = new Map<string, { modified: number; picks: Picks }>();
    for (const id of this.project.micrographs().keys()) {
      const file = this.#fileOf(name, id, '.csv');
      const modified = (await stat(file).catch(() => null))?.mtimeMs;
      if (modified === undefined) continue;
      const known = before.get(id);
      if (known?.modified === modified) files.set(id, known);
      else {
        const read = await readCoordinates(file).catch(() => []);
        files.set(id, { modified, picks: read.map(({ x, y, score = 1 }) => ({ x, y, score })) });
      }
    }
    return files;
  }

  /** Changes whenever a command adds to the run, also one that a person typed. */
  async #stampOf(name: string): Promise<string> {
    const records = join(this.#folderOf(name), '.deepem', 'records');
    const names = await readdir(records).catch(() => []);
    const times = await Promise.all(names.map(async (file) => (await stat(join(records, file))).mtimeMs));
    return [this.project.micrographs().size, ...times].join();
  }

  async #failedOf(name: string): Promise<ReadonlyMap<string, string>> {
    const { records } = await readRun(this.#folderOf(name)).catch(() => ({ records: new Map() }));
    const failed = new Map<string, string>();
    for (const [id, { path }] of this.project.micrographs()) {
      const record = records.get(resolve(path));
      if (record?.state === 'failed') failed.set(id, record.reason ?? 'unknown');
    }
    return failed;
  }
}

/** What a person decided about the picks of sets: labels, masks, and which micrographs are excluded. */
class Decisions {
  readonly #known = new Map<string, DecidedSet>();

  constructor(
    readonly project: Project,
    readonly labels: LabelStore,
    readonly masks: MaskStore,
  ) {}

  /** The picks of one micrograph; those in a mask count nowhere. */
  on(id: string, picks: Picks): ApiPick[] {
    const { diameter } = this.project.settings();
    return decidedPicks(picks, this.labels.last(id), diameter).map((pick) =>
      this.#isMasked(id, pick) ? { ...pick, filter: 'masked', counts: -1 } : pick,
    );
  }

  /** The picks of a set, made again where something has changed. */
  about(name: string, picks: ReadonlyMap<string, Picks>): DecidedSet {
    const { diameter, excluded } = this.project.settings();
    const version = `${this.labels.version()} ${this.masks.version()} ${excluded.join()}`;
    const known = this.#known.get(name);
    if (known?.picks === picks && known.version === version && known.diameter === diameter) return known;
    const gone = new Set(excluded);
    const every = new Map<string, readonly DecidedPick[]>();
    for (const id of this.project.micrographs().keys()) {
      const some = decidedPicks(picks.get(id) ?? [], this.labels.last(id), diameter);
      const open = some.filter((pick) => !this.#isMasked(id, pick));
      if (open.length > 0) every.set(id, open);
    }
    const made = { picks, version, diameter, every, decided: new Map([...every].filter(([id]) => !gone.has(id))) };
    this.#known.set(name, made);
    return made;
  }

  #isMasked(id: string, { decision, x, y }: DecidedPick): boolean {
    return decision !== 'accepted' && this.masks.excludes(id, { x, y });
  }
}
