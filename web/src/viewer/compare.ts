/** Two sets of picks on one micrograph, held against each other. */

import type { ApiPick } from '../../../src/server/api.js';

/** What both have, and what only one has. */
export interface Compared {
  readonly both: readonly ApiPick[];
  readonly onlyOwn: readonly ApiPick[];
  readonly onlyOther: readonly ApiPick[];
}

/**
 * Pairs picks of two sets, the nearest first, each with one of the other set at most.
 *
 * @param within - largest distance of a pair, in full-size pixels
 */
export function compare(own: readonly ApiPick[], other: readonly ApiPick[], within: number): Compared {
  const pairs: { readonly i: number; readonly j: number; readonly distance: number }[] = [];
  const cells = new Map<string, number[]>();
  const cellOf = (value: number) => Math.floor(value / within);
  for (const [j, { x, y }] of other.entries()) {
    const key = `${cellOf(x)} ${cellOf(y)}`;
    cells.set(key, [...(cells.get(key) ?? []), j]);
  }
  for (const [i, { x, y }] of own.entries()) {
    for (const dx of [-1, 0, 1]) {
      for (const dy of [-1, 0, 1]) {
        for (const j of cells.get(`${cellOf(x) + dx} ${cellOf(y) + dy}`) ?? []) {
          const distance = Math.hypot(other[j].x - x, other[j].y - y);
          if (distance <= within) pairs.push({ i, j, distance });
        }
      }
    }
  }
  const [taken, given] = [new Set<number>(), new Set<number>()];
  for (const { i, j } of pairs.sort((a, b) => a.distance - b.distance)) {
    if (taken.has(i) || given.has(j)) continue;
    taken.add(i);
    given.add(j);
  }
  return {
    both: own.filter((_, i) => taken.has(i)),
    onlyOwn: own.filter((_, i) => !taken.has(i)),
    onlyOther: other.filter((_, j) => !given.has(j)),
  };
}
