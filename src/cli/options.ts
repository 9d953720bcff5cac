/** Parsers of option values, shared by the commands. */

import { UsageError } from '../core/errors.js';
import { type Length, parseLength } from '../core/length.js';

/** Parser of a length; `bare` is the unit of a number without one. */
export function length(name: string, bare?: Length['unit']): (text: string) => Length {
  return (text) => parseLength(text, name, bare);
}

/** Limits of a number. */
interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
  readonly whole?: boolean;
}

/** Parser of a number within limits. */
export function number(name: string, { min = -Infinity, max = Infinity, whole = false }: NumberLimits = {}) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    const bounds = `${min === -Infinity ? '' : ` from ${min}`}${max === Infinity ? '' : ` to ${max}`}`;
    throw new UsageError({
      what: `Wrong value of ${name}`,
      received: `"${text}"`,
      expected: `a ${whole ? 'whole number' : 'number'}${bounds}`,
    });
  };
}

/** Parser of --pixel-size: angstroms per pixel. */
export const parsePixelSize = number('--pixel-size', { min: 0.01, max: 1000 });

/** Parser of --threads. */
export const parseThreads = number('--threads', { min: 1, max: 1024, whole: true });

/** Parser of one of some words, or a number. */
export function wordOrNumber<Word extends string>(
  name: string,
  words: readonly Word[],
  limits: NumberLimits,
): (text: string) => number | Word {
  const parse = number(name, limits);
  return (text) => words.find((word) => word === text) ?? parse(text);
}

/** Parser of two numbers with a comma. */
export function parsePair(name: string): (text: string) => { x: number; y: number } {
  return (text) => {
    const [x, y, ...rest] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (rest.length === 0 && Number.isFinite(x) && Number.isFinite(y)) return { x, y };
    throw new UsageError({
      what: `Wrong value of ${name}`,
      received: `"${text}"`,
      expected: 'two numbers, such as 512,340',
    });
  };
}

/** Bytes of the units of --memory. */
const UNITS: Readonly<Record<string, number>> = { m: 1e6, mb: 1e6, mib: 2 ** 20, g: 1e9, gb: 1e9, gib: 2 ** 30 };

/** Parser of --memory: bytes. */
export function parseMemory(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * UNITS[unit?.toLowerCase()];
  if (bytes > 0) return bytes;
  throw new UsageError({
    what: 'Wrong value of --memory',
    received: `"${text}"`,
    expected: 'a size such as 4GB or 800MB',
  });
}

/** Parser of class numbers: `3,7` or `1-4,9`. */
export function classNumbers(name: string): (text: string) => number[] {
  return (text) =>
    text.split(',').flatMap((part) => {
      const [, first, last = first] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
      const [from, to] = [Number(first), Number(last)];
      if (from >= 1 && to >= from && to <= 10_000) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
      throw new UsageError({
        what: `Wrong value of ${name}`,
        received: `"${text}"`,
        expected: 'classes, as in 3,7 or 1-4,9',
      });
    });
}
