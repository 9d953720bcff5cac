/** What `evaluate` judges: picks and true centres of the same micrographs. */

import { resolve } from 'node:path';
import { LabelError, UsageError } from '../../core/errors.js';
import type { EvaluatedMicrograph } from '../../evaluation/evaluate.js';
import { type CoordinateSet, mostExact, onePerMicrograph, placeOfSet } from '../../storage/coordinate-pairs.js';
import { readCoordinateSets } from '../../storage/coordinates.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { stem } from '../../storage/names.js';
import { originOf, trainedOn } from '../../storage/origin.js';
import { describeWeakerRules, pairUp } from '../../storage/pairing.js';
import { readMicrographHeader } from '../../storage/read-micrograph.js';
import type { Tell } from '../events.js';
import { note } from '../tell.js';
import { labelOfSet, listLeftOver, pairWithMicrographs } from './labelled-inputs.js';

/** A micrograph that is judged, with the picks as they were read and the micrograph itself, where they are known. */
export interface JudgedMicrograph extends EvaluatedMicrograph {
  readonly from: CoordinateSet | undefined;
  readonly input?: InputMicrograph;
}

/** What picks say of their own history. */
export interface Histories {
  /** Score below which no picks were written; null where that is not known, or nothing was cut off. */
  readonly cut: number | null;
  /** The micrographs that are judged. */
  readonly micrographs: readonly JudgedMicrograph[];
}

/** Picks down to here are as good as all. */
const WHOLE = 0.05;

/**
 * Looks where picks come from: how far down they go, and whether their model was trained on the micrograph.
 *
 * @param includeTrained - judges also micrographs that the model was trained on
 * @throws LabelError if none is left
 */
export async function withHistories(
  all: readonly JudgedMicrograph[],
  { includeTrained }: { readonly includeTrained: boolean },
  tell: Tell,
): Promise<Histories> {
  const origins = await Promise.all(all.map(({ from }) => (from ? originOf(from) : null)));
  const cut = Math.max(0, ...origins.map((origin) => origin?.threshold ?? 0));
  const models = new Set(origins.flatMap((origin) => origin?.model ?? []));
  const trained = includeTrained ? new Set<string>() : await trainedOn(models);
  const isTrained = ({ input }: JudgedMicrograph, i: number) => {
    const path = input?.path ?? origins[i]?.micrograph;
    return path !== undefined && path !== null && trained.has(resolve(path));
  };
  const micrographs = all.filter((one, i) => !isTrained(one, i));
  listLeftOver(
    ['micrograph', 'that the model was trained on, left out (--include-trained judges these too)'],
    all.filter(isTrained).map(({ name }) => name),
    tell,
  );
  if (micrographs.length === 0) {
    throw new LabelError({
      what: 'The model was trained on every micrograph that is to be judged',
      received: all
        .map(({ name }) => name)
        .slice(0, 3)
        .join(', '),
      expected: 'micrographs that it has not seen',
      hint: '--include-trained judges them all the same',
    });
  }
  return { cut: cut > WHOLE ? cut : null, micrographs };
}

/**
 * @param threshold - asked for; 0 means all picks that are there
 * @throws UsageError if there are no picks as low as a threshold
 */
export function assertAboveCut(threshold: number | undefined, cut: number | null): void {
  if (!threshold || cut === null || threshold >= cut) return;
  throw new UsageError({
    what: `These picks say nothing of the threshold ${threshold}`,
    received: `picks that were cut at a score of ${cut.toFixed(3)}`,
    expected: `${cut.toFixed(3)} or more`,
    hint: 'Pick again with --threshold 0.02, into another folder',
  });
}

/** Reads coordinates; files that cannot be read are added to `failed`. */
export async function readSets(path: string, failed: string[]): Promise<readonly CoordinateSet[]> {
  const read = await readCoordinateSets(path);
  failed.push(...read.failed.map(({ reason }) => reason));
  if (read.sets.length > 0) return read.sets;
  throw new LabelError({ what: `None of the coordinate files of ${path} can be read`, received: failed.join('; ') });
}

/** One entry a micrograph that has picks or truth; picks without true centres count as false. */
export async function pairJudged(
  picks: readonly CoordinateSet[],
  truth: readonly CoordinateSet[],
  inputs: readonly InputMicrograph[],
  tell: Tell,
): Promise<JudgedMicrograph[]> {
  if (inputs.length > 0) return pairBySize(picks, truth, inputs, tell);
  const owners = onePerMicrograph(truth);
  const { pairs, sets } = pairUp(owners, picks, {
    ownerPlace: placeOfSet,
    setPlace: placeOfSet,
    choose: (some, owner) => mostExact(some, owner.micrograph),
  });
  if (pairs.length === 0) {
    throw new LabelError({
      what: 'No picks belong to any of the true centres',
      received: `for example the picks ${picks[0]?.file} (name "${picks[0]?.name}") and the truth ${truth[0]?.file} (name "${truth[0]?.name}")`,
      expected: 'equal names',
    });
  }
  const weaker = describeWeakerRules(pairs, 'picks');
  if (weaker) note(tell, weaker);
  const alone = onePerMicrograph(sets);
  listLeftOver(
    ['set', 'of picks without true centres: all of these picks count as false'],
    alone.map(labelOfSet),
    tell,
  );
  const own = new Map(pairs.map(({ owner, set }) => [owner, set]));
  return [
    ...owners.map((set) => ({
      name: set.name,
      truth: set.particles,
      picks: own.get(set)?.particles ?? [],
      from: own.get(set),
    })),
    ...alone.map((set) => ({ name: set.name, truth: [], picks: set.particles, from: set })),
  ];
}

/** As `pairJudged`, with the sizes of the micrographs that both belong to. */
async function pairBySize(
  picks: readonly CoordinateSet[],
  truth: readonly CoordinateSet[],
  inputs: readonly InputMicrograph[],
  tell: Tell,
): Promise<JudgedMicrograph[]> {
  const found = pairWithMicrographs(inputs, picks, 'picks', tell, { partial: true });
  const known = pairWithMicrographs(inputs, truth, 'true centres', tell, { partial: true });
  const alone = [...found.keys()].filter((input) => !known.has(input)).map(({ path }) => path);
  listLeftOver(['micrograph', 'with picks but no true centres: all of these picks count as false'], alone, tell);
  const result: JudgedMicrograph[] = [];
  for (const input of inputs) {
    const [own, true_] = [found.get(input), known.get(input)];
    if (!own && !true_) continue;
    const { width, height } = await readMicrographHeader(input.path);
    result.push({
      ...{ name: stem(input.path), size: { width, height } },
      ...{ truth: true_?.particles ?? [], picks: own?.particles ?? [], from: own, input },
    });
  }
  return result;
}
