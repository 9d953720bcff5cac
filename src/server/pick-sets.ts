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
import { readRun } from '../storage/run.js';
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
  const decidedSets = new Map<string, DecidedSet>();
  const loaded = new Map<string, Loaded>();
  const folderOf = (name: string) => join(project.folder, 'picks', name);
  const fileOf = (name: string, id: string, ending: string) => join(folderOf(name), `${id}${ending}`);

  /** Reads what is new; a file that cannot be read has no picks, and does not keep the others from being shown. */
  async function load(name: string, before: Files): Promise<Files> {
    const files = new Map<string, { modified: number; picks: Picks }>();
    for (const id of project.micrographs().keys()) {
      const file = fileOf(name, id, '.csv');
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
  async function stampOf(name: string): Promise<string> {
    const records = join(folderOf(name), '.deepem', 'records');
    const names = await readdir(records).catch(() => []);
    const times = await Promise.all(names.map(async (file) => (await stat(join(records, file))).mtimeMs));
    return [project.micrographs().size, ...times].join();
  }

  async function failedOf(name: string): Promise<ReadonlyMap<string, string>> {
    const { records } = await readRun(folderOf(name)).catch(() => ({ records: new Map() }));
    const failed = new Map<string, string>();
    for (const [id, { path }] of project.micrographs()) {
      const record = records.get(resolve(path));
      if (record?.state === 'failed') failed.set(id, record.reason ?? 'unknown');
    }
    return failed;
  }

  /** Reads a set where it has changed. */
  async function current(name: string): Promise<Loaded> {
    const stamp = await stampOf(name);
    const known = loaded.get(name);
    if (known?.stamp === stamp) return known;
    const files = (known?.files ?? Promise.resolve(new Map())).then((before) => load(name, before));
    const picks = files.then((some) => new Map([...some].map(([id, { picks: own }]) => [id, own])));
    const entry: Loaded = { stamp, files, picks, failed: failedOf(name) };
    loaded.set(name, entry);
    return entry;
  }

  const all = async (name: string) => (await current(name)).picks;

  const isMasked = (id: string, { decision, x, y }: DecidedPick) =>
    decision !== 'accepted' && masks.excludes(id, { x, y });

  async function decide(name: string): Promise<DecidedSet> {
    const [picks, { diameter, excluded }] = [await all(name), project.settings()];
    const version = `${labels.version()} ${masks.version()} ${excluded.join()}`;
    const gone = new Set(excluded);
    const known = decidedSets.get(name);
    if (known?.picks === picks && known.version === version && known.diameter === diameter) return known;
    const every = new Map<string, readonly DecidedPick[]>();
    for (const id of project.micrographs().keys()) {
      const some = decidedPicks(picks.get(id) ?? [], labels.last(id), diameter);
      const open = some.filter((pick) => !isMasked(id, pick));
      if (open.length > 0) every.set(id, open);
    }
    const made = { picks, version, diameter, every, decided: new Map([...every].filter(([id]) => !gone.has(id))) };
    decidedSets.set(name, made);
    return made;
  }

  return {
    all,
    decided: async (name) => (await decide(name)).decided,
    everyDecided: async (name) => (await decide(name)).every,
    async names() {
      const folder = join(project.folder, 'picks');
      if (!existsSync(folder)) return [];
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.flatMap(({ name }, i) => (entries[i].isDirectory() && NAME.test(name) ? [name] : [])).sort();
    },
    async of(name, id) {
      const picks = decidedPicks((await all(name)).get(id) ?? [], labels.last(id), project.settings().diameter).map(
        (pick): ApiPick => (isMasked(id, pick) ? { ...pick, filter: 'masked', counts: -1 } : pick),
      );
      const file = fileOf(name, id, LEFT_OUT);
      if (!existsSync(file)) return picks;
      const leftOut = leftOutSchema.parse(JSON.parse(await readText(file)));
      return [...picks, ...leftOut.map((one) => ({ ...one, decision: null, counts: -1 }))];
    },
    scoreMap(name, id) {
      const file = fileOf(name, id, SCORES);
      return existsSync(file) ? file : null;
    },
    failed: async (name) => (await current(name)).failed,
  };
}
