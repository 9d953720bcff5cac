/** `deepem preview` */

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { labelOfSet, readLabels } from '../app/labels/labelled-inputs.js';
import { UsageError } from '../core/errors.js';
import { type Length, toPixels } from '../core/length.js';
import type { Image, Micrograph } from '../core/micrograph.js';
import type { Particle } from '../core/particle.js';
import { counted } from '../core/words.js';
import { type Circles, drawPicks, drawTiles } from '../report/picture.js';
import { pairCoordinates } from '../storage/coordinate-pairs.js';
import { writeWhole } from '../storage/files.js';
import { openMrcStack } from '../storage/mrc-stack.js';
import { originOf } from '../storage/origin.js';
import { assertFree } from '../storage/outputs.js';
import { describeWeakerRules } from '../storage/pairing.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { note, print } from './console.js';
import { length, number, parsePixelSize } from './options.js';
import { tellPeople } from './show.js';

interface PreviewArguments {
  overwrite?: boolean;
  picks?: string;
  diameter?: Length;
  threshold?: number;
  frame?: number;
  pixelSize?: number;
  output: string;
}

/** From the lowest to the highest score: the half of plasma that stands out on grey. */
const COLOURS = ['#b12a90', '#cc4778', '#e16462', '#f2844b', '#fca636', '#fcce25', '#f0f921'];
/** Without scores, or where all are equal. */
const PLAIN = COLOURS[COLOURS.length - 1];
/** Circles where no diameter is known, as a share of the longer side. */
const CIRCLE_SHARE = 1 / 40;
/** Images of a stack that are shown. */
const TILES = 40;

const HELP = `
Examples:
  deepem preview mic_001.mrc --picks picks/ -o mic_001.png
  deepem preview particles/mic_001.mrcs -o particles.png

The micrograph is binned and blurred, its contrast taken from percentiles; circles go from violet (lowest score) to yellow (highest). The first
stored row is at the top; the scale bar is in nanometres where the pixel size is known. Of a stack the first ${TILES} images are shown, or one with --frame.`;

export function configure(command: Command): void {
  command
    .argument('<micrograph>', 'or a stack')
    .option('--picks <path>', 'coordinates to circle: a folder, or one file')
    .option(
      '--diameter <length>',
      "of the circles (default: the particle's as the files or their provenance say, their box, or a fortieth of the side)",
      length('--diameter'),
    )
    .option('--pixel-size <A>', 'angstroms per pixel, for a diameter in angstroms', parsePixelSize)
    .option('--threshold <t>', 'leave out scores below this', number('--threshold'))
    .option('--frame <n>', 'image of a stack, from 1', number('--frame', { min: 1, whole: true }))
    .requiredOption('-o, --output <file.png>', 'where the picture goes')
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runPreview);
}

async function runPreview(file: string, options: PreviewArguments): Promise<void> {
  if (!/\.png$/i.test(options.output)) {
    throw new UsageError({
      what: 'Wrong name of the picture',
      received: options.output,
      expected: 'a name ending in .png',
    });
  }
  assertFree([options.output], options.overwrite);
  const drawn = (await drawStack(file, options)) ?? (await drawMicrograph(file, options));
  await writeWhole(options.output, drawn);
  print(`drawn in ${options.output}`);
}

/** The images of a stack; null where the file is no stack, or one frame of it was asked for. */
async function drawStack(file: string, { frame, picks }: PreviewArguments): Promise<Uint8Array | null> {
  if (!/\.mrcs?$/i.test(file) || frame !== undefined || picks) return null;
  const stack = await openMrcStack(file);
  try {
    if (stack.count === 1) return null;
    const tiles: { image: Image; lines: string[] }[] = [];
    for (let i = 0; i < Math.min(TILES, stack.count); i++)
      tiles.push({ image: await stack.read(i), lines: [`${i + 1}`] });
    note(`${tiles.length} of ${counted(stack.count, 'image')}`);
    return await drawTiles(tiles);
  } finally {
    await stack.close();
  }
}

async function drawMicrograph(file: string, options: PreviewArguments): Promise<Uint8Array> {
  const micrograph = options.frame === undefined ? await readMicrograph(file) : await readFrame(file, options.frame);
  const pixelSize = options.pixelSize ?? micrograph.pixelSize;
  if (!options.picks) return drawPicks(micrograph, [], pixelSize);
  const sets = await readLabels(options.picks, tellPeople);
  const { pairs } = pairCoordinates([{ path: file, folder: '', pixelSize: null }], sets);
  // One micrograph does not tell which others the picks could belong to: the file is named, and the rule that found it.
  const weaker = describeWeakerRules(pairs, 'picks');
  if (weaker) note(weaker);
  const set = pairs[0]?.set ?? (statSync(options.picks).isFile() && sets.length === 1 ? sets[0] : undefined);
  if (!set) note(`warning: no coordinates below ${options.picks} belong to ${file}`);
  const particles = (set?.particles ?? []).filter(
    ({ score }) => score === undefined || score >= (options.threshold ?? -Infinity),
  );
  const longer = Math.max(micrograph.width, micrograph.height);
  const diameter = options.diameter
    ? toPixels(options.diameter, pixelSize, '--diameter')
    : (set?.diameter ?? (set && (await originOf(set)).diameter) ?? set?.box ?? CIRCLE_SHARE * longer);
  note(`${counted(particles.length, 'pick')}${set ? ` of ${labelOfSet(set)}` : ''}`);
  return drawPicks(micrograph, byScore(particles, diameter), pixelSize);
}

/** @throws UsageError if the stack has fewer images */
async function readFrame(file: string, frame: number): Promise<Image & Pick<Micrograph, 'pixelSize'>> {
  const stack = await openMrcStack(file);
  try {
    if (frame <= stack.count) return { ...(await stack.read(frame - 1)), pixelSize: stack.pixelSize };
    throw new UsageError({ what: 'No such image', received: `--frame ${frame}`, expected: `1 to ${stack.count}` });
  } finally {
    await stack.close();
  }
}

/** Circles in groups of equal colour, over the range of the scores. */
function byScore(particles: readonly Particle[], diameter: number): Circles[] {
  const scores = particles.flatMap(({ score }) => score ?? []);
  const [low, high] = scores.reduce(([a, b], score) => [Math.min(a, score), Math.max(b, score)], [Infinity, -Infinity]);
  const colourOf = ({ score }: Particle) =>
    score === undefined || low === high
      ? PLAIN
      : COLOURS[Math.floor(((score - low) / (high - low)) * (COLOURS.length - 1))];
  return COLOURS.map((colour) => ({
    ...{ colour, diameter },
    points: particles.filter((particle) => colourOf(particle) === colour),
  }));
}
