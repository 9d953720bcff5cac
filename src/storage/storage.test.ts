import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeMrc } from '../formats/mrc.js';
import { noiseImage } from '../testing/helpers.js';
import { findCoordinates, readCoordinateSets } from './coordinates.js';
import { makeFolder, readWhole, writeWhole } from './files.js';
import { commonFolder, expandMicrographs } from './inputs.js';
import { loadArchitecture } from './model-file.js';
import { baseName, stem } from './names.js';
import { readMicrograph, readMicrographHeader } from './read-micrograph.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deepem-test-'));
});

function put(name: string, data: string | Uint8Array): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, data);
  return file;
}

const IMAGE = noiseImage(40, 30, 1);

/** What may be wrong with a TIFF. */
interface TiffFaults {
  orientation?: number;
  rowsPerStrip?: number;
  /** Offset of a next page. */
  next?: number;
}

/** A TIFF of one strip, written byte by byte: first row at the top, as TIFF has it. */
function makeTiff(bits: number, format: number, rows: number[][], faults: TiffFaults = {}): Uint8Array {
  const [width, height] = [rows[0].length, rows.length];
  const data = 8 + 2 + 11 * 12 + 4;
  const bytes = Buffer.alloc(data + (width * height * bits) / 8);
  bytes.write('II*\0', 0, 'latin1');
  bytes.writeUInt32LE(8, 4);
  const tags = [
    [256, width],
    [257, height],
    [258, bits],
    [259, 1],
    [262, 1],
    [273, data],
    [274, faults.orientation ?? 1],
    [277, 1],
    [278, faults.rowsPerStrip ?? height],
    [279, (width * height * bits) / 8],
    [339, format],
  ];
  bytes.writeUInt16LE(tags.length, 8);
  bytes.writeUInt32LE(faults.next ?? 0, data - 4);
  tags.forEach(([tag, value], i) => {
    bytes.writeUInt16LE(tag, 10 + 12 * i);
    bytes.writeUInt16LE(4, 12 + 12 * i);
    bytes.writeUInt32LE(1, 14 + 12 * i);
    bytes.writeUInt32LE(value, 18 + 12 * i);
  });
  rows.flat().forEach((value, i) => {
    const at = data + (i * bits) / 8;
    if (format === 3) bytes.writeFloatLE(value, at);
    else if (bits === 8) bytes.writeUInt8(value, at);
    else if (format === 2) bytes.writeInt16LE(value, at);
    else bytes.writeUInt16LE(value, at);
  });
  return bytes;
}

