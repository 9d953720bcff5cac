import { describe, expect, it } from 'vitest';
import { isInRegion } from './regions.js';

const square = [
  { x: 0, y: 0 },
  { x: 10, y: 0 },
  { x: 10, y: 10 },
  { x: 0, y: 10 },
];

describe('isInRegion', () => {
  it('knows the inside of a closed line', () => {
    expect(isInRegion({ x: 5, y: 5 }, { outline: square })).toBe(true);
    expect(isInRegion({ x: 11, y: 5 }, { outline: square })).toBe(false);
    expect(isInRegion({ x: 1, y: 1 }, { outline: square.slice(0, 2) })).toBe(false);
  });

  it('knows what a brush covered, also where it was only set down', () => {
    const stroke = { path: square.slice(0, 3), width: 4 };
    expect(isInRegion({ x: 5, y: -2 }, stroke)).toBe(true);
    expect(isInRegion({ x: 12, y: 5 }, stroke)).toBe(true);
    expect(isInRegion({ x: 5, y: 3 }, stroke)).toBe(false);
    expect(isInRegion({ x: -1, y: 1 }, { path: square.slice(0, 1), width: 4 })).toBe(true);
    expect(isInRegion({ x: -3, y: 0 }, { path: square.slice(0, 1), width: 4 })).toBe(false);
  });
});
