/** What each format means, after the sources named in its file. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PickedMicrograph } from './coordinate-format.js';
import { formatNamed, parseCoordinates } from './coordinates.js';
import { readNpyTable } from './npy.js';
import { readCoordinateList } from './relion-star.js';
import { parseStar } from './star.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const fixture = (name: string) => readFileSync(`test/fixtures/formats/${name}`);
const read = (text: string, file: string) => parseCoordinates(bytes(text), file);

const PICKED: PickedMicrograph = {
  ...{ name: 'Micrographs/a.mrc', width: 100, height: 80, pixelSize: 1.5, values: {}, optics: {}, box: 20 },
  particles: [{ x: 30, y: 40, score: 0.5 }],
};

function writeOne(format: string, existing: string | null = null): string {
  return formatNamed(format).perMicrograph?.write(PICKED, { provenance: 'test', existing }) ?? '';
}

describe('.cbox', () => {
  const text = `
data_global

_cbox_format_version   1.0

data_cryolo

loop_
_CoordinateX #1
_CoordinateY #2
_CoordinateZ #3
_Width #4
_Height #5
_Depth #6
_EstWidth #7
_EstHeight #8
_Confidence #9
_NumBoxes #10
_Angle #11
 10.5 20 0.0 25.0 25.0 25.0 <NA> <NA> <NA> <NA> <NA>
 30 40 0.0 24.0 20.0 1 24 20 0.75 1 <NA>

data_cryolo_include

loop_
_slice_index #1
 0.000000
`;

  it('has the corner: the centre is half a box further', () => {
    expect(read(text, 'a.cbox')).toEqual([
      { micrograph: null, particle: { x: 23, y: 32.5 }, box: 25 },
      { micrograph: null, particle: { x: 42, y: 50, score: 0.75 }, box: 24 },
    ]);
  });

  it('of the oldest kind is like .box', () => {
    expect(read('10 20 4 4 0.9\n', 'a.cbox')).toEqual([
      { micrograph: null, particle: { x: 12, y: 22, score: 0.9 }, box: 4 },
    ]);
  });

  it('is written with every block that crYOLO writes', () => {
    const blocks = parseStar(writeOne('cbox'));
    expect(blocks.map(({ name }) => name)).toEqual(['global', 'cryolo', 'cryolo_include']);
    expect(blocks[1].rows[0].slice(0, 5).map(Number)).toEqual([20, 30, 0, 20, 20]);
  });
});

describe('EMAN2 info json', () => {
  it('reads centres of every type, with the score as a number or a pair', () => {
    const boxes = [
      [1, 2, 'manual'],
      [3, 4, 'auto_convnet', 0.5],
      [5, 6, 'auto_convnet', [0.7, 1]],
      [7, 8, 'auto_ref', null],
    ];
    const particles = read(JSON.stringify({ boxes, ctf: [1] }), 'a_info.json').map(({ particle }) => particle);
    expect(particles).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 4, score: 0.5 },
      { x: 5, y: 6, score: 0.7 },
      { x: 7, y: 8 },
    ]);
  });

  it('is merged: other keys and boxes stay, earlier automatic picks go', () => {
    const before = {
      quality: 5,
      boxes: [
        [1, 2, 'manual'],
        [9, 9, 'auto_convnet', 0.1],
      ],
    };
    expect(JSON.parse(writeOne('eman-json', JSON.stringify(before)))).toEqual({
      quality: 5,
      boxes: [
        [1, 2, 'manual'],
        [30, 40, 'auto_convnet', 0.5],
      ],
    });
  });

  it.each([
    ['{"boxes": [[1]]}', /boxes\.0/],
    ['{"boxes": 3}', /boxes/],
    ['[1, 2]', /expected/],
    ['{"boxes": [', /JSON/],
  ])('says what is wrong with %s', (text, message) => {
    expect(() => read(text, 'a_info.json')).toThrow(message);
  });
});

describe('Topaz', () => {
  it('reads by column name, with and without scores, and a third axis is ignored', () => {
    expect(read('image_name\tx_coord\ty_coord\na\t1\t2\n', 'picks.txt')).toEqual([
      { micrograph: 'a', particle: { x: 1, y: 2 } },
    ]);
    const text = 'image_name\tscore\tx_coord\ty_coord\tz_coord\nb.c\t-3.5\t10\t20\t0\n';
    expect(read(text, 'topaz.txt')).toEqual([{ micrograph: 'b.c', particle: { x: 10, y: 20, score: -3.5 } }]);
  });

  it('is written for all micrographs, names without folder and ending', () => {
    const entries = [PICKED, { ...PICKED, name: 'x/b.1.tif' }].map((picked) => ({
      name: picked.name,
      picked,
      file: null,
    }));
    const text = [...(formatNamed('topaz').perRun?.write(entries, '') ?? [])].join('');
    expect(text).toBe('image_name\tx_coord\ty_coord\tscore\na\t30\t40\t0.500000\nb.1\t30\t40\t0.500000\n');
  });
});

describe('cryoSPARC .cs', () => {
  it('is a fraction of [rows, columns]', () => {
    const records = parseCoordinates(fixture('picked_particles.cs'), 'picked_particles.cs');
    expect(records.map(({ micrograph }) => micrograph?.split('_').slice(1).join('_'))).toEqual([
      'a.mrc',
      'a.mrc',
      'b.c d.mrc',
    ]);
    const expected = [
      [100, 2000, 0.5],
      [5700.5, 10.25, 0.25],
      [0, 4091, 1],
    ];
    records.forEach(({ particle }, i) => {
      expect(particle.x).toBeCloseTo(expected[i][0], 3);
      expect(particle.y).toBeCloseTo(expected[i][1], 3);
      expect(particle.score).toBe(expected[i][2]);
    });
  });

  it('cut short, compressed, or without locations is an error in words', () => {
    const whole = fixture('picked_particles.cs');
    expect(() => parseCoordinates(whole.subarray(0, -1), 'a.cs')).toThrow(
      /3 records of \d+ bytes; the file is truncated/,
    );
    expect(() => parseCoordinates(bytes('\u0095CSDAT').subarray(1), 'a.cs')).toThrow(/compressed|no \.npy/);
    expect(() => parseCoordinates(fixture('types.npy'), 'a.cs')).toThrow(/"location\/center_x_frac" is missing/);
  });
});

describe('.npy', () => {
  it('reads every type, byte order and shape', () => {
    const { rows, columns } = readNpyTable(fixture('types.npy'));
    const [u, b, l, t] = ['u', 'b', 'l', 't'].map((name) => columns.get(name));
    expect(rows).toBe(2);
    expect([u?.value(0), u?.value(1), b?.value(0), b?.value(1)]).toEqual(['åbc', '', -2, 3]);
    expect(l?.kind === 'numbers' && [l.width, l.value(1, 2), l.value(1, 3)]).toEqual([4, 4.5, -5.5]);
    expect([t?.value(0), t?.value(1)]).toEqual([1, 0]);
  });
});

it('.npy with types that are not known is refused, not read with shifted columns', () => {
  const text = (descr: string) => {
    const header = `{'descr': [${descr}], 'fortran_order': False, 'shape': (1,), }\n`;
    const head = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
    return Uint8Array.from([...head, ...bytes(header), ...new Uint8Array(64)]);
  };
  expect(readNpyTable(text("('x', '<f4'), ('y', '<f4')")).columns.size).toBe(2);
  for (const odd of ["('t', '<M8[ns]')", "('o', '|O')", "(\"it's\", '<f4')", "('n', [('a', '<f4')])"]) {
    expect(() => readNpyTable(text(`('x', '<f4'), ${odd}`))).toThrow(/not read/);
  }
});

describe('CryoPPP', () => {
  const text = 'X-Coordinate,Y-Coordinate,Diameter,Angle-Psi\n10,20,108,\n';

  it('counts y from the last row, and has a diameter', () => {
    const [record] = parseCoordinates(bytes(text), 'a.csv', { format: formatNamed('cryoppp'), height: 100 });
    expect(record).toEqual({ micrograph: null, particle: { x: 10, y: 80 }, box: 108, diameter: 108 });
    expect(writeOne('cryoppp')).toBe('X-Coordinate,Y-Coordinate,Diameter\n30.000,40.000,20\n');
  });

  it('is never guessed, and needs the size of the micrograph', () => {
    expect(() => read(text, 'a.csv')).toThrow(/looks like CryoPPP.*convert --from cryoppp/);
    expect(() => parseCoordinates(bytes(text), 'a.csv', { format: formatNamed('cryoppp') })).toThrow(/--micrographs/);
  });
});

describe('RELION', () => {
  it('lists the coordinate files of a job, as 4.0 and later do', () => {
    const entries = [{ name: PICKED.name, picked: PICKED, file: 'picks/a_autopick.star' }];
    const text = [...(formatNamed('star').perRun?.write(entries, 'test') ?? [])].join('');
    expect(readCoordinateList(text)).toEqual([{ micrograph: 'Micrographs/a.mrc', file: 'picks/a_autopick.star' }]);
    expect(readCoordinateList(writeOne('star'))).toBeNull();
  });

  it('takes a particle list with the optics of each micrograph', () => {
    const optics = {
      rlnOpticsGroupName: 'one',
      rlnVoltage: '300',
      rlnSphericalAberration: '2.7',
      rlnAmplitudeContrast: '0.1',
    };
    const values = { rlnDefocusU: '10000', rlnDefocusV: '9000', rlnDefocusAngle: '45' };
    const other = { ...PICKED, name: 'b.mrc', optics: { ...optics, rlnOpticsGroupName: 'two' }, values };
    const entries = [{ ...PICKED, optics, values }, other].map((picked) => ({ name: picked.name, picked, file: null }));
    const text = [...(formatNamed('particles-star').perRun?.write(entries, 'test') ?? [])].join('');
    const [groups, particles] = parseStar(text);
    expect(groups.rows.map((row) => row.slice(0, 3))).toEqual([
      ['one', '1', '300'],
      ['two', '2', '300'],
    ]);
    expect(particles.rows[1][particles.labels.indexOf('rlnOpticsGroup')]).toBe('2');
    expect(particles.rows[0][particles.labels.indexOf('rlnDefocusV')]).toBe('9000');
    expect(parseCoordinates(bytes(text), 'particles.star')[1].micrograph).toBe('b.mrc');
  });
});
