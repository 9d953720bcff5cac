/** `deepem convert` */

import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { FileError, messageOf, UsageError } from '../core/errors.js';
import type { Provenance } from '../core/provenance.js';
import { evenBox } from '../core/sizes.js';
import { describeTransform, type Transform, transform } from '../core/transform.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import type { CoordinateFormat, PickedMicrograph } from '../formats/coordinate-format.js';
import { COORDINATE_FORMATS, formatNamed, WRITTEN_FORMATS, writtenFormats } from '../formats/coordinates.js';
import { pixelSizeOf } from '../formats/relion-star.js';
import { type CoordinateSet, onePerMicrograph, pairCoordinates } from '../storage/coordinate-pairs.js';
import { readCoordinateSets } from '../storage/coordinates.js';
import { commonFolder, type InputMicrograph, listedName } from '../storage/inputs.js';
import { assertDistinctNames } from '../storage/outputs.js';
import { describeWeakerRules } from '../storage/pairing.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { openOutputs } from '../storage/unfinished.js';
import { openPicksWriter, type WrittenMicrograph } from '../storage/write-picks.js';
import { note, onInterrupt, print, startProgress } from './console.js';
import { micrographsOf } from './inputs.js';
import { labelOfSet } from './labelled-inputs.js';
import { number, parsePair, parsePixelSize } from './options.js';

interface ConvertArguments extends Omit<Transform, 'shift'> {
  to: readonly CoordinateFormat[];
  out: string;
  from?: CoordinateFormat;
  shift: Transform['shift'];
  threshold?: number;
  box?: number;
  pixelSize?: number;
  micrographs?: string;
  overwrite?: boolean;
}

const NAMES = (formats: readonly CoordinateFormat[]) => formats.map(({ name }) => name).join(', ');

const HELP = `
Examples:
  deepem convert Picks/ --to star --out star/
  deepem convert topaz.txt --scale 8 --to star,box --box 180 --out picks/
  deepem convert ground_truth/ --from cryoppp --micrographs micrographs/ --to csv --out truth/
  deepem convert J3/picked_particles.cs --flip-y --micrographs micrographs/ --to particles-star --out relion/

Formats:
${COORDINATE_FORMATS.map(({ name, summary }) => `  ${name.padEnd(15)} ${summary}`).join('\n')}
The format of a file is told by its ending; --from is needed for cryoppp and for unusual endings. Changes are made in the order swap,
scale, shift, flips. Not sure which are needed? deepem doctor tells.`;

export function configure(command: Command): void {
  command
    .argument('<paths...>', 'coordinate files, or folders of them')
    .requiredOption('--to <list>', `one or more, with commas: ${NAMES(WRITTEN_FORMATS)}`, writtenFormats)
    .requiredOption('--out <folder>', 'where the new files go')
    .option('--from <format>', 'what the files are, where the ending does not say', (name: string) => formatNamed(name))
    .option('--micrographs <path>', 'the micrographs, for their sizes and names: a folder, or a micrographs.star')
    .option('--swap', 'exchange x and y', false)
    .option('--scale <f>', 'multiply both coordinates', number('--scale', { min: 1e-3, max: 1e3 }), 1)
    .addOption(
      new Option('--shift <x,y>', 'add pixels').argParser(parsePair('--shift')).default({ x: 0, y: 0 }, 'none'),
    )
    .option('--flip-x', 'count columns from the last one', false)
    .option('--flip-y', 'count rows from the last one', false)
    .option('--threshold <t>', 'leave out scores below this, and picks without a score', number('--threshold'))
    .option('--box <px>', "side of the boxes in full-size pixels, even (default: the files' own)", evenSide)
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runConvert);
}

function evenSide(text: string): number {
  const side = number('--box', { min: 2, max: 65536, whole: true })(text);
  if (side % 2 === 0) return side;
  throw new UsageError({ what: 'Wrong value of --box', received: text, expected: 'an even number' });
}

async function runConvert(paths: readonly string[], options: ConvertArguments): Promise<void> {
  const inputs = options.micrographs ? await micrographsOf([options.micrographs]) : [];
  const failed: string[] = [];
  const sets: CoordinateSet[] = [];
  for (const path of paths) {
    const read = await readCoordinateSets(path, {
      ...(options.from && { format: options.from }),
      micrographs: inputs,
      warn: (sentence) => note(`warning: ${sentence}`),
    });
    for (const set of read.sets) sets.push(set);
    for (const { reason } of read.failed) failed.push(reason);
  }
  assertElsewhere(sets, options.out);
  const chosen = belowCommonFolder(onePerMicrograph(sets));
  const owners = ownersOf(chosen, inputs);
  const bare = options.to.find(({ bareNames }) => bareNames);
  if (bare)
    assertDistinctNames(
      chosen.map(({ folder, name }) => join(folder, name)),
      bare.name,
    );
  if (!options.micrographs && options.to.some(({ perRun }) => perRun)) {
    note(
      'without --micrographs the lists name micrographs as the coordinate files do, perhaps without folder and ending',
    );
  }
  const kept = join(options.out, `.deepem-convert-${process.pid}`);
  const writer = openPicksWriter(options.out, options.to, kept);
  const targets = chosen.flatMap((set) => writer.filesOf(targetOf(set, owners.get(set))));
  const outputs = await openOutputs(options.out, [...targets, ...writer.lists], options.overwrite);
  const changes = describeTransform(options);
  const interruption = onInterrupt('Stopping after this file. Ctrl-C again ends at once.');
  const progress = startProgress(chosen.length, 'converting');
  const written: WrittenMicrograph[] = [];
  const counts = { files: 0, picks: 0, below: 0, notPoints: 0 };
  try {
    for (const [i, set] of chosen.entries()) {
      if (interruption.signal.aborted) break;
      try {
        const { picked, folder, below } = await convertSet(set, owners.get(set), options);
        await writer.write(picked, folder, provenanceOf(set, picked, changes));
        written.push({ name: picked.name, folder });
        counts.files++;
        counts.picks += picked.particles.length;
        counts.below += below;
        counts.notPoints += set.notPoints;
      } catch (error) {
        if (error instanceof UsageError) throw error;
        failed.push(messageOf(error));
      }
      progress.update(i + 1, set.file);
    }
    const from = { program: PROGRAM, convertedFrom: paths.join(' '), ...(changes && { changes }) };
    const warnings = written.length > 0 ? await writer.finish(written, from) : [];
    for (const warning of warnings) note(`warning: ${warning}`);
    if (!interruption.signal.aborted) await outputs.finish();
  } finally {
    progress.stop();
    interruption.dispose();
    await rm(kept, { recursive: true, force: true });
  }
  print(`${counted(counts.picks, 'particle')} of ${counted(counts.files, 'micrograph')}, written to ${options.out}`);
  if (counts.below > 0) print(`${counts.below} are left out by --threshold`);
  if (counts.notPoints > 0) print(`${counts.notPoints} are left out: a coordinate is NaN or infinite`);
  if (failed.length > 0) print(`could not be converted: ${counted(failed.length, 'file')}`);
  for (const reason of failed) print(`  ${reason}`);
  process.exitCode = interruption.exitCode() || (failed.length > 0 ? 3 : 0);
}

