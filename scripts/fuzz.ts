/**
 * A seeded fuzzer over every reader: damaged files must end in a parsed file or in a typed error, within bounded memory.
 * Prints progress; the first other outcome ends it with the input's number, the reader and the bytes in a file.
 * Usage: npx tsx scripts/fuzz.ts [--inputs 100000] [--seed 1] [--from 0]
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { DeepemError } from '../src/core/errors.js';
import { type Random, random } from '../src/core/random.js';
import type { PickedMicrograph } from '../src/formats/coordinate-format.js';
import { COORDINATE_FORMATS } from '../src/formats/coordinates.js';
import { decodeSection, readMrc, readMrcVolume, sectionBytes, wholeFileBytes, writeMrc } from '../src/formats/mrc.js';
import { readMrcHeader } from '../src/formats/mrc-header.js';
import { checkMrcHeader } from '../src/formats/mrc-rules.js';
import { readNpyTable } from '../src/formats/npy.js';
import { readPngOrJpeg } from '../src/formats/raster.js';
import { readCoordinateList, readMicrographsStar } from '../src/formats/relion-star.js';
import { checkBox, checkStar } from '../src/formats/text-rules.js';
import { readTiff } from '../src/formats/tiff.js';
import { parseArchitecture } from '../src/network/architecture.js';
import { decodeModel, encodeModel } from '../src/network/model.js';
import { blobModel } from '../src/picking/blob.js';

/** Resident memory that no run may exceed: 2 GiB. */
const MOST_MEMORY = 2 ** 31;
/** Bytes of an input at the most. */
const LARGEST = 1 << 22;
const REPORT_EVERY = 500;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
});

/** What reads a file, and whole files that it is given damaged. */
interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Errors that it may throw. */
  readonly allowed: readonly (new (
    ...args: never[]
  ) => Error)[];
  read(bytes: Uint8Array): unknown;
}

const encoder = new TextEncoder();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const PICKED: PickedMicrograph = {
  ...{ name: 'Micrographs/a b.mrc', width: 640, height: 480, pixelSize: 1.5, box: 64 },
  ...{ values: { rlnDefocusU: '10000' }, optics: { rlnVoltage: '300' } },
  particles: Array.from({ length: 12 }, (_, i) => ({ x: 40.25 * i, y: 30.5 * i, score: i / 12 })),
};

function textTargets(): Target[] {
  const entries = [{ name: PICKED.name, picked: PICKED, file: 'picks/a.star' }];
  const context = { provenance: 'fuzz', existing: null };
  const written = COORDINATE_FORMATS.flatMap(({ perMicrograph, perRun }) => [
    ...(perMicrograph ? [perMicrograph.write(PICKED, context)] : []),
    ...(perRun ? [[...perRun.write(entries, 'fuzz')].join('')] : []),
  ]).map((one) => encoder.encode(one));
  const fixture = readFileSync('test/fixtures/formats/picked_particles.cs');
  const types = readFileSync('test/fixtures/formats/types.npy');
  const formats = COORDINATE_FORMATS.map(({ name, read }) => ({
    ...{ name: `coordinates ${name}`, seeds: name === 'cs' ? [fixture] : written, allowed: [SyntaxError] },
    read: (bytes: Uint8Array) => read(bytes, { height: 480 }),
  }));
  const stars = [readCoordinateList, readMicrographsStar, checkStar, checkBox].map((read) => ({
    ...{ name: read.name, seeds: written, allowed: [SyntaxError] },
    read: (bytes: Uint8Array) => read(text(bytes)),
  }));
  const npy = { name: 'npy', seeds: [fixture, types], allowed: [SyntaxError], read: readNpyTable };
  return [...formats, ...stars, npy];
}

async function imageTargets(): Promise<Target[]> {
  const pixels = Float32Array.from({ length: 48 * 32 }, (_, i) => Math.sin(i));
  const mrc = writeMrc({ pixels, width: 48, height: 32 }, 1.5, 'fuzz');
  const modes = [0, 1, 6, 12, 101].map((mode) => {
    const copy = Uint8Array.from(mrc);
    new DataView(copy.buffer).setInt32(12, mode, true);
    return copy;
  });
  const grey = Uint8Array.from({ length: 48 * 32 }, (_, i) => i % 251);
  const image = () => sharp(grey, { raw: { width: 48, height: 32, channels: 1 } });
  const tiffs = ['none', 'lzw', 'deflate', 'packbits'] as const;
  const allowed = [DeepemError];
  return [
    { name: 'readMrc', seeds: [mrc, ...modes], allowed, read: (bytes) => readMrc(bytes, 'a.mrc') },
    { name: 'readMrcVolume', seeds: [mrc, ...modes], allowed, read: (bytes) => readMrcVolume(bytes, 'a.mrc') },
    { name: 'sections', seeds: [mrc, ...modes], allowed, read: readSections },
    {
      ...{ name: 'readTiff', allowed, read: (bytes) => readTiff(bytes, 'a.tif') },
      seeds: await Promise.all(tiffs.map((compression) => image().tiff({ compression }).toBuffer())),
    },
    {
      ...{ name: 'readPngOrJpeg', allowed, read: (bytes) => readPngOrJpeg(bytes, 'a.png') },
      seeds: [await image().png().toBuffer(), await image().jpeg().toBuffer()],
    },
  ];
}

function readSections(bytes: Uint8Array): void {
  const header = readMrcHeader(bytes, 'a.mrcs');
  checkMrcHeader(bytes, header, { bytes: bytes.length, expected: wholeFileBytes(header) });
  const section = sectionBytes(header, 'a.mrcs');
  if (bytes.length >= 1024 + section) decodeSection(bytes.subarray(1024, 1024 + section), header);
}

