/**
 * Which coordinates belong to which micrograph: the one rule, for every command and the page (docs/architecture.md, Conventions).
 *
 * A name is the file's without its ending, then the base name of the conventions (`baseName`). In this order: the same path; the same name
 * and the longest common tail of folders, seen from both sides; the same folder below the two roots that were given; the same name alone.
 * A micrograph takes one set and a set goes to one micrograph. Folders that contradict each other (`GridSquare_1` and `GridSquare_2` at
 * the same place) are never overruled by a name, and where folders of both sides agree anywhere, a set of another folder belongs to a
 * micrograph that is not there and is left over: names repeat from folder to folder.
 */

import { LabelError } from '../core/errors.js';
import { baseName, uidOf } from './names.js';

/** What is compared: a micrograph or a set of coordinates. All names are in NFC. */
export interface Place {
  /** What errors call it. */
  readonly label: string;
  /** File name without ending. */
  readonly name: string;
  /** Folders below the root that was given, the outermost first. */
  readonly below: readonly string[];
  /** All folders above it, as far as they are known, the outermost first; `below` is their end. */
  readonly folders: readonly string[];
  /** Paths by which other files know it, as they write them, and resolved. */
  readonly paths: readonly string[];
  /** True for a set that names a file which is there: it belongs to that one only. */
  readonly isFixed?: boolean;
}

/** How two places were found to belong together, the surest first. */
export const PAIRING_RULES = ['path', 'folders', 'name'] as const;
export type PairingRule = (typeof PAIRING_RULES)[number];

/** A micrograph with its set. */
export interface Pair<Owner, Set> {
  readonly owner: Owner;
  readonly set: Set;
  readonly rule: PairingRule;
  /** True where only the base names are equal. */
  readonly byBaseName: boolean;
}

/** What was paired and what is left over. */
export interface Pairing<Owner, Set> {
  readonly pairs: readonly Pair<Owner, Set>[];
  readonly owners: readonly Owner[];
  readonly sets: readonly Set[];
}

/** How places are made of the two sides, and which of several sets of one owner is used. */
export interface PairingOptions<Owner, Set> {
  readonly ownerPlace: (owner: Owner) => Place;
  readonly setPlace: (set: Set) => Place;
  /** The one of several sets that stand for the same thing. @throws LabelError where they differ */
  readonly choose: (sets: readonly Set[], owner: Owner) => Set;
  /** What is done about a set with several possible owners; by default the error is thrown. */
  readonly onAmbiguous?: (error: LabelError) => void;
}

interface Candidate<T> {
  readonly item: T;
  readonly place: Place;
  readonly base: string;
  used: boolean;
}

/** An owner that a set may have, and how well their folders agree. */
interface Link<Owner, Set> {
  readonly owner: Candidate<Owner>;
  readonly set: Candidate<Set>;
  readonly byBaseName: boolean;
  /** Folders that agree, counted from the file outwards. */
  readonly tail: number;
  /** Whether the folders below the two roots are the same. */
  readonly sameFolder: boolean;
  /** Folders below the root of the set that are somewhere above the owner, in order. */
  readonly shared: number;
}

/**
 * Pairs sets of coordinates with the micrographs that own them.
 *
 * @throws LabelError if a set could belong to several micrographs, or if several sets of one differ
 */
