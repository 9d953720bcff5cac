/**
 * Particles and others told apart by the scores of all candidates alone: two normal distributions of the scores' logits, fitted
 * by expectation maximisation (Dempster, Laird & Rubin 1977).
 */

import { logit, sigmoid } from './calibration.js';

interface Group {
  readonly share: number;
  readonly mean: number;
  readonly sd: number;
}

const ITERATIONS = 100;
/** With fewer candidates a fit says nothing. */
const FEWEST = 20;
const SMALLEST_SD = 1e-3;
/** Logits between the two means at which the groups are compared. */
const GRID = 500;

/**
 * The lowest score, between the means of the two groups, from which a candidate belongs to the higher one with more than some
 * probability.
 *
 * @returns null where there are too few candidates, or where they are all alike
 */
export function mixtureThreshold(scores: readonly number[], probability: number): number | null {
  const logits = scores.map(logit).sort((a, b) => a - b);
  if (logits.length < FEWEST || logits[0] === logits[logits.length - 1]) return null;
  const [low, high] = fitGroups(logits).sort((a, b) => a.mean - b.mean);
  for (let i = 0; i <= GRID; i++) {
    const value = low.mean + (i / GRID) * (high.mean - low.mean);
    const [l, h] = [density(low, value), density(high, value)];
    if (h > probability * (l + h)) return sigmoid(value);
  }
  return null;
}

/** Micrographs whose candidates decide the threshold where there are no labels, evenly spread over the run. */
export const LOOKED_AT = 3;
/** Of picks that nobody has labels for, those are taken that belong to the higher group with more than this probability. */
const LIKELY = 0.5;

/**
 * The threshold where there are no labels at all.
 *
 * @param scores - of all candidates, some of which must be no particles
 * @returns null where there are too few candidates, or where they are all alike
 */
export function thresholdWithoutLabels(scores: readonly number[]): number | null {
  const threshold = mixtureThreshold(scores, LIKELY);
  return threshold === null ? null : Number(threshold.toFixed(3));
}

/** Starts from groups around the lowest and the highest fifth. */
function fitGroups(sorted: readonly number[]): [Group, Group] {
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const sd = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length) / 2;
  const start = (quantile: number) => ({ share: 0.5, mean: sorted[Math.floor(quantile * (sorted.length - 1))], sd });
  let groups: [Group, Group] = [start(0.2), start(0.8)];
  for (let i = 0; i < ITERATIONS; i++) {
    const [a, b] = groups;
    const inB = sorted.map(
      (value) => density(b, value) / Math.max(Number.MIN_VALUE, density(a, value) + density(b, value)),
    );
    groups = [groupOf(sorted, (k) => 1 - inB[k]), groupOf(sorted, (k) => inB[k])];
  }
  return groups;
}

function groupOf(values: readonly number[], weight: (index: number) => number): Group {
  let [total, sum] = [0, 0];
  values.forEach((value, i) => {
    total += weight(i);
    sum += weight(i) * value;
  });
  const mean = sum / total;
  const squares = values.reduce((all, value, i) => all + weight(i) * (value - mean) ** 2, 0);
  return { share: total / values.length, mean, sd: Math.max(SMALLEST_SD, Math.sqrt(squares / total)) };
}

function density({ share, mean, sd }: Group, value: number): number {
  return (share / sd) * Math.exp(-(((value - mean) / sd) ** 2) / 2);
}
