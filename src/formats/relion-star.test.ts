import { describe, expect, it } from 'vitest';
import { readMicrographsStar } from './relion-star.js';

describe('readMicrographsStar', () => {
  it('takes the pixel size from the optics group', () => {
    const text = `data_optics
loop_
_rlnOpticsGroup #1
_rlnMicrographPixelSize #2
1 1.77
2 0.885

data_micrographs
loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
Movies/a.mrc 2
Movies/b.mrc 1
`;
    expect(readMicrographsStar(text)).toMatchObject([
      { name: 'Movies/a.mrc', pixelSize: 0.885 },
      { name: 'Movies/b.mrc', pixelSize: 1.77 },
    ]);
  });

  it('takes it from magnification and detector in RELION 3.0, and knows none without', () => {
    const old = 'data_\nloop_\n_rlnMicrographName\n_rlnMagnification\n_rlnDetectorPixelSize\na.mrc 50000 5\n';
    expect(readMicrographsStar(old)).toMatchObject([{ name: 'a.mrc', pixelSize: 1 }]);
    expect(readMicrographsStar('data_\nloop_\n_rlnMicrographName\na.mrc\n')).toMatchObject([
      { name: 'a.mrc', pixelSize: null },
    ]);
  });

  it('says when there is no micrograph', () => {
    expect(() => readMicrographsStar('data_\nloop_\n_rlnCoordinateX\n1\n')).toThrow(/rlnMicrographName/);
  });
});

it('a folder whose name begins with data_ is part of a name, not a block', () => {
  const text =
    '\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\ndata_01/a.mrc 1\ndata_01/b.mrc 1\n\n';
  expect(readMicrographsStar(text).map(({ name }) => name)).toEqual(['data_01/a.mrc', 'data_01/b.mrc']);
  const single = 'data_\nloop_\n_rlnMicrographName #1\ndata_01/a.mrc\n';
  expect(readMicrographsStar(single).map(({ name }) => name)).toEqual(['data_01/a.mrc']);
});
