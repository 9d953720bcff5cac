import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Particle } from '../core/particle.js';
import type { CoordinateFormat, PickedMicrograph } from './coordinate-format.js';
import { COORDINATE_FORMATS, formatNamed, parseCoordinates, WRITTEN_FORMATS, writtenFormats } from './coordinates.js';

/** What a format loses beside the centre's tolerance. */
const WITHOUT_SCORES = ['cryoppp'];

const PROVENANCE = 'deepem test; micrograph "a b.mrc"; # not a comment';
const bytes = (text: string) => new TextEncoder().encode(text);

/** A format's whole file for one micrograph. */
function write(format: CoordinateFormat, picked: PickedMicrograph): string {
  const context = { provenance: PROVENANCE, existing: null };
  if (format.perMicrograph) return format.perMicrograph.write(picked, context);
  return [...(format.perRun?.write([{ name: picked.name, picked, file: null }], PROVENANCE) ?? [])].join('');
}

const name = fc.constantFrom(
  'a.mrc',
  'two words.mrc',
  'v1.2_frames.mrc',
  'job 1/a.b.c.mrc',
  '../x/#1.tif',
  "o'neill.mrc",
);
const side = fc.integer({ min: 512, max: 12_000 });
const micrographs = fc.record({ name, width: side, height: side, box: fc.constantFrom(2, 180, 182) }).chain((sized) =>
  fc
    .array(
      fc.record({
        x: fc.double({ min: 0, max: sized.width - 1, noNaN: true }),
        y: fc.double({ min: 0, max: sized.height - 1, noNaN: true }),
        score: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 30 },
    )
    .map((particles): PickedMicrograph => ({ ...sized, pixelSize: 1.5, values: {}, optics: {}, particles })),
);

const EMPTY: PickedMicrograph = {
  ...{ name: 'a.mrc', width: 640, height: 480, pixelSize: null, values: {}, optics: {}, box: 180, particles: [] },
};

describe.each(WRITTEN_FORMATS)('format $name', (format) => {
  it(`keeps centres within ${format.tolerance} px and scores within 1e-6, in order`, () => {
    fc.assert(
      fc.property(micrographs, (picked) => {
        const { height, particles } = picked;
        const back = format.read(bytes(write(format, picked)), { height });
        expect(back.length).toBe(particles.length);
        back.forEach(({ particle, micrograph }, i) => {
          expect(Math.abs(particle.x - particles[i].x)).toBeLessThanOrEqual(format.tolerance + 1e-9);
          expect(Math.abs(particle.y - particles[i].y)).toBeLessThanOrEqual(format.tolerance + 1e-9);
          if (!WITHOUT_SCORES.includes(format.name)) expect(particle.score).toBeCloseTo(particles[i].score ?? 0, 5);
          if (micrograph !== null) expect(picked.name).toContain(micrograph);
        });
      }),
    );
  });

  it('writes an empty list as a valid file', () => {
    expect(format.read(bytes(write(format, EMPTY)), { height: 480 })).toEqual([]);
  });

  it('takes CRLF and a byte order mark', () => {
    const text = write(format, { ...EMPTY, particles: [{ x: 100, y: 200, score: 0.5 }] });
    const [back] = format.read(bytes(`\uFEFF${text.replaceAll('\n', '\r\n')}`), { height: 480 });
    expect(back.particle).toMatchObject({ x: 100, y: 200 });
  });

  it('says in words what a broken file lacks', () => {
    expect(() => parseCoordinates(bytes('hello,world\n1,x\n'), 'a', { format, height: 480 })).toThrow(
      /Cannot read coordinates from a: received .+; expected .+ coordinates/,
    );
  });
});

function read(text: string, file: string): Particle[] {
  return parseCoordinates(bytes(text), file).map(({ particle }) => particle);
}

describe('.box', () => {
  it('is the corner: the centre is x + width / 2, y + height / 2', () => {
    expect(read('10 20 4 8\n', 'a.box')).toEqual([{ x: 12, y: 24 }]);
    expect(write(formatNamed('box'), { ...EMPTY, box: 4, particles: [{ x: 12, y: 24 }] })).toBe('10\t22\t4\t4\n');
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

  it('takes commas within quotes as part of a field, and a single quote as a letter', () => {
    expect(read('name,x,y\n"a,b/c.mrc",10,20\n5",30,40\n', 'a.csv')).toEqual([
      { x: 10, y: 20 },
      { x: 30, y: 40 },
    ]);
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
    expect(parseCoordinates(bytes(text), 'p.star')).toEqual([
      { micrograph: 'My Folder/a b.mrc', particle: { x: 1, y: 2 } },
    ]);
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
  expect(() => read('', 'a.xyz')).toThrow(/\.csv, \.star/);
  expect(() => formatNamed('bax')).toThrow(/"bax".*csv, star.*cs, /);
  expect(() => formatNamed('cs', WRITTEN_FORMATS)).toThrow(/"cs"/);
});

it('a list of formats has each once, and none that write the same file', () => {
  expect(writtenFormats('box, csv,box').map(({ name }) => name)).toEqual(['box', 'csv']);
  expect(() => writtenFormats('csv,cryoppp')).toThrow(/csv and cryoppp, both to NAME.csv/);
});

it('each format has a name of its own', () => {
  expect(new Set(COORDINATE_FORMATS.map(({ name }) => name)).size).toBe(COORDINATE_FORMATS.length);
});
