/** Tables, flags and headers mean what their authors mean. */

import { describe, expect, it } from 'vitest';
import { parseCoordinates } from './coordinates.js';
import { splitLines } from './lines.js';
import { decodeLzw } from './lzw.js';
import { missingOptics } from './particles-star.js';
import { readMicrographsStar } from './relion-star.js';
import { parseStar } from './star.js';

const parse = (name: string, text: string) => parseCoordinates(new TextEncoder().encode(text), name);
const loop = (labels: readonly string[], rows: readonly string[]) =>
  `data_\nloop_\n${labels.map((label) => `_${label}\n`).join('')}${rows.join('\n')}\n`;

describe('tables with a column of micrographs', () => {
  it.each(['micrograph', 'micrograph_name', 'image_name', 'rlnMicrographName'])('%s splits a csv', (column) => {
    const records = parse('a.csv', `x,y,${column}\n1,2,m/a.mrc\n3,4,"m/b.mrc"\n`);
    expect(records.map(({ micrograph }) => micrograph)).toEqual(['m/a.mrc', 'm/b.mrc']);
  });

  it('an empty field is an error that names line and column', () => {
    expect(() => parse('a.csv', 'micrograph,x,y\nm.mrc,1,2\n,3,4\n')).toThrow(
      /line 3: the column "micrograph" is empty/,
    );
  });

  it('rlnImageName alone names the micrograph by its stack', () => {
    const text = loop(
      ['rlnImageName', 'rlnCoordinateX', 'rlnCoordinateY'],
      ['000001@Extract/job1/Movies/mic.mrcs 1 2'],
    );
    expect(parse('a.star', text)[0].micrograph).toBe('Extract/job1/Movies/mic.mrcs');
    expect(() => parse('a.star', text.replace('000001@', ''))).toThrow(/line 6: rlnImageName is .*names no image/);
  });
});

describe('flags', () => {
  it('EMAN: -3 is a particle without score, -1 and -2 are ends of a helix', () => {
    expect(parse('a.box', '0 0 10 10 -3\n')[0].particle).toEqual({ x: 5, y: 5 });
    expect(parse('a.box', '0 0 10 10 -1.5\n')[0].particle.score).toBe(-1.5);
    for (const flag of ['-1', '-2']) expect(() => parse('a.box', `0 0 10 10 ${flag}\n`)).toThrow(/helix/);
  });

  it('RELION: a figure of merit of -999 is no score', () => {
    const text = loop(['rlnCoordinateX', 'rlnCoordinateY', 'rlnAutopickFigureOfMerit'], ['1 2 -999.000', '3 4 0.5']);
    expect(parse('a.star', text).map(({ particle }) => particle.score)).toEqual([undefined, 0.5]);
  });

  it("EMAN's text files of helices are recognised in every text format", () => {
    for (const name of ['a.box', 'a.txt', 'a.csv', 'a.star'])
      expect(() => parse(name, '#micrograph: mic.mrc\n#segment length: 10\n1 2\n')).toThrow(/helices \(filaments\)/);
  });

  it('a .cbox with filaments only is refused', () => {
    const text = 'data_filament_vertices\nloop_\n_CoordinateX\n_CoordinateY\n1 2\n';
    expect(() => parse('a.cbox', text)).toThrow(/"data_filament_vertices": filaments/);
  });
});

describe('STAR', () => {
  it('a first row whose first value begins with _ is a row', () => {
    const rows = parseStar('data_\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\n_a.mrc 1\n_b.mrc 1\n')[0].rows;
    expect(rows).toEqual([
      ['_a.mrc', '1'],
      ['_b.mrc', '1'],
    ]);
    expect(parseStar('data_\nloop_\n_rlnMicrographName #1\n_a.mrc\n')[0].rows).toEqual([['_a.mrc']]);
  });

  it("RELION 3.1's pointer file says what it is", () => {
    expect(() => parse('coords_suffix_autopick.star', 'CtfFind/job003/micrographs_ctf.star\n')).toThrow(
      /pointer file.*folder of the job/,
    );
  });

  it('a byte order mark and bare CRs are no part of the text', () => {
    const text = `\uFEFF${loop(['rlnCoordinateX', 'rlnCoordinateY'], ['1 2'])}`.replaceAll('\n', '\r');
    expect(parse('a.star', text)).toHaveLength(1);
  });

  it('an optics group that is not in the table is an error', () => {
    const text = `data_optics\nloop_\n_rlnOpticsGroup\n_rlnVoltage\n1 300\n\n${loop(['rlnMicrographName', 'rlnOpticsGroup'], ['a.mrc 1', 'b.mrc 2'])}`;
    expect(() => readMicrographsStar(text)).toThrow(/line 12: b\.mrc belongs to optics group 2.*groups are 1/);
  });

  it('a particle list says what it lacks, and is refused where it would lose what some micrographs have', () => {
    const head = { width: 1, height: 1, values: {}, box: 2 };
    const optics = { rlnVoltage: '300', rlnSphericalAberration: '2.7', rlnAmplitudeContrast: '0.1' };
    expect(missingOptics([{ ...head, name: 'a', pixelSize: 1, optics }])).toEqual([]);
    expect(missingOptics([{ ...head, name: 'a', pixelSize: null, optics: {} }]).join()).toMatch(
      /no pixel size.*rlnVoltage/,
    );
    const mixed = [optics, {}].map((some, i) => ({ ...head, name: `m${i}`, pixelSize: 1, optics: some }));
    expect(() => missingOptics(mixed)).toThrow(/no rlnVoltage.*1 of 2 without, for example m1/);
  });
});

it('lines are the same however the bytes are cut', () => {
  const text = 'a\r\nb\rc\n\n\u00e9nd\r\n\r\nlast';
  const bytes = new TextEncoder().encode(text);
  const wanted = text.split(/\r\n|\n|\r/);
  for (let size = 1; size < 8; size++) {
    const lines: string[] = [];
    const splitter = splitLines((line, number) => {
      lines.push(line);
      expect(number).toBe(lines.length);
    });
    for (let start = 0; start < bytes.length; start += size) splitter.push(bytes.subarray(start, start + size));
    splitter.end();
    expect(lines).toEqual(wanted);
  }
});

it('LZW unpacks the example of the TIFF standard, and stops at the length that is asked for', () => {
  // Codes 256 7 258 8 8 258 6 6 257 of 9 bits: 7 7 7 8 8 7 7 6 6 (TIFF 6.0, page 59).
  const codes = [256, 7, 258, 8, 8, 258, 6, 6, 257];
  const bits = codes
    .map((code) => code.toString(2).padStart(9, '0'))
    .join('')
    .padEnd(88, '0');
  const packed = Uint8Array.from({ length: 11 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2));
  expect([...decodeLzw(packed, 9)]).toEqual([7, 7, 7, 8, 8, 7, 7, 6, 6]);
  expect([...decodeLzw(packed, 4)]).toEqual([7, 7, 7, 8]);
  expect(() => decodeLzw(Uint8Array.of(0x80, 0x7f, 0xff), 9)).toThrow(/LZW code/);
});
