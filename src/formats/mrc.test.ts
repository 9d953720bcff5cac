import { describe, expect, it } from 'vitest';
import { FileError } from '../core/errors.js';
import { float16, readMrc, readMrcVolume, toFloat16, writeMrc } from './mrc.js';

interface Made {
  mode: number;
  little?: boolean;
  nx?: number;
  ny?: number;
  nz?: number;
  stamp?: number[];
  extended?: number;
  dmin?: number;
  dmax?: number;
  imodFlags?: number;
  cellX?: number;
  data: Uint8Array;
}

/** An MRC file written field by field, independently of the product's writer. */
function makeMrc({
  mode,
  little = true,
  nx = 3,
  ny = 2,
  nz = 1,
  stamp,
  extended = 0,
  dmin = 0,
  dmax = 0,
  imodFlags,
  cellX = 0,
  data,
}: Made) {
  const bytes = new Uint8Array(1024 + extended + data.length);
  const view = new DataView(bytes.buffer);
  const words: [number, number][] = [
    [0, nx],
    [4, ny],
    [8, nz],
    [12, mode],
    [28, nx],
    [32, ny],
    [36, nz],
    [92, extended],
  ];
  for (const [offset, value] of words) view.setInt32(offset, value, little);
  view.setFloat32(40, cellX, little);
  view.setFloat32(76, dmin, little);
  view.setFloat32(80, dmax, little);
  if (imodFlags !== undefined) {
    view.setInt32(152, 1146047817, little);
    view.setInt32(156, imodFlags, little);
  }
  bytes.set(stamp ?? (little ? [0x44, 0x44, 0, 0] : [0x11, 0x11, 0, 0]), 212);
  bytes.set(data, 1024 + extended);
  return bytes;
}

function encode(
  values: number[],
  size: number,
  set: (view: DataView, offset: number, value: number) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    set(view, i * size, value);
  });
  return bytes;
}

