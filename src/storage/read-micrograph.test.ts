import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { toFloat16, writeMrc } from '../formats/mrc.js';
import { testFolder } from '../testing/folder.js';
import { noiseImage } from '../testing/helpers.js';
import { readMicrograph, readMicrographHeader } from './read-micrograph.js';

const { at, put } = testFolder();
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
    if (format === 3 && bits === 16) bytes.writeUInt16LE(toFloat16(Float32Array.of(value))[0], at);
    else if (format === 3) bytes.writeFloatLE(value, at);
    else if (bits === 32) bytes.writeInt32LE(value, at);
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
    expect(await readMicrographHeader(at('a.png'))).toEqual({ width: 4, height: 3, pixelSize: null });
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
      '16-bit float',
      16,
      3,
      [
        [1.5, -2],
        [3, 0.25],
        [-5, 4],
      ],
    ],
    [
      '32-bit signed',
      32,
      2,
      [
        [100_001, 100_005],
        [100_000, 100_002],
        [100_007, 100_003],
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
    expect(await readMicrographHeader(at('a.tif'))).toEqual({ width: 2, height: 3, pixelSize: null });
  });

  it('reads a TIFF packed with PackBits', async () => {
    const packed = await sharp(Uint8Array.from([0, 128, 64, 250, 190, 30]), {
      raw: { width: 2, height: 3, channels: 1 },
    })
      .toColourspace('b-w')
      .tiff({ compression: 'packbits' })
      .toBuffer();
    expect([...(await readMicrograph(put('a.tif', packed))).pixels]).toEqual([190, 30, 64, 250, 0, 128]);
  });

  it.each(['lzw', 'deflate'] as const)('reads a tiled TIFF with a predictor, %s', async (compression) => {
    const [width, height] = [300, 260];
    const values = Uint8Array.from({ length: width * height }, (_, i) => (i * 7919) % 251);
    const tiled = await sharp(values, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .tiff({ compression, predictor: 'horizontal', tile: true, tileWidth: 128, tileHeight: 128 })
      .toBuffer();
    const { pixels } = await readMicrograph(put('a.tif', tiled));
    expect([...pixels.subarray(0, width)]).toEqual([...values.subarray((height - 1) * width)]);
    expect([...pixels.subarray(-width)]).toEqual([...values.subarray(0, width)]);
  });

  it('reads an LZW TIFF of floats and one of 16 bits as it was written', async () => {
    const [width, height] = [200, 150];
    const values = Uint16Array.from({ length: width * height }, (_, i) => (i * 40_503) % 65_521);
    const packed = await sharp(values, { raw: { width, height, channels: 1 } })
      .toColourspace('grey16')
      .tiff({ compression: 'lzw', predictor: 'none' })
      .toBuffer();
    const { pixels } = await readMicrograph(put('a.tif', packed));
    expect([...pixels.subarray(-width)]).toEqual([...values.subarray(0, width)]);
  });

  it('takes no more memory than the directory says: a strip that inflates further is refused', async () => {
    const bomb = deflateSync(Buffer.alloc(50 << 20));
    const small = makeTiff(8, 1, [
      [1, 2],
      [3, 4],
    ]);
    const data = 8 + 2 + 11 * 12 + 4;
    const made = Buffer.concat([small.subarray(0, data), bomb]);
    const tag = (number: number) =>
      10 + 12 * [256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 339].indexOf(number) + 8;
    made.writeUInt32LE(8, tag(259));
    made.writeUInt32LE(bomb.length, tag(279));
    await expect(readMicrograph(put('a.tif', made))).rejects.toThrow(/inflates to more than the 4 bytes/);
  });

  it('names what it does not read for what it is', async () => {
    const bigTiff = Buffer.from('49492b0008000000', 'hex');
    await expect(readMicrograph(put('a.tif', bigTiff))).rejects.toThrow(/a\.tif/);
    const bits = makeTiff(8, 1, [
      [1, 2],
      [3, 4],
    ]);
    Buffer.from(bits.buffer, bits.byteOffset).writeUInt32LE(4, 10 + 12 * 2 + 8);
    await expect(readMicrograph(put('b.tif', bits))).rejects.toThrow(/a TIFF of 4-bit unsigned integers/);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>');
    await expect(readMicrograph(put('c.png', svg))).rejects.toThrow(/begins with the bytes 3c 73 76 67/);
  });

  it('says that a TIFF without strips is damaged (found by the fuzzer)', async () => {
    const bytes = readFileSync('test/fixtures/formats/no-strips.tif');
    await expect(readMicrograph(put('a.tif', bytes))).rejects.toThrow(/strips for 0 of \d+ rows/);
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
    mkdirSync(at('folder.mrc'));
    symlinkSync(at('nowhere'), at('link.mrc'));
    await expect(readMicrograph(at('folder.mrc'))).rejects.toThrow(/a folder; expected a file/);
    await expect(readMicrograph(at('link.mrc'))).rejects.toThrow(/no such file/);
    await expect(readMicrograph(at('missing.mrc'))).rejects.toThrow(/no such file/);
  });
});