function modelTargets(): Target[] {
  const model = blobModel(20, 1.5);
  const json = encoder.encode(JSON.stringify(model.architecture));
  return [
    {
      name: 'decodeModel',
      seeds: [encodeModel(model)],
      allowed: [DeepemError],
      read: (bytes) => decodeModel(bytes, 'a.onnx'),
    },
    {
      ...{ name: 'parseArchitecture', seeds: [json], allowed: [DeepemError, SyntaxError] },
      read: (bytes) => parseArchitecture(JSON.parse(text(bytes)), 'a.json'),
    },
  ];
}

type Mutation = (bytes: Uint8Array, source: Random) => Uint8Array;

/** Puts bytes in place of a part. */
function splice(bytes: Uint8Array, start: number, removed: number, added: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, start), ...added, ...bytes.subarray(start + removed)]);
}

/** Puts text in place of a number or word somewhere. */
function replaceToken(bytes: Uint8Array, source: Random, replacement: string): Uint8Array {
  const whole = new TextDecoder('latin1').decode(bytes);
  const tokens = [...whole.matchAll(/[\w.+-]+/g)];
  const token = tokens[source.integer(Math.max(1, tokens.length))];
  return token ? splice(bytes, token.index, token[0].length, encoder.encode(replacement)) : bytes;
}

function pick<T>(list: readonly T[], source: Random): T {
  return list[source.integer(list.length)];
}

const NUMBERS = ['-1', '1e308', '1e999', 'NaN', '-inf', '99999999999999999999', '0x10', '2147483648', '', '١٢', '1,5'];
const WORDS = [
  'null',
  'true',
  '[]',
  '{}',
  '"',
  "'",
  'data_',
  'loop_',
  '_rlnCoordinateX',
  '#',
  ';',
  '<NA>',
  '\u0000',
  '\u001b[2J',
];
const INTEGERS = [0, -1, 1, 0x7fffffff, -0x80000000, 0xffff, 1 << 16];

const MUTATIONS: readonly Mutation[] = [
  (bytes, source) => {
    const copy = Uint8Array.from(bytes);
    for (let n = 1 + source.integer(8); n > 0 && copy.length > 0; n--)
      copy[source.integer(copy.length)] ^= 1 << source.integer(8);
    return copy;
  },
  (bytes, source) => bytes.slice(0, source.integer(bytes.length + 1)),
  (bytes, source) => splice(bytes, source.integer(bytes.length + 1), source.integer(64), new Uint8Array(0)),
  (bytes, source) => {
    const start = source.integer(bytes.length + 1);
    return splice(bytes, start, 0, bytes.slice(start, start + source.integer(256)));
  },
  (bytes, source) => {
    const copy = Uint8Array.from(bytes);
    if (copy.length < 8) return copy;
    const at = 4 * source.integer(Math.min(256, copy.length >> 2));
    new DataView(copy.buffer).setInt32(at, pick(INTEGERS, source), source.integer(2) === 0);
    return copy;
  },
  (bytes, source) => replaceToken(bytes, source, pick(NUMBERS, source)),
  (bytes, source) => replaceToken(bytes, source, pick(WORDS, source)),
  (bytes, source) => splice(bytes, source.integer(bytes.length + 1), 0, Uint8Array.from([source.integer(32)])),
  (bytes) => splice(bytes, 0, 0, Uint8Array.from([0xef, 0xbb, 0xbf])),
  (bytes) => Uint8Array.from([...bytes].flatMap((byte) => (byte === 10 ? [13, 10] : [byte]))),
  (bytes, source) => Uint8Array.from(bytes, (byte) => (byte === 10 && source.integer(2) === 0 ? 13 : byte)),
  (bytes, source) => bytes.map((byte) => (byte === 9 || byte === 32 ? pick([9, 32, 11, 44], source) : byte)),
];

/** A line of a million columns, once in a while. */
const WIDE_EVERY = 1000;
const WIDE = encoder.encode('1 '.repeat(1_000_000));

function damage(seed: Uint8Array, source: Random, wide: boolean): Uint8Array {
  let bytes = seed;
  for (let n = 1 + source.integer(4); n > 0; n--) bytes = pick(MUTATIONS, source)(bytes, source);
  if (wide) bytes = Buffer.concat([bytes, WIDE]);
  return bytes.subarray(0, LARGEST);
}

const targets = [...textTargets(), ...(await imageTargets()), ...modelTargets()];
const [inputs, seed, from] = [values.inputs, values.seed, values.from].map(Number);
const counts = { parsed: 0, refused: 0 };
for (let i = from; i < inputs; i++) {
  const target = targets[i % targets.length];
  const source = random(seed, i);
  const bytes = damage(pick(target.seeds, source), source, i % WIDE_EVERY === WIDE_EVERY - 1);
  try {
    await target.read(bytes);
    counts.parsed++;
  } catch (error) {
    if (!target.allowed.some((kind) => error instanceof kind)) {
      const file = join(tmpdir(), `deepem-fuzz-${seed}-${i}`);
      writeFileSync(file, bytes);
      process.stderr.write(
        `input ${i} of seed ${seed}, ${target.name}, ${file}: ${error instanceof Error ? error.stack : error}\n`,
      );
      process.exit(1);
    }
    counts.refused++;
  }
  if (i % REPORT_EVERY === 0) process.stderr.write(`${i}\n`);
  if (i % REPORT_EVERY === 0 && process.memoryUsage.rss() > MOST_MEMORY) {
    process.stderr.write(`input ${i} of seed ${seed}: ${process.memoryUsage.rss()} bytes of memory\n`);
    process.exit(1);
  }
}
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(
  `${inputs - from} inputs over ${targets.length} readers: ${counts.parsed} parsed, ${counts.refused} refused; peak memory ${peak} MiB\n`,
);