describe('readMrc', () => {
  const kinds: [string, number, number[], (little: boolean) => Uint8Array][] = [
    ['int8', 0, [-3, 0, 7, 127, -128, 1], () => Uint8Array.from([253, 0, 7, 127, 128, 1])],
    [
      'int16',
      1,
      [-300, 0, 7, 32767, -32768, 1],
      (l) => encode([-300, 0, 7, 32767, -32768, 1], 2, (v, o, x) => v.setInt16(o, x, l)),
    ],
    [
      'float32',
      2,
      [-1.5, 0, 7, 1e9, -2, 0.5],
      (l) => encode([-1.5, 0, 7, 1e9, -2, 0.5], 4, (v, o, x) => v.setFloat32(o, x, l)),
    ],
    [
      'uint16',
      6,
      [0, 1, 7, 65535, 40000, 2],
      (l) => encode([0, 1, 7, 65535, 40000, 2], 2, (v, o, x) => v.setUint16(o, x, l)),
    ],
    [
      'float16',
      12,
      [1, -2, 0.5, 65504, 2 ** -24, 0],
      (l) => encode([0x3c00, 0xc000, 0x3800, 0x7bff, 1, 0], 2, (v, o, x) => v.setUint16(o, x, l)),
    ],
    ['4-bit, rows padded', 101, [1, 2, 3, 4, 5, 6], () => Uint8Array.from([0x21, 0x03, 0x54, 0x06])],
    ['4-bit, rows packed', 101, [1, 2, 3, 4, 5, 6], () => Uint8Array.from([0x21, 0x43, 0x65])],
  ];
  for (const [name, mode, expected, data] of kinds) {
    for (const little of [true, false]) {
      it(`reads mode ${mode} (${name}), ${little ? 'little' : 'big'} endian, as stored`, () => {
        const { pixels, width, height } = readMrc(makeMrc({ mode, little, data: data(little) }), 'a.mrc');
        expect([width, height]).toEqual([3, 2]);
        expect([...pixels]).toEqual(expected);
      });
    }
  }

  const floats = (little: boolean) => encode([1, 2, 3, 4, 5, 6], 4, (v, o, x) => v.setFloat32(o, x, little));

  it('skips the extended header', () => {
    expect([...readMrc(makeMrc({ mode: 2, extended: 128, data: floats(true) }), 'a.mrc').pixels]).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });

  it.each([
    ['missing', [0, 0, 0, 0]],
    ['wrong', [0x11, 0x11, 0, 0]],
  ])('finds the byte order where the machine stamp is %s', (_, stamp) => {
    expect([...readMrc(makeMrc({ mode: 2, stamp, data: floats(true) }), 'a.mrc').pixels]).toEqual([1, 2, 3, 4, 5, 6]);
    const big = makeMrc({ mode: 2, little: false, stamp: [0x44, 0x44, 0, 0], data: floats(false) });
    expect([...readMrc(big, 'a.mrc').pixels]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes mode 0 for unsigned where IMOD says so or the maximum is above 127', () => {
    const data = Uint8Array.from([200, 1, 2, 3, 4, 5]);
    expect(readMrc(makeMrc({ mode: 0, data }), 'a.mrc').pixels[0]).toBe(-56);
    expect(readMrc(makeMrc({ mode: 0, data, dmax: 200 }), 'a.mrc').pixels[0]).toBe(200);
    expect(readMrc(makeMrc({ mode: 0, data, imodFlags: 0 }), 'a.mrc').pixels[0]).toBe(200);
    expect(readMrc(makeMrc({ mode: 0, data, imodFlags: 1, dmax: 200 }), 'a.mrc').pixels[0]).toBe(-56);
  });

  it.each([
    [0, null],
    [3, null],
    [5.31, 1.77],
  ])('reads a cell of %s A over 3 pixels as a pixel size of %s', (cellX, expected) => {
    expect(readMrc(makeMrc({ mode: 2, cellX, data: floats(true) }), 'a.mrc').pixelSize).toBe(expected);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /a\.mrc.*received 0 bytes.*empty/],
    ['a cut header', new Uint8Array(1000), /received 1000 bytes.*1024/],
    ['a header of zeros', new Uint8Array(2048), /nx 0.*not MRC/],
    ['cut data', makeMrc({ mode: 2, data: new Uint8Array(20) }), /truncated: received 1044 bytes; expected 1048/],
    ['a huge header', makeMrc({ mode: 2, nx: 2 ** 30, data: new Uint8Array(24) }), /not MRC/],
    ['a stack', makeMrc({ mode: 2, nz: 5, data: new Uint8Array(120) }), /a stack \(5 sections of 3x2\)/],
    ['a volume', makeMrc({ mode: 2, nx: 2, ny: 2, nz: 2, data: new Uint8Array(32) }), /a volume/],
    ['a movie', makeMrc({ mode: 1, nx: 4096, ny: 4096, nz: 40, data: new Uint8Array(9) }), /a movie.*Motion-correct/],
    ['complex data', makeMrc({ mode: 4, data: new Uint8Array(48) }), /Fourier/],
    ['an unknown mode', makeMrc({ mode: 7, data: new Uint8Array(48) }), /mode 7/],
    [
      'a negative extended header',
      makeMrc({ mode: 2, extended: 0, data: floats(true) }).map((v, i) => (i >= 92 && i < 96 ? 255 : v)),
      /not MRC/,
    ],
  ])('refuses %s with a reason', (_, bytes, message) => {
    expect(() => readMrc(bytes, 'a.mrc')).toThrow(FileError);
    expect(() => readMrc(bytes, 'a.mrc')).toThrow(message);
  });
});

describe('writeMrc', () => {
  it('writes what readMrc reads, with the statistics in the header', () => {
    const image = { pixels: Float32Array.of(1, 2, 3, 4, 5, 9), width: 3, height: 2 };
    const bytes = writeMrc(image, 1.77, 'a label');
    const back = readMrc(bytes, 'a.mrc');
    expect([...back.pixels]).toEqual([...image.pixels]);
    expect(back.pixelSize).toBe(1.77);
    const view = new DataView(bytes.buffer);
    expect([view.getFloat32(76, true), view.getFloat32(80, true), view.getFloat32(84, true)]).toEqual([1, 9, 4]);
    expect(view.getFloat32(216, true)).toBeCloseTo(Math.sqrt(40 / 6), 6);
    expect(new TextDecoder().decode(bytes.subarray(208, 212))).toBe('MAP ');
    expect(new TextDecoder().decode(bytes.subarray(224, 231))).toBe('a label');
    expect(readMrc(writeMrc(image, null, ''), 'a.mrc').pixelSize).toBeNull();
  });
});

