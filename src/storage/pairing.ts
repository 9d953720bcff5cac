/**
 * Which coordinates belong to which micrograph: the one rule, for every command and the page (docs/architecture.md, Conventions).
 *
 * In this order: the same path below the common root; the same name and the longest common tail of folders; the same file name; the
 * same base name. A name is the file's without its ending, then the base name of the conventions (`baseName`). At each step a micrograph
 * takes one set only and a set goes to one micrograph only. Where folders of both sides agree anywhere, a set of another folder belongs to
 * a micrograph that is not there, and is left over: names repeat from folder to folder.
 */

import { LabelError } from '../errors.js';
import { baseName, uidOf } from './names.js';

/** What is compared: a micrograph or a set of coordinates. */
export interface Place {
  /** What errors call it. */
  readonly label: string;
  /** File name without ending, in NFC. */
  readonly name: string;
  /** Folder below the root that was given, `` for the root itself, in NFC. */
  readonly folder: string;
  /** Folders above it as far as they are known, the outermost first, in NFC. */
  readonly folders: readonly string[];
  /** Paths by which other files know it, as they write them, and resolved. */
  readonly paths: readonly string[];
}

/** How two places were found to belong together, the surest first. */
export const PAIRING_RULES = ['path', 'folders', 'name', 'base name'] as const;
export type PairingRule = (typeof PAIRING_RULES)[number];

/** A micrograph with its set. */
export interface Pair<Owner, Set> {
  readonly owner: Owner;
  readonly set: Set;
  readonly rule: PairingRule;
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

/** Finds the possible owners of a set at one step of the rule. */
type Step<Owner, Set> = (set: Candidate<Set>) => readonly Candidate<Owner>[];

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
  const run = (rule: PairingRule, step: Step<Owner, Set>) => pairs.push(...match(rest, step, rule, options));
  run('path', ({ place }) => index.samePath(place));
  for (const named of [index.sameName, index.sameBase]) {
    run('path', (set) => named(set).filter(({ place }) => place.folder === set.place.folder));
  }
  for (const named of [index.sameName, index.sameBase]) run('folders', (set) => longestTail(set.place, named(set)));
  const parallel = pairs.some(({ rule, owner }) => rule === 'folders' || options.ownerPlace(owner).folder !== '');
  if (!parallel) {
    run('name', index.sameName);
    run('base name', index.sameBase);
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
  const names = groupBy(owners, ({ place }) => [place.name]);
  const bases = groupBy(owners, ({ base }) => [base]);
  return {
    samePath: (place: Place) => [...new Set(place.paths.flatMap((path) => paths.get(path) ?? []))],
    sameName: ({ place }: Candidate<unknown>) => names.get(place.name) ?? [],
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

/** Those that share the most folders with a place, counted from the file outwards; none where none shares any. */
function longestTail<Owner>({ folders }: Place, owners: readonly Candidate<Owner>[]): readonly Candidate<Owner>[] {
  const tails = owners.map(({ place }) => commonTail(place.folders, folders));
  const longest = Math.max(0, ...tails);
  return longest === 0 ? [] : owners.filter((_, i) => tails[i] === longest);
}

function commonTail(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** One step: owners without a set take those that can only be theirs. A set whose owner has one already stays left over. */
function match<Owner, Set>(
  sets: readonly Candidate<Set>[],
  step: Step<Owner, Set>,
  rule: PairingRule,
  { choose, onAmbiguous = rethrow }: PairingOptions<Owner, Set>,
): Pair<Owner, Set>[] {
  const found = new Map<Candidate<Owner>, Candidate<Set>[]>();
  for (const set of sets) {
    if (set.used) continue;
    const possible = step(set);
    if (possible.length > 1) onAmbiguous(ambiguous(set.place, possible));
    if (possible.length !== 1 || possible[0].used) continue;
    found.set(possible[0], [...(found.get(possible[0]) ?? []), set]);
  }
  return [...found].map(([owner, some]) => {
    const set = choose(
      some.map(({ item }) => item),
      owner.item,
    );
    for (const candidate of [owner, ...some]) candidate.used = true;
    return { owner: owner.item, set, rule };
  });
}

function rethrow(error: LabelError): void {
  throw error;
}

function ambiguous({ label, name }: Place, owners: readonly Candidate<unknown>[]): LabelError {
  const places = owners.map(({ place }) => place);
  const own = places.find(({ folder }) => folder !== '')?.folder ?? places[0].folders.at(-1) ?? 'FOLDER';
  return new LabelError({
    what: `${label} could belong to ${places.length} micrographs`,
    received: places
      .slice(0, 3)
      .map((place) => place.label)
      .join(' and '),
    expected: 'one micrograph for each set of coordinates',
    hint: `Put coordinates into folders that are named like those of the micrographs (${own}/${name}), or give only one of these micrographs`,
  });
}

/** What the weaker rules paired, for a line on the screen; null where every pair was found by its path. */
export function describeWeakerRules(pairs: readonly Pair<unknown, unknown>[], what: string): string | null {
  const words: Record<PairingRule, string> = {
    path: '',
    folders: 'the name and the folders next to it',
    name: 'the file name alone',
    'base name': 'the base name (without a UID prefix and endings such as _manualpick)',
  };
  const counts = PAIRING_RULES.slice(1).flatMap((rule) => {
    const count = pairs.filter((pair) => pair.rule === rule).length;
    return count === 0 ? [] : [`${count} by ${words[rule]}`];
  });
  return counts.length === 0 ? null : `${what} matched ${counts.join(', ')}`;
}
