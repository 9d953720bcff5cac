/** `deepem classes`: reference-free 2D class averages of picks. */

import type { Command } from 'commander';
import { LabelError, messageOf, UsageError } from '../core/errors.js';
import { type Length, toPixels } from '../core/length.js';
import type { Image } from '../core/micrograph.js';
import type { Particle } from '../core/particle.js';
import { random, shuffle } from '../core/random.js';
import { BOX_DIAMETERS } from '../core/sizes.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import { boxFits, cutParticle, invert, normaliseBackground } from '../imaging/particle-image.js';
import { resample, toResampled } from '../imaging/resample.js';
import { drawTiles } from '../report/picture.js';
import { type ClassMemberRow, type ClassSummary, classFiles, writeClassFiles } from '../storage/class-files.js';
import { writeWhole } from '../storage/files.js';
import { writeMrcStack } from '../storage/mrc-stack.js';
import { assertFree } from '../storage/outputs.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { agreementsOf } from '../verification/class-quality.js';
import { CLASS_ITERATIONS, type Classes, classify } from '../verification/classes.js';
import { classNumbers, runSelection } from './class-selection.js';
import { duration, note, print, printJson, startProgress } from './console.js';
import { micrographsOf } from './inputs.js';
import { firstPixelSize, pairWithMicrographs, readLabels } from './labelled-inputs.js';
import { length, number, parsePixelSize } from './options.js';

interface ClassesArguments {
  select?: string;
  keep?: readonly number[];
  reject?: readonly number[];
  rejected?: string;
  overwrite?: boolean;
  diameter: Length;
  classes: number;
  most: number;
  side: number;
  threshold?: number;
  invert?: boolean;
  pixelSize?: number;
  seed: number;
  output: string;
  plot?: string;
  json?: boolean;
}

const HELP = `
Examples:
  deepem classes picks/ micrographs/ --diameter 190A --classes 10 -o classes.mrcs --plot classes.png
  deepem classes picks/ micrographs/ --diameter 190A --select classes.csv --reject 3,7 -o sorted/
  deepem classes picks/ micrographs/ --diameter 190A --select Select/job012/particles.star -o sorted/
  deepem retrain model.onnx --accepted sorted/accepted --rejected sorted/rejected -o better.onnx

Boxes of 1.5 diameters are scaled to --side pixels, turned and shifted onto class averages that are made of nothing but themselves, and
averaged. Views of a particle give sharp averages; picks of noise, ice or carbon do not. The largest class comes first. Beside the averages,
NAME.csv says of each particle its micrograph, centre, score and class, and NAME.json of each class its size, its agreement (the mean
correlation of a member with the average of the others) and the mean score of its members.

With --select nothing is classified: the picks are sorted into OUT/accepted and OUT/rejected, for deepem train (--picks and --negatives) or
deepem retrain. The file is NAME.csv, or a particle STAR file of RELION's Class2D job, with --keep or --reject; or what RELION's Select job or
cryoSPARC's Select 2D kept. Of the latter the excluded particles can be given with --rejected; without it, picks on the same micrographs that
were not kept are rejected, unless they are so near to the edge that they may not have been classified.`;

/** Options of which a selection has no use. */
const CLASSIFYING = ['classes', 'most', 'side', 'invert', 'seed', 'plot'] as const;
/** Options that need a selection. */
const SELECTING = ['keep', 'reject', 'rejected'] as const;

export function configure(command: Command): void {
  command
    .argument('<picks>', 'coordinates: a folder, or one file')
    .argument('<micrographs...>', 'files, folders, globs, or a micrographs.star')
    .requiredOption('--diameter <length>', 'of the particle, for example 108px or 190A', length('--diameter'))
    .option('--classes <n>', 'how many', number('--classes', { min: 1, max: 200, whole: true }), 10)
    .option('--most <n>', 'particles at the most, drawn at random', number('--most', { min: 2, whole: true }), 500)
    .option('--side <px>', 'side of the averages, even', number('--side', { min: 16, max: 256, whole: true }), 48)
    .option('--threshold <t>', 'leave out scores below this', number('--threshold'))
    .option('--invert', 'dark particles become white')
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option('--seed <n>', 'of all random choices', number('--seed', { min: 0, max: 2 ** 31 - 1, whole: true }), 1)
    .option('--plot <file.png>', 'draw the averages')
    .option('--json', 'one JSON object')
    .option('--select <file>', 'sort the picks by classes instead: a table of classes, or the particles that were kept')
    .option(
      '--keep <classes>',
      'with --select: classes of particles, as in 1-4,9; the others are rejected',
      classNumbers('--keep'),
    )
    .option('--reject <classes>', 'with --select: classes to reject; the others are kept', classNumbers('--reject'))
    .option('--rejected <file>', 'with --select: the particles that were rejected')
    .requiredOption('-o, --output <classes.mrcs>', 'where the averages go; with --select, a folder')
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runClasses);
}

