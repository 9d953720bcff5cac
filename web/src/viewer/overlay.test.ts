import { describe, expect, it } from 'vitest';
import { isInPolygon } from '../../../src/core/regions.js';
import { groupsOf, nearest, toFull, toScreen } from './overlay.js';

describe('marks', () => {
  it('are grouped by what they look like, each pick once', () => {
    const pick = (score: number) => ({ x: score, y: 0, score, decision: null, counts: score });
    const groups = groupsOf({ picks: [0, 0.01, 0.5, 1].map(pick), labels: [{ x: 1, y: 1 }], negatives: [] });
    expect(groups.map(({ shape, points }) => [shape, points.length])).toEqual([
      ['circle', 2],
      ['circle', 1],
      ['circle', 1],
      ['square', 1],
    ]);
  });

  it('lie where their pixels are', () => {
    const view = { k: 2, x: 10, y: -4 };
    expect(toScreen({ x: 0, y: 0 }, view)).toEqual([11, -3]);
    expect(toFull(...toScreen({ x: 7.5, y: 3 }, view), view)).toEqual({ x: 7.5, y: 3 });
  });

  it('are found by the nearest, within reach', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ];
    expect(nearest(points, { x: 7, y: 0 }, 5)).toBe(points[1]);
    expect(nearest(points, { x: 5, y: 9 }, 5)).toBeUndefined();
  });
});

describe('a closed line', () => {
  const letterU = [
    [0, 0],
    [10, 0],
    [10, 10],
    [7, 10],
    [7, 3],
    [3, 3],
    [3, 10],
    [0, 10],
  ].map(([x, y]) => ({ x, y }));

  it.each([
    [1, 5, true],
    [8, 9, true],
    [5, 1, true],
    [5, 6, false],
    [-1, 5, false],
    [11, 5, false],
  ])('(%s, %s) inside: %s', (x, y, inside) => {
    expect(isInPolygon({ x, y }, letterU)).toBe(inside);
  });

  it('of one point or none holds nothing', () => {
    expect(isInPolygon({ x: 0, y: 0 }, [])).toBe(false);
    expect(isInPolygon({ x: 0, y: 0 }, [{ x: 0, y: 0 }])).toBe(false);
  });
});
