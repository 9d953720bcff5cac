import { describe, expect, it } from 'vitest';
import type { Image } from '../core/micrograph.js';
import { random } from '../core/random.js';
import { agreementsOf } from './class-quality.js';
import type { Classes } from './classes.js';

const SIDE = 32;
const source = random(5);

/** A blob in noise; without a blob only noise. */
function image(blob: number): Image {
  const pixels = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [(i % SIDE) - 12, Math.floor(i / SIDE) - 16];
    return blob * Math.exp(-(x * x + y * y) / 20) + source.normal();
  });
  return { width: SIDE, height: SIDE, pixels };
}

/** One class for each list of images, nothing turned. */
function classesOf(groups: readonly (readonly Image[])[]): Classes {
  const averages = groups.map((own) => {
    const pixels = new Float32Array(SIDE * SIDE);
    for (const one of own) for (const [i, value] of one.pixels.entries()) pixels[i] += value / own.length;
    return { width: SIDE, height: SIDE, pixels };
  });
  const members = groups.flatMap((own, i) => own.map(() => ({ class: i, angle: 0, dx: 0, dy: 0 })));
  return { averages, sizes: groups.map(({ length }) => length), members };
}

describe('agreementsOf', () => {
  it('is high where members look like each other, and 0 where they are noise', () => {
    const groups = [Array.from({ length: 30 }, () => image(3)), Array.from({ length: 30 }, () => image(0))];
    const [alike, noise] = agreementsOf(groups.flat(), classesOf(groups));
    expect(alike).toBeGreaterThan(0.4);
    expect(Math.abs(noise)).toBeLessThan(0.05);
  });

  it('is 0 for a class of one', () => {
    const groups = [[image(3)], [image(3), image(3)]];
    expect(agreementsOf(groups.flat(), classesOf(groups))[0]).toBe(0);
  });
});