/** A particle that is to be classified. */
interface Cut {
  readonly micrograph: string;
  readonly particle: Particle;
  readonly image: Image;
}

async function runClasses(
  picks: string,
  args: readonly string[],
  options: ClassesArguments,
  command: Command,
): Promise<void> {
  assertOneWay(options, command);
  const { select } = options;
  if (select !== undefined) return runSelection(picks, args, { ...options, select });
  if (!/\.mrcs?$/i.test(options.output)) {
    throw new UsageError({ what: 'Wrong name of the averages', received: options.output, expected: 'NAME.mrcs' });
  }
  if (options.side % 2 !== 0) {
    throw new UsageError({ what: 'Wrong value of --side', received: String(options.side), expected: 'an even number' });
  }
  const files = classFiles(options.output);
  assertFree([...Object.values(files), ...(options.plot ? [options.plot] : [])], options.overwrite);
  const started = performance.now();
  const { cuts, drawn, failed, pixelSize, diameter } = await cutAll(picks, args, options);
  if (cuts.length < 2) {
    throw new LabelError({
      what: 'There is nothing to classify',
      received: `${counted(cuts.length, 'particle')} whose boxes lie inside a micrograph`,
      expected: 'two or more',
      ...(failed[0] && { hint: failed[0] }),
    });
  }
  const over = drawn - cuts.length;
  assertMostFit(over, drawn);
  const images = cuts.map(({ image }) => image);
  const classes = runRounds(images, options);
  await writeMrcStack(options.output, classes.averages, { pixelSize, float16: false, label: `${PROGRAM} classes` });
  const rows = cuts.map(({ micrograph, particle }, i) => {
    return { micrograph, particle: { ...particle, class: classes.members[i].class + 1 } };
  });
  const summary = summaryOf(rows, agreementsOf(images, classes));
  await writeClassFiles(files, rows, { program: PROGRAM, diameter, classes: summary });
  if (options.plot) {
    const lines = (i: number) => {
      const { particles, agreement } = summary[i];
      return [`class ${i + 1}`, counted(particles, 'particle'), `agreement ${agreement.toFixed(2)}`];
    };
    await writeWhole(options.plot, await drawTiles(classes.averages.map((image, i) => ({ image, lines: lines(i) }))));
  }
  const seconds = (performance.now() - started) / 1000;
  if (options.json) printJson({ particles: cuts.length, over, classes: summary, seconds, failed });
  else {
    print(`${counted(cuts.length, 'particle')} in ${classes.sizes.length} classes of ${classes.sizes.join(', ')}`);
    if (over > 0) print(`${over} more reach over the edge of their micrograph with their boxes, and are not used`);
    print(`written to ${options.output} in ${duration(seconds)}`);
  }
  for (const reason of failed) note(`left out: ${reason}`);
  process.exitCode = failed.length > 0 ? 3 : 0;
}

/** @throws LabelError where classes of the few that fit would pass for classes of all */
function assertMostFit(over: number, drawn: number): void {
  if (over <= drawn / 2) return;
  throw new LabelError({
    what: 'Most picks cannot be classified',
    received: `${over} of ${counted(drawn, 'pick')} whose boxes of ${BOX_DIAMETERS} diameters reach over the edge of their micrograph`,
    expected: 'at least half of them inside',
    hint: 'Check --diameter, and the convention of the picks with deepem doctor',
  });
}

