/** The session's table on the page: sorted, cut down to ranges, and drawn as one column against another. */

import type { ApiTable } from '../../src/server/api.js';

/** What a person wants to see; columns by index, -1 the names. */
export interface TableView {
  readonly sortBy: number;
  readonly falling: boolean;
  /** Least and largest value of columns, as they were typed. */
  readonly ranges: Readonly<Record<number, readonly [least: string, largest: string]>>;
}

export const FIRST_VIEW: TableView = { sortBy: -1, falling: false, ranges: {} };

export type Row = ApiTable['rows'][number];

/** The rows within all ranges, in order; what is not known comes last, and is in no range. */
export function shownRows({ rows }: ApiTable, { sortBy, falling, ranges }: TableView): readonly Row[] {
  const limits = Object.entries(ranges).flatMap(([column, [least, largest]]) => {
    if (least.trim() === '' && largest.trim() === '') return [];
    return [{ column: Number(column), least: limit(least, -1), largest: limit(largest, 1) }];
  });
  const within = rows.filter(({ values }) =>
    limits.every(({ column, least, largest }) => {
      const value = values[column];
      return value !== null && value >= least && value <= largest;
    }),
  );
  if (sortBy < 0) return falling ? within.toReversed() : within;
  const sign = falling ? -1 : 1;
  const key = (row: Row) => row.values[sortBy];
  return [...within].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

/** What was typed, or no limit. */
function limit(text: string, sign: 1 | -1): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : sign * Number.POSITIVE_INFINITY;
}

/** Rows with both values, at their places in a square from 0 to 1, y upwards. */
export function scattered(rows: readonly Row[], x: number, y: number): { id: string; x: number; y: number }[] {
  const known = rows.flatMap(({ id, values }) => {
    const [a, b] = [values[x], values[y]];
    return a === null || b === null || a === undefined || b === undefined ? [] : [{ id, x: a, y: b }];
  });
  const spread = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value: number) => (high > low ? (value - low) / (high - low) : 0.5);
  };
  const [across, up] = [spread(bounds(known.map((one) => one.x))), spread(bounds(known.map((one) => one.y)))];
  return known.map((one) => ({ id: one.id, x: across(one.x), y: up(one.y) }));
}

/** Least and largest: a list of all of them is too long for an argument list. */
export function bounds(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** A value for people. */
export function shownValue(value: number | null): string {
  if (value === null) return '';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
