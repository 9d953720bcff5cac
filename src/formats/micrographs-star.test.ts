import { describe, expect, it } from 'vitest';
import { writeMicrographsStar } from './micrographs-star.js';
import { readMicrographsStar } from './relion-star.js';

const optics = { rlnOpticsGroupName: 'first', rlnOpticsGroup: '7', rlnVoltage: '300', rlnMicrographPixelSize: '1.35' };
const one = (name: string, defocus: string, more: Record<string, string> = {}) => ({
  ...{ name, pixelSize: 1.35, optics },
  values: { rlnMicrographName: name, rlnOpticsGroup: '7', rlnDefocusU: defocus, ...more },
});

describe('writeMicrographsStar', () => {
  it('comes back with what all micrographs know', () => {
    const list = [one('a b/x.mrc', '12000.5', { rlnCtfMaxResolution: '4.2' }), one('y.mrc', '9000')];
    const read = readMicrographsStar(writeMicrographsStar(list, 'a comment'));
    expect(read.map(({ name, pixelSize }) => [name, pixelSize])).toEqual([
      ['a b/x.mrc', 1.35],
      ['y.mrc', 1.35],
    ]);
    expect(read[0].values).toMatchObject({ rlnDefocusU: '12000.5' });
    expect(read[0].values).not.toHaveProperty('rlnCtfMaxResolution');
    expect(read[0].optics).toMatchObject({ rlnVoltage: '300', rlnOpticsGroupName: 'first' });
  });

  it('numbers the groups again, and leaves the pixel size out where it is not known of all', () => {
    const second = { ...one('z.mrc', '1'), optics: { ...optics, rlnOpticsGroupName: 'second', rlnOpticsGroup: '9' } };
    const text = writeMicrographsStar([one('x.mrc', '2'), second, { ...one('w.mrc', '3'), pixelSize: null }], '');
    expect(text).toMatch(/first\s+1\s+300/);
    expect(text).toMatch(/second\s+2\s+300/);
    expect(text).not.toContain('rlnMicrographPixelSize');
  });

  it('is a list without micrographs, too', () => {
    expect(writeMicrographsStar([], '')).toContain('data_micrographs');
  });
});
