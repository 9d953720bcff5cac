import { describe, expect, it } from 'vitest';
import { selectClasses, sortPicks } from './sort-picks.js';

const at = (x: number, of?: number) => ({ x, y: 0, ...(of !== undefined && { class: of }) });

describe('selectClasses', () => {
  it('parts particles by their class, and leaves those without one alone', () => {
    const parted = selectClasses([at(1, 1), at(2, 2), at(3)], (number) => number !== 2);
    expect(parted).toEqual({ kept: [at(1, 1)], rejected: [at(2, 2)] });
  });
});

describe('sortPicks', () => {
  it('gives each pick the fate of the nearest selected particle within the distance', () => {
    const picks = [at(0), at(10), at(14), at(100)];
    const sorted = sortPicks(picks, { kept: [at(1), at(9)], rejected: [at(15)] }, 6);
    expect(sorted).toEqual({ accepted: [at(0), at(10)], rejected: [at(14)], undecided: [at(100)] });
  });

  it('keeps a pick that lies as near to one that was kept', () => {
    expect(sortPicks([at(5)], { kept: [at(4)], rejected: [at(6)] }, 2).accepted).toEqual([at(5)]);
  });
});
