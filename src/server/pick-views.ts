/** What the page asks of sets of picks: counts by score, galleries, what is doubtful, and how good they are. */

import { matchRadius } from '../core/sizes.js';
import { fMeasure } from '../evaluation/curve.js';
import { evaluate } from '../evaluation/evaluate.js';
import type { ApiEvaluation, ApiGallery, ApiLabels, ApiScores, ApiWorst } from './api.js';
import { type DecidedPick, particlesAt } from './particles.js';
import type { PickSets } from './pick-sets.js';

const CURVE_POINTS = 300;
/** Scores this close to the threshold are doubtful. */
const DOUBT = 0.15;

/** How many picks a person has not decided about, and whose scores lie close to the threshold. */
export function doubtfulAmong(picks: readonly DecidedPick[], threshold: number): number {
  return picks.filter(({ score, decision }) => decision === null && Math.abs(score - threshold) < DOUBT).length;
}

/** Counts of scores over all micrographs, and for each of them; what was rejected does not count. */
export async function scoresOf(sets: PickSets, name: string): Promise<ApiScores> {
  const histogram = new Array<number>(100).fill(0);
  const kept: Record<string, number[]> = {};
  for (const [id, picks] of await sets.decided(name)) {
    const numbers = new Array<number>(101).fill(0);
    for (const { score, counts } of picks) {
      if (counts < 0) continue;
      histogram[Math.min(99, Math.floor(100 * score))]++;
      numbers[Math.min(100, Math.floor(100 * counts + 1e-9))]++;
    }
    for (let i = 99; i >= 0; i--) numbers[i] += numbers[i + 1];
    kept[id] = numbers;
  }
  return { name, histogram, kept };
}

/** What a gallery shows. */
export interface GalleryQuery {
  /** `score`: the best first; `doubtful`: those first whose scores are closest to the threshold. What was decided stays in its place. */
  readonly order: 'score' | 'doubtful';
  readonly threshold: number;
  /** null: where the first undecided pick is. */
  readonly offset: number | null;
  readonly limit: number;
}

/** Sorted lists are kept: a page of a gallery asks for the same one again and again. */
const sortedLists = new WeakMap<
  ReadonlyMap<string, readonly DecidedPick[]>,
  { readonly key: string; readonly items: OwnedPick[] }
>();

type OwnedPick = DecidedPick & { readonly id: string };

/** Picks in some order, with what a person decided about them; what was rejected stays to be seen. */
export function galleryOf(
  picks: ReadonlyMap<string, readonly DecidedPick[]>,
  { order, threshold, offset, limit }: GalleryQuery,
): ApiGallery {
  const wanted = sortedPicks(picks, order, threshold);
  const from =
    offset ??
    Math.max(
      0,
      wanted.findIndex(({ decision }) => decision === null),
    );
  return { total: wanted.length, offset: from, items: wanted.slice(from, from + limit) };
}

function sortedPicks(
  picks: ReadonlyMap<string, readonly DecidedPick[]>,
  order: GalleryQuery['order'],
  threshold: number,
): OwnedPick[] {
  const key = `${order} ${threshold}`;
  const known = sortedLists.get(picks);
  if (known?.key === key) return known.items;
  const all = [...picks].flatMap(([id, some]) => some.map((pick) => ({ id, ...pick })));
  const items =
    order === 'score'
      ? all.filter(({ score, counts }) => Math.max(score, counts) >= threshold).sort((a, b) => b.score - a.score)
      : all.sort((a, b) => Math.abs(a.score - threshold) - Math.abs(b.score - threshold));
  sortedLists.set(picks, { key, items });
  return items;
}

/** Micrographs with the largest share of doubtful picks first. */
export function worstOf(
  picks: ReadonlyMap<string, readonly DecidedPick[]>,
  threshold: number,
  checked: readonly string[],
): ApiWorst[] {
  const seen = new Set(checked);
  const share = ({ doubtful, picks: all }: ApiWorst) => doubtful / Math.max(1, all);
  return [...picks]
    .filter(([id]) => !seen.has(id))
    .map(([id, some]) => ({
      id,
      doubtful: doubtfulAmong(some, threshold),
      picks: particlesAt(some, threshold).length,
    }))
    .sort((a, b) => share(b) - share(a) || b.doubtful - a.doubtful);
}

/** What picks are judged by. */
export interface Judging {
  /** Micrographs that a person has looked at. */
  readonly checked: readonly string[];
  /** Those that the model was trained on: they are no proof of its quality. */
  readonly trained: ReadonlySet<string>;
  readonly diameter: number;
}

/** Picks against the labels of micrographs that a person has looked at and the model has not; null where there are none. */
export async function evaluateChecked(
  name: string,
  sets: PickSets,
  labelsOf: (id: string) => Promise<ApiLabels>,
  { checked, trained, diameter }: Judging,
): Promise<ApiEvaluation | null> {
  const picks = await sets.all(name);
  const judged = checked.filter((id) => picks.has(id) && !trained.has(id));
  if (judged.length === 0) return null;
  const micrographs = [];
  for (const id of judged) {
    micrographs.push({ name: id, truth: (await labelsOf(id)).particles, picks: picks.get(id) ?? [] });
  }
  const result = evaluate(micrographs, { radius: matchRadius(diameter) });
  return evaluationOf(name, `the labels of ${judged.length} checked micrographs`, result);
}

/** An evaluation as the page draws it. */
export function evaluationOf(
  name: string,
  truth: string,
  {
    truthCount,
    averagePrecision,
    bestF1,
    curve,
  }: Pick<ReturnType<typeof evaluate>, 'truthCount' | 'averagePrecision' | 'bestF1' | 'curve'>,
): ApiEvaluation {
  const stride = Math.ceil(curve.length / CURVE_POINTS);
  const points = curve.filter((_, i) => i % stride === 0 || i === curve.length - 1);
  return {
    ...{ name, truth, truthCount, averagePrecision, bestF1: bestF1?.f1 ?? 0 },
    curve: points.map((point) => {
      const { threshold, precision, recall } = point;
      return { threshold, precision, recall, f2: fMeasure(point, 2) };
    }),
  };
}