it('readMrcVolume reads all sections', () => {
  const data = encode([1, 2, 3, 4, 5, 6, 7, 8], 4, (v, o, x) => v.setFloat32(o, x, true));
  const { values, nz } = readMrcVolume(makeMrc({ mode: 2, nx: 2, ny: 2, nz: 2, data }), 'a.mrc');
  expect(nz).toBe(2);
  expect([...values]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it('float16 knows infinities and NaN', () => {
  expect([float16(0x7c00), float16(0xfc00), float16(0x7e00)]).toEqual([Infinity, -Infinity, NaN]);
});

describe('float16', () => {
  it('rounds to the nearest even, keeps signs, denormals and infinities, as NumPy does', () => {
    const values = [0, -0, 1, -2.5, 65504, 65520, 1e-8, 6e-8, 5.9604645e-8, 0.1, 1 / 3, 2049, 2051, -Infinity, 1e9];
    const back = [...toFloat16(Float32Array.from(values))].map(float16);
    const numpy = [
      ...[0, -0, 1, -2.5, 65504, Infinity, 0, 2 ** -24, 2 ** -24, 0.0999755859375],
      ...[0.333251953125, 2048, 2052, -Infinity, Infinity],
    ];
    expect(back).toEqual(numpy);
    expect(float16(toFloat16(Float32Array.of(Number.NaN))[0])).toBeNaN();
  });

  it('survives a round trip for every bit pattern', () => {
    const all = Float32Array.from({ length: 1 << 16 }, (_, bits) => float16(bits));
    toFloat16(all).forEach((bits, i) => {
      if (!Number.isNaN(all[i])) expect(bits).toBe(i);
    });
  });
});

describe('bytes whose sign the header does not say', () => {
  const hill = (middle: number) => Uint8Array.from({ length: 400 }, (_, i) => middle + ((i * 7) % 41) - 20);

  it.each([
    ['unsigned around 128', hill(128), 128, /taken as unsigned by their histogram/],
    ['signed around 0', hill(0), 0, /taken as signed by their histogram/],
  ])('are taken as %s, and it is said', (_, data, mean, warning) => {
    const { pixels, warnings } = readMrc(makeMrc({ mode: 0, nx: 20, ny: 20, data }), 'a.mrc');
    expect(pixels.reduce((a, b) => a + b) / 400).toBeCloseTo(mean, 0);
    expect(warnings.join()).toMatch(warning);
  });

  it('are as the statistics say where there are some', () => {
    const stated = { mode: 0, nx: 20, ny: 20, dmin: -20, dmax: 20, data: hill(0) };
    expect(readMrc(makeMrc(stated), 'a.mrc')).toMatchObject({ warnings: [] });
    expect(readMrc(makeMrc({ ...stated, dmin: 100, dmax: 150, data: hill(128) }), 'a.mrc').warnings).toEqual([]);
  });
});

it("IMOD's flag 16: two pixels in a byte, and half the columns in the header", () => {
  const data = Uint8Array.of(0x21, 0x43, 0x65, 0x87);
  const made = makeMrc({ mode: 0, nx: 2, ny: 2, imodFlags: 16, cellX: 2, data });
  expect(readMrc(made, 'a.mrc')).toMatchObject({ width: 4, height: 2 });
  expect([...readMrc(made, 'a.mrc').pixels]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it('an extended header that is declared and not there is no reason to call a whole file truncated', () => {
  const whole = makeMrc({ mode: 0, nx: 4, ny: 2, imodFlags: 0, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
  new DataView(whole.buffer).setInt32(92, 2048, true);
  const { pixels, warnings } = readMrc(whole, 'a.mrc');
  expect([...pixels]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(warnings.join()).toMatch(/extended header of 2048 bytes, which is not there/);
  expect(() => readMrc(whole.subarray(0, -1), 'a.mrc')).toThrow(/truncated/);
});
