import { describe, expect, it } from 'vitest';
import type { ApiTable } from '../../src/server/api.js';
import { FIRST_VIEW, scattered, shownRows, shownValue } from './table.js';

const table: ApiTable = {
  columns: ['picks', 'resolution'],
  rows: [
    { id: 'a', values: [10, 4.5] },
    { id: 'b', values: [30, null] },
    { id: 'c', values: [20, 3.5] },
  ],
};
const ids = (view: Partial<typeof FIRST_VIEW>) => shownRows(table, { ...FIRST_VIEW, ...view }).map(({ id }) => id);

describe('the table', () => {
  it('is sorted by any column, what is not known last', () => {
    expect(ids({})).toEqual(['a', 'b', 'c']);
    expect(ids({ falling: true })).toEqual(['c', 'b', 'a']);
    expect(ids({ sortBy: 0, falling: true })).toEqual(['b', 'c', 'a']);
    expect(ids({ sortBy: 1 })).toEqual(['c', 'a', 'b']);
    expect(ids({ sortBy: 1, falling: true })).toEqual(['a', 'c', 'b']);
  });

  it('is cut down to ranges; nonsense is no limit', () => {
    expect(ids({ ranges: { 0: ['15', ''] } })).toEqual(['b', 'c']);
    expect(ids({ ranges: { 0: ['15', ''], 1: ['', '4'] } })).toEqual(['c']);
    expect(ids({ ranges: { 1: ['x', ''] } })).toEqual(['a', 'c']);
    expect(ids({ ranges: { 1: ['', ''] } })).toEqual(['a', 'b', 'c']);
  });

  it('is drawn as one column against another, where both are known', () => {
    expect(scattered(table.rows, 0, 1)).toEqual([
      { id: 'a', x: 0, y: 1 },
      { id: 'c', x: 1, y: 0 },
    ]);
    expect(scattered(table.rows.slice(0, 1), 0, 1)).toEqual([{ id: 'a', x: 0.5, y: 0.5 }]);
  });

  it('shows four digits', () => {
    expect([3, 0.123456, 12345.678, null].map(shownValue)).toEqual(['3', '0.1235', '12350', '']);
  });
});