/** The coordinates of one micrograph in the new convention. */
async function convertSet(set: CoordinateSet, input: InputMicrograph | undefined, options: ConvertArguments) {
  if (options.micrographs && !input) {
    throw new FileError({
      what: `${labelOfSet(set)}: its micrograph is not below ${options.micrographs}, or other coordinates belong to it`,
    });
  }
  const header = input ? await headerOf(input, options) : null;
  const { threshold } = options;
  const kept = set.particles.filter(
    ({ score }) => threshold === undefined || (score !== undefined && score >= threshold),
  );
  const particles = transform(kept, options, header);
  const picked: PickedMicrograph = {
    name: targetOf(set, input).name,
    ...(header ?? { width: 0, height: 0, pixelSize: null }),
    ...{ values: input?.star?.values ?? {}, optics: input?.star?.optics ?? set.optics ?? {} },
    pixelSize:
      options.pixelSize ?? input?.pixelSize ?? (set.optics && pixelSizeOf(set.optics)) ?? header?.pixelSize ?? null,
    box: boxOf(set, options),
    particles,
  };
  assertRows(picked, options.to);
  return { picked, folder: targetOf(set, input).folder, below: set.particles.length - kept.length };
}

/** The micrograph that a set is written for. */
function targetOf(set: CoordinateSet, input: InputMicrograph | undefined): WrittenMicrograph {
  return { name: input ? listedName(input) : set.micrograph, folder: input?.folder ?? set.folder };
}

/** The micrographs that sets belong to, where micrographs are given. */
function ownersOf(sets: readonly CoordinateSet[], inputs: readonly InputMicrograph[]) {
  const { pairs } = pairCoordinates(inputs, sets);
  const weaker = describeWeakerRules(pairs, 'coordinates');
  if (weaker) note(weaker);
  return new Map(pairs.map(({ owner, set }) => [set, owner]));
}

/** The size of a micrograph; null where it cannot be read and is not needed. */
async function headerOf(input: InputMicrograph, { flipX, flipY, to }: ConvertArguments) {
  const needed = flipX || flipY || to.some(({ needsSize }) => needsSize);
  return readMicrographHeader(input.path).catch((error: unknown) => {
    if (needed) throw error;
    return null;
  });
}

/** @throws UsageError if the new files need a box and there is none */
function boxOf(set: CoordinateSet, { box, scale, to }: ConvertArguments): number {
  const side = box ?? (set.box === undefined ? 0 : evenBox(set.box * scale));
  if (side > 0 || set.particles.length === 0 || !to.some(({ needsBox }) => needsBox)) return side;
  throw new UsageError({
    what: `The format ${NAMES(to.filter(({ needsBox }) => needsBox))} has boxes, and ${set.file} has none`,
    expected: '--box with their side in full-size pixels',
  });
}

/** @throws FileError if rows are to be counted from the far edge of a micrograph that is not known */
function assertRows({ name, height }: PickedMicrograph, to: readonly CoordinateFormat[]): void {
  const format = to.find(({ needsSize }) => needsSize);
  if (!format || height > 0) return;
  throw new FileError({
    what: `The size of ${name} is not known, and the format ${format.name} needs it`,
    expected: '--micrographs with it',
  });
}

function provenanceOf(
  set: CoordinateSet,
  { name, width, height, pixelSize }: PickedMicrograph,
  changes: string,
): Provenance {
  return {
    ...{ program: PROGRAM, micrograph: name, convertedFrom: set.file },
    ...(changes && { changes }),
    ...(width > 0 && { width, height, pixelSize }),
  };
}

/** Sets with their folders below the common one. */
function belowCommonFolder(sets: readonly CoordinateSet[]): CoordinateSet[] {
  const common = commonFolder(sets.map(({ folder, name }) => join(folder, name)));
  return sets.map((set) => ({ ...set, folder: relative(common, resolve(set.folder)) }));
}

/** @throws UsageError if a file that was read would be replaced */
function assertElsewhere(sets: readonly CoordinateSet[], out: string): void {
  const inside = sets.find(({ file }) => resolve(file).startsWith(`${resolve(out)}/`));
  if (!inside) return;
  throw new UsageError({
    what: 'The new files would stand among the old ones',
    received: `--out ${out}, which holds ${inside.file}`,
    expected: 'another folder',
  });
}
