/** Picks sorted by their 2D classes: by numbers, or by what RELION's Select job or cryoSPARC's Select 2D wrote. */

import { join } from 'node:path';
import { type Length, toPixels } from '../../core/length.js';
import type { Particle } from '../../core/particle.js';
import { PROGRAM } from '../../core/version.js';
import { counted } from '../../core/words.js';
import { csvFormat } from '../../formats/csv.js';
import { type InputMicrograph, listedName } from '../../storage/inputs.js';
import { assertOutputsApart } from '../../storage/outputs.js';
import { readMicrographHeader } from '../../storage/read-micrograph.js';
import { openOutputs } from '../../storage/unfinished.js';
import { openPicksWriter } from '../../storage/write-picks.js';
import { SAME_DIAMETERS } from '../../training/confirmed.js';
import { type ClassSelection, notKept, type SortedPicks, sortPicks } from '../../training/sort-picks.js';
import { forEach } from '../each.js';
import type { RunEvent, Tell } from '../events.js';
import { micrographsOf } from '../inputs.js';
import { firstPixelSize, pairWithMicrographs, readLabels } from '../labels/labelled-inputs.js';
import { type Ended, eventsOf, note, type Work } from '../tell.js';
import { type ClassNumbers, classParter } from './class-parts.js';

/** Which picks are sorted, and by what. */
export interface SortSettings extends ClassNumbers {
  /** Coordinates: a folder, or one file. */
  readonly picks: string;
  readonly micrographs: readonly string[];
  /** A table of classes, or the particles that were kept. */
  readonly select: string;
  /** The particles that were rejected, where the table does not say. */
  readonly rejected?: string;
  readonly diameter: Length;
  /** Lower scores are left out. */
  readonly threshold?: number;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  /** Folder of accepted/ and rejected/. */
  readonly output: string;
  readonly overwrite: boolean;
}

/** How many picks were sorted where. */
export interface Sorted extends Ended, Readonly<Record<keyof SortedPicks, number>> {}

const FATES = ['accepted', 'rejected', 'undecided'] as const;

/**
 * Sorts picks into OUT/accepted and OUT/rejected.
 *
 * @throws UsageError, FileError, LabelError if nothing can be sorted like this
 */
export function runSort(settings: SortSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Sorted, void> {
  return eventsOf((work) => sortByClass(settings, work), signal);
}

async function sortByClass(settings: SortSettings, work: Work): Promise<Sorted> {
  const { tell } = work;
  const { output, threshold = Number.NEGATIVE_INFINITY } = settings;
  const inputs = await micrographsOf(settings.micrographs, tell);
  assertOutputsApart(inputs, output);
  const pairs = [
    ...pairWithMicrographs(inputs, await readLabels(settings.picks, tell), 'picks', tell, { partial: true }),
  ];
  const owners = pairs.map(([input]) => input);
  const selectionFor = await readSelection(owners, settings, tell);
  const diameter = toPixels(settings.diameter, await firstPixelSize(inputs, settings.pixelSize), '--diameter');
  const writer = openSortedWriter(output, settings.select);
  const outputs = await openOutputs(output, owners.flatMap(writer.filesOf), settings.overwrite);
  const counts = { accepted: 0, rejected: 0, undecided: 0 };
  const progress = { what: 'sorting', nameOf: ([input]: (typeof pairs)[number]) => input.path };
  const failed = await forEach(pairs, { tell }, progress, async ([input, set]) => {
    const header = await readMicrographHeader(input.path);
    const picks = set.particles.filter(({ score = 1 }) => score >= threshold);
    const sorted = sortPicks(picks, selectionFor({ input, picks, diameter, ...header }), SAME_DIAMETERS * diameter);
    await writer.write(input, header, sorted);
    for (const fate of FATES) counts[fate] += sorted[fate].length;
  });
  await outputs.finish();
  return { ...counts, failed };
}

/** Writes both folders. */
function openSortedWriter(output: string, select: string) {
  const writers = (['accepted', 'rejected'] as const).map((fate) => {
    return { fate, writer: openPicksWriter(join(output, fate), [csvFormat]) };
  });
  const targetOf = (input: InputMicrograph) => ({ name: listedName(input), folder: input.folder });
  return {
    filesOf: (input: InputMicrograph) =>
      writers.flatMap(({ fate, writer }) => writer.filesOf(targetOf(input)).map((file) => join(fate, file))),
    async write(
      input: InputMicrograph,
      header: Awaited<ReturnType<typeof readMicrographHeader>>,
      sorted: SortedPicks,
    ): Promise<void> {
      for (const { fate, writer } of writers) {
        const picked = { ...targetOf(input), ...header, values: {}, optics: {}, box: 0, particles: sorted[fate] };
        const provenance = { program: PROGRAM, micrograph: input.path, changes: `${fate} by ${select}` };
        await writer.write(picked, input.folder, provenance);
      }
    },
  };
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
  { select, rejected, keep, reject }: SortSettings,
  tell: Tell,
): Promise<(picked: PickedInput) => ClassSelection> {
  const sets = await readLabels(select, tell);
  const kept = pairWithMicrographs(inputs, sets, 'classified particles', tell, { partial: true });
  const keptOn = (input: InputMicrograph) => kept.get(input)?.particles ?? [];
  if (keep || reject) {
    const part = classParter(select, sets, { ...(keep && { keep }), ...(reject && { reject }) });
    return ({ input }) => part(keptOn(input));
  }
  if (rejected) {
    const others = pairWithMicrographs(inputs, await readLabels(rejected, tell), 'rejected particles', tell, {
      partial: true,
    });
    return ({ input }) => ({ kept: keptOn(input), rejected: others.get(input)?.particles ?? [] });
  }
  const bare = inputs.filter((input) => !kept.has(input)).length;
  if (bare > 0) {
    note(
      tell,
      `nothing was kept on ${counted(bare, 'micrograph')}: their picks count neither way (--rejected says which were rejected)`,
    );
  }
  return ({ input, picks, diameter, ...size }) => {
    return { kept: keptOn(input), rejected: kept.has(input) ? notKept(picks, keptOn(input), size, diameter) : [] };
  };
}
