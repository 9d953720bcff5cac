/** `deepem classes`: reference-free 2D class averages of picks, and picks sorted by them. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { runClassify } from '../app/particles/classify-run.js';
import { runSort, type Sorted } from '../app/particles/sort-run.js';
import { defined } from '../core/defined.js';
import { UsageError } from '../core/errors.js';
import type { Length } from '../core/length.js';
import { counted, duration } from '../core/words.js';
import { note, print, printJson } from './console.js';
import { classNumbers, length, number, parsePixelSize } from './options.js';
import { show } from './show.js';

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
    .action(classes);
}

async function classes(
  picks: string,
  micrographs: readonly string[],
  options: ClassesArguments,
  command: Command,
): Promise<void> {
  assertOneWay(options, command);
  const { select, rejected, keep, reject, diameter, threshold, pixelSize, output, overwrite = false, json } = options;
  const shared = { picks, micrographs, diameter, output, overwrite, ...defined({ threshold, pixelSize }) };
  if (select !== undefined) {
    const settings = { ...shared, select, ...defined({ rejected, keep, reject }) };
    const sorted = await show((signal) => runSort(settings, signal));
    return saySorted(sorted, output, json ?? false);
  }
  const { classes: count, most, side, seed, plot } = options;
  const how = { classes: count, most, side, seed, invert: options.invert ?? false, ...defined({ plot }) };
  const found = await show((signal) => runClassify({ ...shared, ...how }, signal));
  const { particles, over, sizes, seconds, failed } = found;
  if (json) printJson({ particles, over, classes: found.classes, seconds, failed });
  else {
    print(`${counted(particles, 'particle')} in ${sizes.length} classes of ${sizes.join(', ')}`);
    if (over > 0) print(`${over} more reach over the edge of their micrograph with their boxes, and are not used`);
    print(`written to ${output} in ${duration(seconds)}`);
  }
  for (const reason of failed) note(`left out: ${reason}`);
}

function saySorted({ accepted, rejected, undecided, failed }: Sorted, output: string, json: boolean): void {
  if (json) printJson({ accepted, rejected, undecided, failed });
  else {
    print(`accepted: ${counted(accepted, 'pick')}, in ${join(output, 'accepted')}`);
    print(`rejected: ${counted(rejected, 'pick')}, in ${join(output, 'rejected')}`);
    if (undecided > 0) print(`not classified: ${counted(undecided, 'pick')}, which count neither way`);
  }
  if (accepted > 0 && rejected === 0) {
    note(
      'every pick was kept; if the file holds all classes, name those to reject with --reject, or those to keep with --keep',
    );
  }
  for (const reason of failed) note(`left out: ${reason}`);
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