export function pairUp<Owner, Set>(
  owners: readonly Owner[],
  sets: readonly Set[],
  options: PairingOptions<Owner, Set>,
): Pairing<Owner, Set> {
  const all = candidates(owners, options.ownerPlace);
  const rest = candidates(sets, options.setPlace);
  const index = indexOwners(all);
  const pairs: Pair<Owner, Set>[] = [];
  const gone = new WeakSet<object>();
  const run = (rule: PairingRule, linksOf: (set: Candidate<Set>) => readonly Link<Owner, Set>[]) =>
    pairs.push(...match(rest, linksOf, rule, options, gone));
  run('path', (set) => index.samePath(set.place).map((owner) => ({ ...linkOf(owner, set, false), sameFolder: true })));
  const elsewhere = livesElsewhere(all, rest);
  const links = new Map(
    rest.flatMap((set) => {
      if (set.used || set.place.isFixed) return [];
      return [[set, linksTo(set, index).filter((link) => !elsewhere(link))]];
    }),
  );
  const of = (set: Candidate<Set>) => links.get(set) ?? [];
  // From the deepest agreement on: what agrees better takes its owner first, whichever side is looked from.
  const deepest = [...links.values()].flat().reduce((most, { tail }) => Math.max(most, tail), 0);
  for (let depth = deepest; depth >= 1; depth--) {
    for (const exact of [true, false]) {
      run('folders', (set) => of(set).filter((link) => link.tail === depth && link.byBaseName !== exact));
    }
  }
  for (const exact of [true, false]) {
    run('path', (set) => of(set).filter((link) => link.sameFolder && link.byBaseName !== exact));
  }
  const hasFolders = ({ owner, set, rule }: Pair<Owner, Set>) =>
    (rule === 'folders' || rule === 'path') &&
    options.ownerPlace(owner).below.length + options.setPlace(set).below.length > 0;
  if (!pairs.some(hasFolders)) {
    for (const exact of [true, false])
      run('name', (set) => mostShared(of(set).filter((link) => link.byBaseName !== exact)));
  }
  const left = <T>(some: readonly Candidate<T>[]) => some.flatMap(({ item, used }) => (used ? [] : [item]));
  return { pairs, owners: left(all), sets: left(rest) };
}

function candidates<T>(items: readonly T[], placeOf: (item: T) => Place): Candidate<T>[] {
  return items.map((item) => {
    const place = placeOf(item);
    return { item, place, base: baseName(place.name), used: false };
  });
}

/** Owners by what they are looked up by. */
function indexOwners<Owner>(owners: readonly Candidate<Owner>[]) {
  const paths = groupBy(owners, ({ place }) => place.paths);
  const bases = groupBy(owners, ({ base }) => [base]);
  return {
    samePath: (place: Place) => [...new Set(place.paths.flatMap((path) => paths.get(path) ?? []))],
    sameBase: ({ place, base }: Candidate<unknown>) =>
      (bases.get(base) ?? []).filter((owner) => !differentUid(owner.place.name, place.name)),
  };
}

function groupBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}

/** cryoSPARC's prefixes tell micrographs of equal names apart. */
function differentUid(a: string, b: string): boolean {
  const [first, second] = [uidOf(a), uidOf(b)];
  return first !== null && second !== null && first !== second;
}

/** Owners of the same name whose folders do not contradict those of a set. */
function linksTo<Owner, Set>(
  set: Candidate<Set>,
  index: ReturnType<typeof indexOwners<Owner>>,
): readonly Link<Owner, Set>[] {
  return index.sameBase(set).flatMap((owner) => {
    if (contradict(owner.place, set.place)) return [];
    return [linkOf(owner, set, owner.place.name !== set.place.name)];
  });
}

function linkOf<Owner, Set>(owner: Candidate<Owner>, set: Candidate<Set>, byBaseName: boolean): Link<Owner, Set> {
  const { below, folders } = set.place;
  return {
    ...{ owner, set, byBaseName, tail: commonTail(folders, owner.place.folders) },
    sameFolder: below.join('/') === owner.place.below.join('/'),
    shared: commonInOrder(below, owner.place.folders),
  };
}

function commonTail(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** Length of the longest common subsequence. */
function commonInOrder(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const before = row;
    row = [0];
    b.forEach((other, j) => {
      row.push(word === other ? before[j] + 1 : Math.max(before[j + 1], row[j]));
    });
  }
  return row[b.length];
}

/**
 * Whether folders at the same distance from the file are two of a series (`GridSquare_1`, `GridSquare_2`), as far as one of the sides knows
 * them from its own root; or whether both sides go on below their roots behind a common tail, and differ.
 */
function contradict(a: Place, b: Place): boolean {
  const known = Math.max(a.below.length, b.below.length);
  for (let i = 1; i <= Math.min(known, a.folders.length, b.folders.length); i++) {
    if (areSiblings(a.folders.at(-i) ?? '', b.folders.at(-i) ?? '')) return true;
  }
  const tail = commonTail(a.folders, b.folders);
  return tail > 0 && Math.min(a.below.length, b.below.length) > tail;
}

function areSiblings(a: string, b: string): boolean {
  return a !== b && a.replace(/\d+/g, '#') === b.replace(/\d+/g, '#');
}

