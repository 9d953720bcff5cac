/**
 * Whether one way of picking is better than another on the same labels, beyond what these few labels could show by chance: both are judged
 * again and again on parts of the micrographs drawn with replacement (Efron & Tibshirani 1993). Parts, not single labels, are drawn, for
 * what one filter does to a pick it does to its neighbours.
 */

import type { Point } from '../core/particle.js';
import type { Random } from '../core/random.js';
import type { EvaluatedMicrograph } from './evaluate.js';
import { matchPicks } from './match.js';

/** What one way of picking gains over another. */
export interface Gain {
  /** Difference of the sums of best F1 and average precision. */
  readonly mean: number;
  /** Standard deviation of that difference. */
  readonly sd: number;
}

/** How it is judged. Lengths as in the micrographs' points. */
export interface BootstrapOptions {
  /** Largest distance of a right pick. */
  readonly radius: number;
  /** Side of a part. */
  readonly part: number;
  readonly random: Random;
}

const RESAMPLES = 100;

/** Picks in falling score: whether each is right, and the part that it lies in. */
interface Judged {
  readonly hits: readonly { readonly score: number; readonly hit: boolean; readonly part: number }[];
  /** True centres of each part. */
  readonly truths: readonly number[];
}

/**
 * Compares ways of picking with a first one.
 *
 * @param first - micrographs with its picks
 * @param others - the same micrographs with the picks of each other way
 * @returns the gain of each other way over the first
 */
export function pairedGains(
  first: readonly EvaluatedMicrograph[],
  others: readonly (readonly EvaluatedMicrograph[])[],
  { radius, part, random }: BootstrapOptions,
): Gain[] {
  const parts = new Map<string, number>();
  const partOf = (micrograph: number, { x, y }: Point) => {
    const key = `${micrograph} ${Math.floor(x / part)} ${Math.floor(y / part)}`;
    const known = parts.get(key) ?? parts.size;
    parts.set(key, known);
    return known;
  };
  const ways = [first, ...others].map((micrographs) => judgeParts(micrographs, radius, partOf));
  const weights = Array.from({ length: RESAMPLES }, () => {
    const drawn = new Float64Array(parts.size);
    for (let i = 0; i < parts.size; i++) drawn[random.integer(parts.size)]++;
    return drawn;
  });
  const once = new Float64Array(parts.size).fill(1);
  const sums = ways.map((way) => weights.map((drawn) => apPlusF1(way, drawn)));
  return ways.slice(1).map((way, i) => {
    const gains = sums[i + 1].map((value, k) => value - sums[0][k]);
    const mean = gains.reduce((sum, value) => sum + value, 0) / RESAMPLES;
    const variance = gains.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (RESAMPLES - 1);
    return { mean: apPlusF1(way, once) - apPlusF1(ways[0], once), sd: Math.sqrt(variance) };
  });
}

/** A right pick belongs to the part of its true centre. */
function judgeParts(
  micrographs: readonly EvaluatedMicrograph[],
  radius: number,
  partOf: (micrograph: number, point: Point) => number,
): Judged {
  const truths: number[] = [];
  const hits = micrographs.flatMap(({ truth, picks }, i) => {
    const parts = truth.map((point) => partOf(i, point));
    for (const part of parts) truths[part] = (truths[part] ?? 0) + 1;
    return matchPicks(truth, picks, radius).map(({ pick, truth: found }) => ({
      score: pick.score ?? 1,
      hit: found >= 0,
      part: found >= 0 ? parts[found] : partOf(i, pick),
    }));
  });
  return { hits: hits.sort((a, b) => b.score - a.score), truths };
}

/** Best F1 plus average precision where each part counts so many times. */
function apPlusF1({ hits, truths }: Judged, weights: Float64Array): number {
  const total = weights.reduce((sum, weight, part) => sum + weight * (truths[part] ?? 0), 0);
  let [kept, found, best] = [0, 0, 0];
  const precisions: number[] = [];
  const gained: number[] = [];
  for (const { hit, part } of hits) {
    kept += weights[part];
    if (hit) found += weights[part];
    precisions.push(kept > 0 ? found / kept : 0);
    gained.push(hit ? weights[part] : 0);
    if (kept + total > 0) best = Math.max(best, (2 * found) / (kept + total));
  }
  let [area, envelope] = [0, 0];
  for (let i = hits.length - 1; i >= 0; i--) {
    envelope = Math.max(envelope, precisions[i]);
    area += envelope * gained[i];
  }
  return best + area / Math.max(1, total);
}