function runRounds(images: readonly Image[], { classes, seed }: ClassesArguments): Classes {
  const rounds = classify(images, { classes, seed });
  const progress = startProgress(CLASS_ITERATIONS, 'classifying');
  try {
    for (;;) {
      const round = rounds.next();
      if (round.done) return round.value;
      progress.update(round.value, '');
    }
  } finally {
    progress.stop();
  }
}

/** Reads the micrographs one by one and cuts out the particles that were drawn: `drawn` of those that could be read. */
async function cutAll(picks: string, args: readonly string[], options: ClassesArguments) {
  const sets = await readLabels(picks);
  const inputs = await micrographsOf(args);
  const pairs = pairWithMicrographs(inputs, sets, 'picks', { partial: true });
  const firstSize = await firstPixelSize(inputs, options.pixelSize);
  const diameter = toPixels(options.diameter, firstSize, '--diameter');
  const factor = (BOX_DIAMETERS * diameter) / options.side;
  const candidates = [...pairs].flatMap(([input, set]) =>
    set.particles
      .filter(({ score }) => options.threshold === undefined || score === undefined || score >= options.threshold)
      .map((particle) => ({ input, particle })),
  );
  if (candidates.length === 0) {
    throw new LabelError({
      what: 'There are no picks to classify',
      received: `${counted(pairs.size, 'micrograph')} with coordinates, of which none has a score above --threshold`,
      expected: 'picks, or a lower --threshold',
    });
  }
  const chosen = new Set(shuffle([...candidates], random(options.seed)).slice(0, options.most));
  const cuts: Cut[] = [];
  const failed: string[] = [];
  let drawn = 0;
  const progress = startProgress(inputs.length, 'reading');
  try {
    for (const [i, input] of inputs.entries()) {
      const own = candidates.filter((candidate) => candidate.input === input && chosen.has(candidate));
      if (own.length > 0) {
        try {
          cuts.push(...(await cutOf(input.path, own, factor, options)));
          drawn += own.length;
        } catch (error) {
          failed.push(messageOf(error));
        }
      }
      progress.update(i + 1, input.path);
    }
  } finally {
    progress.stop();
  }
  return { cuts, drawn, failed, diameter, pixelSize: firstSize === null ? null : firstSize * factor };
}

async function cutOf(
  path: string,
  own: readonly { readonly particle: Particle }[],
  factor: number,
  { side, invert: white }: ClassesArguments,
): Promise<Cut[]> {
  const small = resample(await readMicrograph(path), factor);
  return own.flatMap(({ particle }) => {
    const point = { x: toResampled(particle.x, factor), y: toResampled(particle.y, factor) };
    if (!boxFits(point, side, small)) return [];
    const image = normaliseBackground(cutParticle(small, point, side));
    return [{ micrograph: path, particle, image: white ? invert(image) : image }];
  });
}

/** Size, agreement and mean score of each class. */
function summaryOf(rows: readonly ClassMemberRow[], agreements: readonly number[]): ClassSummary['classes'] {
  return agreements.map((agreement, i) => {
    const own = rows.flatMap(({ particle }) => (particle.class === i + 1 ? [particle] : []));
    const scores = own.flatMap(({ score }) => score ?? []);
    const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
    return { class: i + 1, particles: own.length, agreement, score: scores.length > 0 ? mean : null };
  });
}

/** @throws UsageError where options of one way are given for the other */
function assertOneWay({ select, keep, reject }: ClassesArguments, command: Command): void {
  const given = (names: readonly string[]) => names.filter((name) => command.getOptionValueSource(name) === 'cli');
  const wrong = given(select === undefined ? SELECTING : CLASSIFYING)[0];
  if (wrong !== undefined) {
    throw new UsageError({
      what: `--${wrong} ${select === undefined ? 'needs --select' : 'has no use with --select, which does not classify'}`,
      received: `--${wrong}`,
      expected: 'either the options of a classification, or --select with --keep, --reject or --rejected',
    });
  }
  if (given(SELECTING).length < 2) return;
  throw new UsageError({
    what: 'Only one of --keep, --reject and --rejected can say what was selected',
    received: given(SELECTING)
      .map((name) => `--${name}`)
      .join(' and '),
    expected: keep && reject ? '--keep or --reject' : 'one of them',
  });
}
