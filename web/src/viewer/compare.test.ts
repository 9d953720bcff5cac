import { describe, expect, it } from 'vitest';
import { compare } from './compare.js';

const pick = (x: number, y: number) => ({ x, y, score: 0.9, decision: null, counts: 0.9 });

describe('two sets of picks', () => {
  it('are paired one to one, the nearest first', () => {
    const own = [pick(0, 0), pick(8, 0), pick(100, 100)];
    const other = [pick(6, 0), pick(300, 5)];
    const { both, onlyOwn, onlyOther } = compare(own, other, 10);
    expect(both).toEqual([own[1]]);
    expect(onlyOwn).toEqual([own[0], own[2]]);
    expect(onlyOther).toEqual([other[1]]);
  });

  it('agree across the edges of cells, and not beyond the distance', () => {
    expect(compare([pick(9.9, -0.1)], [pick(10.1, 0.1)], 10).both).toHaveLength(1);
    expect(compare([pick(0, 0)], [pick(10.5, 0)], 10).both).toHaveLength(0);
    expect(compare([], [pick(1, 1)], 10)).toEqual({ both: [], onlyOwn: [], onlyOther: [pick(1, 1)] });
  });
});
