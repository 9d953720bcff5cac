/** Which 2D classes a person kept: by their numbers, or by what RELION's Select job or cryoSPARC's Select 2D wrote. */

import { join } from 'node:path';
import { LabelError, messageOf, UsageError } from '../core/errors.js';
import { type Length, toPixels } from '../core/length.js';
import type { Particle } from '../core/particle.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import { csvFormat } from '../formats/csv.js';
import type { CoordinateSet } from '../storage/coordinate-pairs.js';
import { type InputMicrograph, listedName } from '../storage/inputs.js';
import { assertOutputsApart } from '../storage/outputs.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { openOutputs } from '../storage/unfinished.js';
import { openPicksWriter } from '../storage/write-picks.js';
import { SAME_DIAMETERS } from '../training/confirmed.js';
import { type ClassSelection, notKept, type SortedPicks, selectClasses, sortPicks } from '../training/sort-picks.js';
import { note, print, printJson, startProgress } from './console.js';
import { micrographsOf } from './inputs.js';
import { firstPixelSize, pairWithMicrographs, readLabels } from './labelled-inputs.js';

/** A selection as it is given to `deepem classes`. */
export interface SelectionArguments {
  readonly select: string;
  readonly keep?: readonly number[];
  readonly reject?: readonly number[];
  readonly rejected?: string;
  readonly diameter: Length;
  readonly threshold?: number;
  readonly pixelSize?: number;
  readonly output: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Parser of class numbers: `3,7` or `1-4,9`. */
export function classNumbers(name: string): (text: string) => number[] {
  return (text) =>
    text.split(',').flatMap((part) => {
      const [, first, last = first] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
      const [from, to] = [Number(first), Number(last)];
      if (from >= 1 && to >= from && to <= 10_000) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
      throw new UsageError({
        what: `Wrong value of ${name}`,
        received: `"${text}"`,
        expected: 'classes, as in 3,7 or 1-4,9',
      });
    });
}

/** What parts the particles of classified sets. @throws LabelError, UsageError where classes are not known or not there */
export function classParter(
  file: string,
  sets: readonly CoordinateSet[],
  { keep, reject = [] }: Pick<SelectionArguments, 'keep' | 'reject'>,
): (particles: readonly Particle[]) => ClassSelection {
  const known = new Set(sets.flatMap(({ particles }) => particles.flatMap((one) => one.class ?? [])));
  if (known.size === 0) {
    throw new LabelError({
      what: `${file} does not say to which class a particle belongs`,
      expected: 'the table that deepem classes writes, or a STAR file with rlnClassNumber',
    });
  }
  const wrong = [...(keep ?? []), ...reject].find((number) => !known.has(number));
  if (wrong !== undefined) {
    throw new UsageError({
      what: `There is no class ${wrong} in ${file}`,
      received: `class ${wrong}`,
      expected: `one of ${[...known].sort((a, b) => a - b).join(', ')}`,
    });
  }
  return (particles) => selectClasses(particles, (number) => (keep ? keep.includes(number) : !reject.includes(number)));
}

/** Sorts picks into OUT/accepted and OUT/rejected. */
export async function runSelection(file: string, args: readonly string[], options: SelectionArguments): Promise<void> {
  const inputs = await micrographsOf(args);
  assertOutputsApart(inputs, options.output);
  const pairs = pairWithMicrographs(inputs, await readLabels(file), 'picks', { partial: true });
  const selectionFor = await readSelection([...pairs.keys()], options);
  const diameter = toPixels(options.diameter, await firstPixelSize(inputs, options.pixelSize), '--diameter');
  const writers = (['accepted', 'rejected'] as const).map((fate) => {
    return { fate, writer: openPicksWriter(join(options.output, fate), [csvFormat]) };
  });
  const targetOf = (input: InputMicrograph) => ({ name: listedName(input), folder: input.folder });
  const targets = [...pairs.keys()].flatMap((input) =>
    writers.flatMap(({ fate, writer }) => writer.filesOf(targetOf(input)).map((file) => join(fate, file))),
  );
  const outputs = await openOutputs(options.output, targets, options.overwrite);
  const counts = { accepted: 0, rejected: 0, undecided: 0 };
  const failed: string[] = [];
  const progress = startProgress(pairs.size, 'sorting');
  try {
    for (const [i, [input, set]] of [...pairs].entries()) {
      try {
        const header = await readMicrographHeader(input.path);
        const { threshold = Number.NEGATIVE_INFINITY } = options;
        const picks = set.particles.filter(({ score = 1 }) => score >= threshold);
        const sorted = sortPicks(picks, selectionFor({ input, picks, diameter, ...header }), SAME_DIAMETERS * diameter);
        for (const { fate, writer } of writers) {
          const picked = { ...targetOf(input), ...header, values: {}, optics: {}, box: 0, particles: sorted[fate] };
          await writer.write(picked, input.folder, {
            program: PROGRAM,
            micrograph: input.path,
            changes: `${fate} by ${options.select}`,
          });
        }
        for (const fate of ['accepted', 'rejected', 'undecided'] as const) counts[fate] += sorted[fate].length;
      } catch (error) {
        failed.push(messageOf(error));
      }
      progress.update(i + 1, input.path);
    }
  } finally {
    progress.stop();
  }
  await outputs.finish();
  report(counts, failed, options);
}

/** A micrograph and its picks. */
interface PickedInput {
  readonly input: InputMicrograph;
  readonly picks: readonly Particle[];
  readonly width: number;
  readonly height: number;
  readonly diameter: number;
}

/** What was selected on each micrograph. */
async function readSelection(
  inputs: readonly InputMicrograph[],
  { select, rejected, keep, reject }: SelectionArguments,
): Promise<(picked: PickedInput) => ClassSelection> {
  const sets = await readLabels(select);
  const kept = pairWithMicrographs(inputs, sets, 'classified particles', { partial: true });
  const keptOn = (input: InputMicrograph) => kept.get(input)?.particles ?? [];
  if (keep || reject) {
    const part = classParter(select, sets, { ...(keep && { keep }), ...(reject && { reject }) });
    return ({ input }) => part(keptOn(input));
  }
  if (rejected) {
    const others = pairWithMicrographs(inputs, await readLabels(rejected), 'rejected particles', { partial: true });
    return ({ input }) => ({ kept: keptOn(input), rejected: others.get(input)?.particles ?? [] });
  }
  const bare = inputs.filter((input) => !kept.has(input)).length;
  if (bare > 0) {
    note(
      `nothing was kept on ${counted(bare, 'micrograph')}: their picks count neither way (--rejected says which were rejected)`,
    );
  }
  return ({ input, picks, diameter, ...size }) => {
    return { kept: keptOn(input), rejected: kept.has(input) ? notKept(picks, keptOn(input), size, diameter) : [] };
  };
}

function report(
  counts: Readonly<Record<keyof SortedPicks, number>>,
  failed: readonly string[],
  { output, json }: SelectionArguments,
): void {
  if (json) printJson({ ...counts, failed });
  else {
    print(`accepted: ${counted(counts.accepted, 'pick')}, in ${join(output, 'accepted')}`);
    print(`rejected: ${counted(counts.rejected, 'pick')}, in ${join(output, 'rejected')}`);
    if (counts.undecided > 0) print(`not classified: ${counted(counts.undecided, 'pick')}, which count neither way`);
  }
  if (counts.accepted > 0 && counts.rejected === 0) {
    note(
      'every pick was kept; if the file holds all classes, name those to reject with --reject, or those to keep with --keep',
    );
  }
  for (const reason of failed) note(`left out: ${reason}`);
  process.exitCode = failed.length > 0 ? 3 : 0;
}
