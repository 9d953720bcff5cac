/** What can be said about any file that the package reads. */

import { FileError, messageOf } from '../core/errors.js';
import { formatOfFile } from '../formats/coordinates.js';
import type { FileFinding } from '../formats/finding.js';
import { asStored, wholeFileBytes } from '../formats/mrc.js';
import { MRC_FIELDS, MRC_HEADER_BYTES, type MrcHeader, pixelSizeOf, readMrcHeader } from '../formats/mrc-header.js';
import { checkMrcHeader, checkMrcStatistics, modeName, mrcLabels } from '../formats/mrc-rules.js';
import { readMicrographsStar } from '../formats/relion-star.js';
import { checkBox, starChecker } from '../formats/text-rules.js';
import { type PixelSummary, summarisePixels } from '../imaging/summary.js';
import { readRecords } from './coordinates.js';
import { readPieces, readStart, readText, readWhole } from './files.js';
import { openMrcStack } from './mrc-stack.js';
import { decodeMicrograph, hasMicrographEnding } from './read-micrograph.js';

/** A line of a table. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly meaning?: string;
}

/** What is known of a file. */
export interface Inspection {
  readonly file: string;
  readonly kind: string;
  readonly facts: readonly Fact[];
  /** Of the pixels, for images. */
  readonly pixels: PixelSummary | null;
  /** Rules that it breaks, and oddities. */
  readonly findings: readonly FileFinding[];
}

/**
 * Looks at a file: an image, a stack, a STAR file or coordinates.
 *
 * @throws FileError if it cannot be read, or is of no known kind
 */
export async function inspectFile(file: string): Promise<Inspection> {
  await readStart(file, 1);
  if (/\.mrcs?$/i.test(file)) return inspectMrc(file);
  if (hasMicrographEnding(file)) return inspectImage(file);
  if (/\.star$/i.test(file)) return inspectStar(file);
  if (formatOfFile(file)) return inspectCoordinates(file);
  throw new FileError({
    what: `Cannot inspect ${file}`,
    received: 'an unknown ending',
    expected: 'an image, a stack, a .star or coordinates',
    ...(/\.onnx$/i.test(file) && { hint: `deepem info ${file} shows a model` }),
  });
}

async function inspectMrc(file: string): Promise<Inspection> {
  const { start, size } = await readStart(file, MRC_HEADER_BYTES);
  const header = readMrcHeader(start, file);
  const needed = wholeFileBytes(header);
  const findings = checkMrcHeader(start, header, { bytes: size, expected: needed });
  const broken = size < wholeFileBytes(asStored(header, size));
  const pixels = broken ? null : await summariseStack(file);
  if (pixels) findings.push(...checkMrcStatistics(header, pixels));
  return { file, kind: kindOfMrc(header), facts: mrcFacts(start, header, size), pixels, findings };
}

function kindOfMrc({ nx, ny, nz, mode }: MrcHeader): string {
  const what = nz === 1 ? 'an image' : nx === ny && ny === nz ? 'a volume' : 'a stack';
  return `MRC, ${what} of ${modeName(mode)} pixels`;
}

function mrcFacts(start: Uint8Array, header: MrcHeader, size: number): Fact[] {
  const pixelSize = pixelSizeOf(header);
  const written = MRC_FIELDS.map(([name, , , meaning]) => ({
    name,
    value: String(Number(header[name].toPrecision(7))),
    meaning,
  }));
  return [
    { name: 'bytes', value: String(size) },
    { name: 'byte order', value: header.littleEndian ? 'little endian' : 'big endian' },
    { name: 'pixel size', value: pixelSize === null ? 'unknown' : `${pixelSize} A` },
    ...written,
    ...mrcLabels(start).map((label, i) => ({ name: `label ${i + 1}`, value: label })),
  ];
}