/** Those that share the most folders with the set, in whatever place. */
function mostShared<Owner, Set>(links: readonly Link<Owner, Set>[]): readonly Link<Owner, Set>[] {
  const most = links.reduce((best, { shared }) => Math.max(best, shared), 0);
  return links.filter(({ shared }) => shared === most);
}

/**
 * Tells links whose ends have a folder of the same name on the other side, and not each other: the coordinates of `g2/` are not those of a
 * micrograph beside it, nor is a micrograph of `g2/` that of coordinates beside that folder.
 */
function livesElsewhere<Owner, Set>(owners: readonly Candidate<Owner>[], sets: readonly Candidate<Set>[]) {
  const last = ({ place }: Candidate<unknown>) => place.folders.at(-1) ?? '';
  const [ofOwners, ofSets] = [groupBy(owners, (one) => [last(one)]), groupBy(sets, (one) => [last(one)])];
  return ({ owner, set, tail }: Link<Owner, Set>) => tail === 0 && (ofSets.has(last(owner)) || ofOwners.has(last(set)));
}

/** One step: owners without a set take those that can only be theirs. A set whose owner has one already stays left over. */
function match<Owner, Set>(
  sets: readonly Candidate<Set>[],
  linksOf: (set: Candidate<Set>) => readonly Link<Owner, Set>[],
  rule: PairingRule,
  { choose, onAmbiguous = rethrow }: PairingOptions<Owner, Set>,
  gone: WeakSet<object>,
): Pair<Owner, Set>[] {
  const found = new Map<Candidate<Owner>, Link<Owner, Set>[]>();
  for (const set of sets) {
    if (set.used || gone.has(set)) continue;
    const links = linksOf(set);
    const same = links.filter(({ sameFolder }) => sameFolder);
    const possible = links.length > 1 && same.length === 1 ? same : links;
    if (possible.length > 1) onAmbiguous(ambiguous(set.place, possible));
    if (possible.length === 0) continue;
    const [link] = possible;
    // Its owner has a better set: it is nobody else's.
    if (possible.length > 1 || link.owner.used) gone.add(set);
    else found.set(link.owner, [...(found.get(link.owner) ?? []), link]);
  }
  return [...found].map(([owner, links]) => {
    const set = choose(
      links.map((link) => link.set.item),
      owner.item,
    );
    for (const candidate of [owner, ...links.map((link) => link.set)]) candidate.used = true;
    const isSame = links.every(({ sameFolder }) => sameFolder);
    const byBaseName = links.some((link) => link.byBaseName);
    return { owner: owner.item, set, rule: rule === 'folders' && isSame ? 'path' : rule, byBaseName };
  });
}

function rethrow(error: LabelError): void {
  throw error;
}

function ambiguous({ label, name, below }: Place, links: readonly Link<unknown, unknown>[]): LabelError {
  const places = links.map(({ owner }) => owner.place);
  const own = places
    .map((place) => place.below.join('/'))
    .find((folder) => folder !== '' && folder !== below.join('/'));
  const folder = own ?? places[0].folders.at(-1) ?? 'FOLDER';
  return new LabelError({
    what: `${label} could belong to ${places.length} micrographs`,
    received: places
      .slice(0, 3)
      .map((place) => place.label)
      .join(' and '),
    expected: 'one micrograph for each set of coordinates',
    hint: `Put coordinates into folders that are named like those of the micrographs (${folder}/${name}), or give only one of these micrographs`,
  });
}

/** What the weaker rules paired, for a line on the screen; null where every pair was found by its path. */
export function describeWeakerRules(pairs: readonly Pair<unknown, unknown>[], what: string): string | null {
  const count = (test: (pair: Pair<unknown, unknown>) => boolean) => pairs.filter(test).length;
  const counts: [number, string][] = [
    [count(({ rule, byBaseName }) => rule === 'folders' && !byBaseName), 'the name and the folders next to it'],
    [count(({ rule, byBaseName }) => rule === 'name' && !byBaseName), 'the file name alone'],
    [count(({ byBaseName }) => byBaseName), 'the base name (without a UID prefix and endings such as _manualpick)'],
  ];
  const words = counts.flatMap(([number, by]) => (number === 0 ? [] : [`${number} by ${by}`]));
  return words.length === 0 ? null : `${what} matched ${words.join(', ')}`;
}