describe('readMicrograph', () => {
  it('reads .mrc and .mrc.gz alike, with the pixel size', async () => {
    const bytes = writeMrc(IMAGE, 1.77, '');
    const [plain, packed] = [put('a.mrc', bytes), put('a.mrc.gz', gzipSync(bytes))];
    for (const file of [plain, packed]) {
      const micrograph = await readMicrograph(file);
      expect(micrograph).toMatchObject({ width: 40, height: 30, pixelSize: 1.77, warnings: [] });
      expect([...micrograph.pixels]).toEqual([...IMAGE.pixels]);
      expect(await readMicrographHeader(file)).toEqual({ width: 40, height: 30, pixelSize: 1.77 });
    }
  });

  it('keeps all 16 bits of a PNG, and its rows as stored', async () => {
    const values = Uint16Array.from({ length: 12 }, (_, i) => 257 * i + 3);
    const png = await sharp(values, { raw: { width: 4, height: 3, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const micrograph = await readMicrograph(put('a.png', png));
    expect([...micrograph.pixels]).toEqual([...values]);
    expect(await readMicrographHeader(join(folder, 'a.png'))).toEqual({ width: 4, height: 3, pixelSize: null });
  });

  it('reads 8-bit PNG and JPEG, grey or coloured', async () => {
    const raw = { raw: { width: 16, height: 8, channels: 1 as const } };
    const grey = Uint8Array.from({ length: 128 }, (_, i) => (i < 64 ? 20 : 200));
    const png = await readMicrograph(put('a.png', await sharp(grey, raw).png().toBuffer()));
    expect([...png.pixels]).toEqual([...grey]);
    const jpeg = await readMicrograph(put('a.JPG', await sharp(grey, raw).jpeg({ quality: 100 }).toBuffer()));
    expect(jpeg.pixels.every((value, i) => Math.abs(value - grey[i]) < 4)).toBe(true);
    const colour = await sharp(grey, raw).toColourspace('srgb').png().toBuffer();
    expect([...(await readMicrograph(put('c.png', colour))).pixels]).toEqual([...grey]);
  });

  it.each([
    [
      '8-bit',
      8,
      1,
      [
        [0, 128],
        [64, 250],
        [190, 30],
      ],
    ],
    [
      '16-bit',
      16,
      1,
      [
        [0, 30_000],
        [65_535, 10_000],
        [50_000, 20_000],
      ],
    ],
    [
      'signed 16-bit',
      16,
      2,
      [
        [-32_768, 30_000],
        [0, 10_000],
        [-20_000, 20_000],
      ],
    ],
    [
      '32-bit float',
      32,
      3,
      [
        [1.5, -2],
        [3, 0.25],
        [-5, 4],
      ],
    ],
  ])('reads a %s TIFF with its rows reversed', async (_, bits, format, rows) => {
    const micrograph = await readMicrograph(put('a.tif', makeTiff(bits, format, rows)));
    expect([micrograph.width, micrograph.height]).toEqual([2, 3]);
    expect([...micrograph.pixels]).toEqual([...rows].reverse().flat());
    expect(await readMicrographHeader(join(folder, 'a.tif'))).toEqual({ width: 2, height: 3, pixelSize: null });
  });

  it('ignores the orientation of a TIFF, as the field does', async () => {
    const rows = [
      [0, 128],
      [64, 250],
    ];
    const [plain, turned] = [
      put('a.tif', makeTiff(8, 1, rows)),
      put('b.tif', makeTiff(8, 1, rows, { orientation: 4 })),
    ];
    expect((await readMicrograph(turned)).pixels).toEqual((await readMicrograph(plain)).pixels);
  });

  it('replaces hot, dead and up to 0.1 % NaN pixels, with a warning and a count', async () => {
    const image = noiseImage(100, 100, 2);
    image.pixels[5050] = 1e4;
    image.pixels[1234] = Number.NaN;
    const { pixels, warnings } = await readMicrograph(put('a.mrc', writeMrc(image, null, '')));
    expect(pixels.every((value) => Math.abs(value) < 6)).toBe(true);
    expect(warnings).toEqual([
      '1 NaN or infinite pixels were replaced by local medians',
      '1 hot or dead pixels were replaced by local medians',
    ]);
  });

  const tooManyNaN = noiseImage(100, 100, 3);
  tooManyNaN.pixels.fill(Number.NaN, 0, 11);
  const mrc = writeMrc(IMAGE, null, '');
  it.each<[string, string, Uint8Array, RegExp]>([
    ['more NaN', 'a.mrc', writeMrc(tooManyNaN, null, ''), /11 NaN or infinite pixels of 10000; expected at most 10/],
    ['zero bytes', 'a.mrc', new Uint8Array(0), /a\.mrc.*received 0 bytes/],
    [
      'a truncated file',
      'a.mrc',
      mrc.subarray(0, 3000),
      /a\.mrc: the file is truncated: received 3000 bytes; expected 5824 bytes/,
    ],
    [
      'a constant image',
      'a.mrc',
      writeMrc({ ...IMAGE, pixels: new Float32Array(1200).fill(4) }, null, ''),
      /constant image \(40x30 pixels, all 4\)/,
    ],
    ['truncated gzip', 'a.mrc.gz', gzipSync(mrc).subarray(0, 2000), /Cannot unpack .*a\.mrc\.gz/],
    ['no gzip', 'a.mrc.gz', mrc, /Cannot unpack/],
    ['a gzip bomb', 'a.mrc.gz', gzipSync(Buffer.concat([mrc, Buffer.alloc(2 ** 24)])), /Cannot unpack/],
    ['text called .png', 'a.png', Buffer.from('hello'), /Cannot read .*a\.png as PNG or JPEG/],
    ['text called .tif', 'a.tif', Buffer.from('hello'), /Cannot read .*a\.tif as TIFF/],
    [
      'a cut TIFF',
      'a.tif',
      makeTiff(16, 1, [
        [1, 2],
        [3, 4],
      ]).subarray(0, 145),
      /a\.tif as TIFF/,
    ],
    [
      'a TIFF with too few strips',
      'a.tif',
      makeTiff(
        8,
        1,
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        { rowsPerStrip: 2 },
      ),
      /strips for 2 of 3 rows/,
    ],
    [
      'a TIFF whose pages go in a circle',
      'a.tif',
      makeTiff(
        8,
        1,
        [
          [1, 2],
          [3, 4],
        ],
        { next: 8 },
      ),
      /several pages \(a movie\)/,
    ],
    ['a movie', 'a.eer', new Uint8Array(9), /a movie \(EER\).*Motion-correct it first/],
    ['an unknown ending', 'a.doc', new Uint8Array(9), /unknown ending; expected \.mrc, /],
  ])('refuses %s with a reason', async (_, name, bytes, message) => {
    await expect(readMicrograph(put(name, bytes))).rejects.toThrow(message);
  });

  it('refuses folders, missing files and broken links with a reason', async () => {
    mkdirSync(join(folder, 'folder.mrc'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link.mrc'));
    await expect(readMicrograph(join(folder, 'folder.mrc'))).rejects.toThrow(/a folder; expected a file/);
    await expect(readMicrograph(join(folder, 'link.mrc'))).rejects.toThrow(/no such file/);
    await expect(readMicrograph(join(folder, 'missing.mrc'))).rejects.toThrow(/no such file/);
  });
});

describe('names', () => {
  it.each([
    ['a/b/mic_001.mrc', 'mic_001'],
    ['mic_001_autopick.star', 'mic_001'],
    ['mic_001_manualpick.star', 'mic_001'],
    ['mic_001_picks.csv', 'mic_001'],
    ['mic.with.dots.bin.png', 'mic.with.dots.bin'],
    ['mic.with.dots.bin.csv', 'mic.with.dots.bin'],
    ['008578512345678901234_mic_patch_aligned.mrc', 'mic_patch_aligned'],
    ['20220101_mic.mrc', '20220101_mic'],
    ['mic.mrc.gz', 'mic'],
    ['a b.tiff', 'a b'],
  ])('%s has the base name %s', (file, expected) => {
    expect(baseName(file)).toBe(expected);
  });

  it('the stem keeps prefixes and endings of pickers', () => {
    expect(stem('x/mic_picks.mrc.gz')).toBe('mic_picks');
  });
});

describe('expandMicrographs', () => {
  it('takes files, folders, globs, each once, with their folders below the common one', async () => {
    for (const name of ['s/a.mrc', 's/deep/b.png', 's/notes.txt', 't/c.tif']) put(name, 'x');
    const inputs = await expandMicrographs([join(folder, 's'), join(folder, 't', '*.tif'), join(folder, 's', 'a.mrc')]);
    expect(inputs.map(({ path, folder: below }) => [path.slice(folder.length + 1), below])).toEqual([
      ['s/a.mrc', 's'],
      ['s/deep/b.png', 's/deep'],
      ['t/c.tif', 't'],
    ]);
  });

  it('takes a micrographs.star with pixel sizes, its names relative to the star where they are there', async () => {
    put('mics/a.mrc', 'x');
    const star = put(
      'micrographs.star',
      'data_\nloop_\n_rlnMicrographName\n_rlnMicrographPixelSize\nmics/a.mrc 1.5\nmics/gone.mrc 1.5\n',
    );
    const inputs = await expandMicrographs([star]);
    expect(inputs.map(({ path, pixelSize }) => [path, pixelSize])).toEqual([
      [join(folder, 'mics/a.mrc'), 1.5],
      ['mics/gone.mrc', 1.5],
    ]);
  });

  it('keeps a path that does not exist, and refuses empty folders and patterns without matches', async () => {
    expect(await expandMicrographs([join(folder, 'gone.mrc')])).toHaveLength(1);
    await expect(expandMicrographs([folder])).rejects.toThrow(/has no micrographs/);
    await expect(expandMicrographs([join(folder, '*.mrc')])).rejects.toThrow(/no file, folder or match/);
    await expect(expandMicrographs([join(folder, 'nowhere')])).rejects.toThrow(/no file, folder or match/);
  });

  it('finds the common folder', () => {
    expect(commonFolder(['/a/b/c.mrc', '/a/bb/d.mrc'])).toBe('/a');
    expect(commonFolder(['/a/b/c.mrc'])).toBe('/a/b');
    expect(commonFolder(['/x.mrc', '/y/z.mrc'])).toBe('/');
  });
});

describe('coordinates of micrographs', () => {
  it('are found by base name, never by substring', async () => {
    put('mic_1.csv', 'x,y\n1,1\n');
    put('mic_10_autopick.star', 'data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n10 10\n');
    const { sets } = await readCoordinateSets(folder);
    expect(findCoordinates(sets, 'data/mic_10.mrc', '')?.particles).toEqual([{ x: 10, y: 10 }]);
    expect(findCoordinates(sets, 'data/mic_1.mrc', '')?.particles).toEqual([{ x: 1, y: 1 }]);
    expect(findCoordinates(sets, 'data/mic.mrc', '')).toBeUndefined();
  });

  it('of equal names in several folders are taken from the same folder, else refused', async () => {
    put('one/mic.csv', 'x,y\n1,1\n');
    put('two/mic.csv', 'x,y\n7,2\n');
    const { sets } = await readCoordinateSets(folder);
    expect(findCoordinates(sets, 'data/two/mic.mrc', 'two')?.particles).toEqual([{ x: 7, y: 2 }]);
    expect(() => findCoordinates(sets, 'mic.mrc', '')).toThrow(
      /More than one coordinate file.*one\/mic\.csv.*two\/mic\.csv/,
    );
  });

  it('in several formats of the same picks come from the most exact, and are refused where they differ', async () => {
    put('mic.box', '10\t10\t20\t20\t0.5\n');
    put('mic.csv', 'x,y,score\n20.25,19.75,0.5\n');
    expect(findCoordinates((await readCoordinateSets(folder)).sets, 'mic.mrc', '')?.particles).toEqual([
      { x: 20.25, y: 19.75, score: 0.5 },
    ]);
    put('mic.csv', 'x,y,score\n30,20,0.5\n');
    const { sets } = await readCoordinateSets(folder);
    expect(() => findCoordinates(sets, 'mic.mrc', '')).toThrow(/More than one/);
  });

  it('through links to files are found, as users import them', async () => {
    put('real/mic.csv', 'x,y\n1,1\n');
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(folder, 'real/mic.csv'), join(folder, 'links/mic.csv'));
    expect((await readCoordinateSets(join(folder, 'links'))).sets).toHaveLength(1);
  });

  it('that are NaN are left out and counted; a score that is NaN is no score', async () => {
    put('mic.csv', 'x,y,score\n1,nan,0.5\n2,3,NaN\n4,5,0.25\n');
    const [set] = (await readCoordinateSets(folder)).sets;
    expect(set.notPoints).toBe(1);
    expect(set.particles).toEqual([
      { x: 2, y: 3 },
      { x: 4, y: 5, score: 0.25 },
    ]);
  });

  it('of one file that names micrographs of equal base names stay apart by folder', async () => {
    const star =
      'data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\nm/a/mic.mrc 1 2\nm/b/mic.mrc 3 4\nm/b/mic.mrc 5 6\n';
    const { sets } = await readCoordinateSets(put('particles.star', star));
    expect(findCoordinates(sets, '/data/m/b/mic.mrc', 'b')?.particles).toHaveLength(2);
    expect(findCoordinates(sets, 'm/a/mic.mrc', 'a')?.particles).toEqual([{ x: 1, y: 2 }]);
  });

  it('of one file that names its micrographs are split by it', async () => {
    const star =
      'data_particles\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\nm/a.mrc 1 2\nm/b.mrc 3 4\nm/a.mrc 5 6\n';
    const { sets } = await readCoordinateSets(put('particles.star', star));
    expect(sets.map(({ name, particles }) => [name, particles.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('that cannot be read are listed, the others are kept', async () => {
    put('a.csv', 'x,y\n1,none\n');
    put('b.csv', 'x,y\n1,2\n');
    const { sets, failed } = await readCoordinateSets(folder);
    expect(sets.map(({ name }) => name)).toEqual(['b']);
    expect(failed[0].reason).toMatch(/a\.csv.*line 2: y is "none"/);
    await expect(readCoordinateSets(join(folder, 'gone'))).rejects.toThrow(/no such file/);
    mkdirSync(join(folder, 'empty'));
    await expect(readCoordinateSets(join(folder, 'empty'))).rejects.toThrow(/no coordinate files/);
  });
});

describe('files', () => {
  it('are written whole, with their folders, and leave nothing else behind', async () => {
    await writeWhole(join(folder, 'new/deep/a.txt'), 'hello');
    expect(new TextDecoder().decode(await readWhole(join(folder, 'new/deep/a.txt')))).toBe('hello');
    expect(readdirSync(join(folder, 'new/deep'))).toEqual(['a.txt']);
  });

  it('that cannot be written say why, also on file systems where folders cannot be made', async () => {
    put('file', 'x');
    await expect(writeWhole(join(folder, 'file/a.txt'), 'x')).rejects.toThrow(
      /Cannot write .*a\.txt: (a part of the path is a file|a file of that name is in the way)/,
    );
    await expect(makeFolder('/proc/deepem/folder')).rejects.toThrow(/Cannot make the folder .*no such file/);
    await expect(makeFolder(join(folder, 'file'))).rejects.toThrow(/in the way/);
  });
});

describe('loadArchitecture', () => {
  it('takes presets and files, and says what is wrong', async () => {
    expect((await loadArchitecture('klh')).box).toBe(272);
    const file = put(
      'net.json',
      JSON.stringify({ name: 'mine', box: 8, layers: [{ type: 'fully-connected', units: 1 }] }),
    );
    expect((await loadArchitecture(file)).name).toBe('mine');
    await expect(loadArchitecture('khl')).rejects.toThrow(/Unknown preset.*"khl".*klh, 19s/);
    await expect(loadArchitecture(put('bad.json', '{'))).rejects.toThrow(/is not JSON/);
  });
});