/** Statistics of all sections; null where they are no real numbers. */
async function summariseStack(file: string): Promise<PixelSummary | null> {
  const stack = await openMrcStack(file).catch((error: unknown) => {
    if (error instanceof FileError) return null;
    throw error;
  });
  if (!stack) return null;
  try {
    const summary = summarisePixels();
    for (let i = 0; i < stack.count; i++) summary.add(await stack.read(i));
    return summary.result();
  } finally {
    await stack.close();
  }
}

async function inspectImage(file: string): Promise<Inspection> {
  const { width, height, pixelSize, pixels } = await decodeMicrograph(file);
  const summary = summarisePixels();
  summary.add({ width, height, pixels });
  const facts = [
    { name: 'width', value: String(width), meaning: 'columns' },
    { name: 'height', value: String(height), meaning: 'rows' },
    { name: 'pixel size', value: pixelSize === null ? 'unknown' : `${pixelSize} A` },
  ];
  return { file, kind: 'image', facts, pixels: summary.result(), findings: [] };
}

async function inspectStar(file: string): Promise<Inspection> {
  const { blocks, findings } = await checkBlocks(file);
  const facts: Fact[] = blocks.map(({ name, labels, rows }) => ({
    ...{ name: `data_${name}`, value: `${rows} rows`, meaning: labels.join(' ') },
  }));
  if (blocks.some(({ labels }) => labels.includes('rlnCoordinateX'))) {
    const coordinates = await inspectCoordinates(file).catch((error: unknown): FileFinding => {
      return { level: 'error', what: messageOf(error), remedy: 'programs do not find the particles' };
    });
    if ('facts' in coordinates) facts.push(...coordinates.facts);
    else findings.push(coordinates);
  } else if (blocks.some(({ labels }) => labels.includes('rlnMicrographName')))
    findings.push(...(await checkList(file)));
  return { file, kind: 'STAR', facts, pixels: null, findings };
}

/** A list of micrographs whose optics groups are not in it. */
async function checkList(file: string): Promise<FileFinding[]> {
  try {
    readMicrographsStar(await readWhole(file));
    return [];
  } catch (error) {
    return [{ level: 'error', what: messageOf(error), remedy: 'nothing is known of their optics' }];
  }
}

/** @throws FileError if it is no STAR file */
async function checkBlocks(file: string) {
  const checker = starChecker();
  try {
    await readPieces(file, checker.push);
    return checker.end();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError({ what: `Cannot read ${file}`, received: messageOf(cause), expected: 'STAR' }, { cause });
  }
}

async function inspectCoordinates(file: string): Promise<Inspection> {
  const records = await readRecords(file);
  const particles = records
    .map(({ particle }) => particle)
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const scores = particles.flatMap(({ score }) => (score === undefined ? [] : [score]));
  const names = new Set(records.map(({ micrograph }) => micrograph));
  const boxes = new Set(records.flatMap(({ box }) => box ?? []));
  const range = (values: readonly number[]) => {
    const [low, high] = values.reduce(
      ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
      [Infinity, -Infinity],
    );
    return values.length === 0 ? 'none' : `${Number(low.toFixed(3))} to ${Number(high.toFixed(3))}`;
  };
  const facts: Fact[] = [
    { name: 'particles', value: String(particles.length) },
    ...(records.length > particles.length
      ? [{ name: 'not points', value: String(records.length - particles.length) }]
      : []),
    { name: 'micrographs', value: names.has(null) ? 'not named: the file name tells' : String(names.size) },
    { name: 'x', value: range(particles.map(({ x }) => x)), meaning: 'centres, full-size pixels' },
    { name: 'y', value: range(particles.map(({ y }) => y)) },
    { name: 'score', value: range(scores), meaning: `${scores.length} have one` },
    ...(boxes.size > 0 ? [{ name: 'box', value: [...boxes].slice(0, 3).join(', ') }] : []),
  ];
  const format = formatOfFile(file)?.name ?? '';
  const findings = format === 'box' ? checkBox(await readText(file)) : [];
  return { file, kind: `coordinates (${format})`, facts, pixels: null, findings };
}
