import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Particle } from '../particle.js';
import { COORDINATE_FORMATS, formatNamed, parseCoordinates } from './coordinates.js';

/** What a format may lose: `.box` holds whole corner coordinates. */
const CENTRE_TOLERANCE: Readonly<Record<string, number>> = { box: 0.5, csv: 1e-3, star: 1e-3 };

const particles = fc.array(
  fc.record({
    x: fc.double({ min: 0, max: 12_000, noNaN: true }),
    y: fc.double({ min: 0, max: 12_000, noNaN: true }),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 30 },
);

describe.each(COORDINATE_FORMATS)('format $name', (format) => {
  const context = { box: 180, provenance: 'deepem test' };
  const tolerance = CENTRE_TOLERANCE[format.name];

  it(`keeps centres within ${tolerance} px and scores within 1e-6, in order`, () => {
    fc.assert(
      fc.property(particles, fc.constantFrom(180, 182, 2), (list, box) => {
        const back = format.read(format.write(list, { ...context, box })).map(({ particle }) => particle);
        expect(back.length).toBe(list.length);
        back.forEach((particle, i) => {
          expect(Math.abs(particle.x - list[i].x)).toBeLessThanOrEqual(tolerance + 1e-9);
          expect(Math.abs(particle.y - list[i].y)).toBeLessThanOrEqual(tolerance + 1e-9);
          expect(particle.score).toBeCloseTo(list[i].score, 5);
        });
      }),
    );
  });

  it('writes an empty list as a valid file', () => {
    expect(format.read(format.write([], context))).toEqual([]);
  });

  it('takes CRLF and a byte order mark', () => {
    const text = format.write([{ x: 100, y: 200, score: 0.5 }], context);
    const back = format.read(`\uFEFF${text.replaceAll('\n', '\r\n')}`);
    expect(back.map(({ particle }) => particle)).toEqual([{ x: 100, y: 200, score: 0.5 }]);
  });
});

function read(text: string, file: string): Particle[] {
  return parseCoordinates(text, file).map(({ particle }) => particle);
}

describe('.box', () => {
  it('is the corner: the centre is x + width / 2, y + height / 2', () => {
    expect(read('10 20 4 8\n', 'a.box')).toEqual([{ x: 12, y: 24 }]);
    expect(formatNamed('box').write([{ x: 12, y: 24 }], { box: 4, provenance: '' })).toBe('10\t22\t4\t4\n');
  });

  it('reads tabs, floats, comments and a score in column 5; a box of size 0 is a centre', () => {
    expect(read('# made by hand\n10.5\t20\t0\t0\t0.75\n', 'a.box')).toEqual([{ x: 10.5, y: 20, score: 0.75 }]);
  });

  it.each([
    ['10 20 4\n', /line 1: height is missing/],
    ['10 twenty 4 4\n', /line 1: y is "twenty"/],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => read(text, 'a.box')).toThrow(message);
  });
});

describe('.csv', () => {
  it('reads columns by name, ignores others, takes quotes and any case', () => {
    expect(read('id,"Y",X,radius\n7,20,10,5\n', 'a.csv')).toEqual([{ x: 10, y: 20 }]);
  });

  it.each([
    ['', /empty; a header line/],
    ['10,20\n', /columns named "x" and "y"/],
    ['x,y\n1,\n', /line 2: y is ""/],
    ['x,y,score\n1,2,high\n', /score is "high"/],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => read(text, 'a.csv')).toThrow(message);
  });
});

describe('RELION .star', () => {
  it('reads a 3.0 coordinate file by label, whatever the order of its columns', () => {
    const text =
      '\ndata_\n\nloop_ \n_rlnCoordinateY #1 \n_rlnAutopickFigureOfMerit #2 \n_rlnCoordinateX #3 \n 20.5 0.25 10.5 \n 40 0.5 30 \n \n';
    expect(read(text, 'a.star')).toEqual([
      { x: 10.5, y: 20.5, score: 0.25 },
      { x: 30, y: 40, score: 0.5 },
    ]);
  });

  it('reads a 3.1+ particle file after its optics block, with micrograph names and quotes', () => {
    const text = `# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
opticsGroup1 1

# version 30001

data_particles

loop_
_rlnMicrographName #1
_rlnCoordinateX #2
_rlnCoordinateY #3
"My Folder/a b.mrc" 1 2 # a comment
`;
    expect(parseCoordinates(text, 'p.star')).toEqual([{ micrograph: 'My Folder/a b.mrc', particle: { x: 1, y: 2 } }]);
  });

  it.each([
    ['hello\n', /line 1 stands before the first "data_"/],
    ['data_\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n1 2 3\n', /line 5 has 3 values for 2 labels/],
    ['data_\nloop_\n_rlnCoordinateX #1\n1\n', /"rlnCoordinateY" is missing/],
    ['data_\nloop_\n_rlnMicrographName #1\na.mrc\n', /these are not particle coordinates/],
    ['data_\n_rlnCoordinateX\n', /has no value/],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => read(text, 'a.star')).toThrow(message);
  });
});

it('an unknown ending or format name is an error that lists the known ones', () => {
  expect(() => parseCoordinates('', 'a.xyz')).toThrow(/\.box, \.csv, \.star/);
  expect(() => formatNamed('bax')).toThrow(/"bax".*box, csv, star/);
});
