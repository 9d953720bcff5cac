import { describe, expect, it } from 'vitest';
import type { Usual } from '../network/model.js';
import { causeOf, type FirstLook, type Trials } from './first-look.js';

const BANDS = 12;
const flat = (value: number) => Array<number>(BANDS).fill(value);
const USUAL: Usual = {
  spectrum: { mean: flat(0), sd: flat(0.1) },
  density: { low: 0.2, high: 0.3 },
  strength: { low: 2, high: 3 },
};
const RIGHT: FirstLook = { spectrum: flat(0.1), look: { density: 0.25, strength: 2.5 } };
const WEAK: FirstLook = { spectrum: flat(0.1), look: { density: 0.25, strength: 1.5 } };
const OTHER: FirstLook = { spectrum: flat(0.8), look: { density: 0.25, strength: 2.5 } };
/** Of micrographs that no trial makes better. */
const NO_BETTER: Trials = {
  spectrumAt: () => Promise.resolve(flat(0.9)),
  inverted: () => Promise.resolve({ density: 0.1, strength: 0 }),
};
const NEVER: Trials = {
  spectrumAt: () => Promise.reject(new Error('was tried')),
  inverted: () => Promise.reject(new Error('was tried')),
};

describe('causeOf', () => {
  it('says nothing, and tries nothing, where micrographs look as usual', async () => {
    expect(await causeOf([RIGHT, RIGHT, OTHER], USUAL, NEVER)).toBeNull();
    expect(await causeOf([], USUAL, NEVER)).toBeNull();
  });

  it('says nothing of scores that are a little lower, unless the negative has higher ones', async () => {
    expect(await causeOf([WEAK, WEAK, RIGHT], USUAL, NO_BETTER)).toBeNull();
    const inverted = { ...NO_BETTER, inverted: () => Promise.resolve({ density: 0.2, strength: 2.4 }) };
    expect(await causeOf([WEAK, WEAK, RIGHT], USUAL, inverted)).toMatch(/inverted/);
  });

  it('names the size that makes the spectra usual', async () => {
    const spectrumAt = (times: number) => Promise.resolve(flat(times === 2 ? 0.05 : 0.7));
    expect(await causeOf([OTHER], USUAL, { ...NO_BETTER, spectrumAt })).toMatch(
      /2 times as large.*--diameter and --pixel-size/,
    );
  });

  it('says that micrographs are filtered where high frequencies are gone, else that they differ', async () => {
    const filtered = { ...RIGHT, spectrum: flat(0).map((value, band) => (band < BANDS - 4 ? value : -2)) };
    expect(await causeOf([filtered], USUAL, NO_BETTER)).toMatch(/filtered or denoised/);
    expect(await causeOf([OTHER], USUAL, NO_BETTER)).toMatch(/power spectra differ/);
  });

  it('says what is unusual in the picks of most micrographs', async () => {
    const many = { ...RIGHT, look: { density: 2, strength: 2.5 } };
    expect(await causeOf([many, many, RIGHT], USUAL, NEVER)).toMatch(/many particles/);
    expect(await causeOf([many, RIGHT, RIGHT], USUAL, NEVER)).toBeNull();
  });
});
