import { describe, expect, it } from 'vitest';
import { type FitQuestion, fitWarnings } from './model-fit.js';

const MODEL = { pixelSize: 1.77, diameter: 108 };
const micrograph = (name: string, pixelSize: number | null, side = 4096) => ({
  ...{ name, pixelSize, width: side, height: side },
});
const RIGHT: FitQuestion = { model: MODEL, micrographs: [micrograph('a.mrc', 1.77), micrograph('b.mrc', 1.77)] };

describe('fitWarnings', () => {
  it('says nothing where all fits', () => {
    expect(fitWarnings(RIGHT)).toEqual([]);
    expect(
      fitWarnings({ ...RIGHT, micrographs: [micrograph('a.mrc', 3.54, 2048), micrograph('b.mrc', 1.77)] }),
    ).toEqual([]);
    expect(fitWarnings({ ...RIGHT, diameter: { value: 190, unit: 'A' } })).toEqual([]);
    expect(fitWarnings({ ...RIGHT, pixelSize: 1.77 })).toEqual([]);
    expect(fitWarnings({ ...RIGHT, micrographs: [] })).toEqual([]);
    expect(
      fitWarnings({ model: null, diameter: { value: 108, unit: 'px' }, micrographs: [micrograph('a.png', null)] }),
    ).toEqual([]);
  });

  it.each<[string, Partial<FitQuestion>, RegExp]>([
    [
      'a model without a pixel size',
      { model: { ...MODEL, pixelSize: null } },
      /unknown pixel size.*108 px wide, 191 A at the 1\.77 A.*--diameter/,
    ],
    [
      'pixel sizes that a model without one cannot follow',
      {
        model: { ...MODEL, pixelSize: null },
        diameter: { value: 108, unit: 'px' },
        micrographs: [micrograph('a.mrc', 1.77), micrograph('b.mrc', 3.54)],
      },
      /pixel sizes differ \(1\.77 A: a\.mrc; 3\.54 A: b\.mrc\)/,
    ],
    [
      'images of other sizes without pixel sizes',
      {
        model: { ...MODEL, pixelSize: null },
        micrographs: [micrograph('a.png', null), micrograph('b.png', null, 2048)],
      },
      /differ in size \(4096x4096: a\.png; 2048x2048: b\.png\)/,
    ],
    [
      'twice the diameter in angstroms',
      { diameter: { value: 380, unit: 'A' } },
      /--diameter 380A is 1\.99 times.*\(191 A\)/,
    ],
    ['half the diameter in pixels', { diameter: { value: 54, unit: 'px' } }, /--diameter 54px is 0\.5 times/],
    ['a pixel size that files contradict', { pixelSize: 3.54 }, /--pixel-size 3\.54 is used, but a\.mrc says 1\.77 A;/],
  ])('says that of %s', (_, change, words) => {
    const warnings = fitWarnings({ ...RIGHT, ...change });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(words);
  });

  it('takes a pixel size of 1 in a file for a placeholder', () => {
    expect(fitWarnings({ ...RIGHT, pixelSize: 1.77, micrographs: [micrograph('a.mrc', 1)] })).toEqual([]);
  });
});
