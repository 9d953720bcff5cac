/** From arguments to labelled micrographs: matching by name, reading one by one, naming what is left out. */

import { LabelError, messageOf } from '../errors.js';
import type { Micrograph } from '../micrograph.js';
import { type CoordinateSet, findCoordinates, readCoordinateSets } from '../storage/coordinates.js';
import type { InputMicrograph } from '../storage/inputs.js';
import type { TrainingRecord } from '../storage/model-file.js';
import { baseName } from '../storage/names.js';
import { readMicrograph, readMicrographHeader } from '../storage/read-micrograph.js';
import type { LabelledMicrograph } from '../training/labelled.js';
import { note, startProgress } from './console.js';

/** Where the labels are. */
export interface LabelOptions {
  readonly picks: string;
  readonly negatives?: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
}

/** A micrograph with the label files that belong to it. */
export interface LabelledInput {
  readonly input: InputMicrograph;
  readonly positives: CoordinateSet;
  readonly negatives: CoordinateSet | undefined;
}

/** Pairs micrographs with their labels and lists what has no partner. */
export async function matchLabels(inputs: readonly InputMicrograph[], options: LabelOptions): Promise<LabelledInput[]> {
  const picks = await readCoordinateSets(options.picks);
  const negatives = options.negatives ? await readCoordinateSets(options.negatives) : { sets: [], failed: [] };
  for (const { file, reason } of [...picks.failed, ...negatives.failed])
    note(`warning: ${file} is left out: ${reason}`);
  const matched = inputs.flatMap((input): LabelledInput[] => {
    const positives = findCoordinates(picks.sets, input.path, input.folder);
    if (!positives) return [];
    return [{ input, positives, negatives: findCoordinates(negatives.sets, input.path, input.folder) }];
  });
  const used = new Set(matched.map(({ positives }) => positives));
  const unlabelled = inputs.filter((input) => !matched.some((one) => one.input === input));
  const unused = picks.sets.filter((set) => !used.has(set));
  if (matched.length === 0) {
    throw new LabelError({
      what: 'No label file belongs to any of the micrographs',
      received: `for example the micrograph ${inputs[0]?.path} (base name "${baseName(inputs[0]?.path ?? '')}") and the labels ${unused[0]?.file} (base name "${unused[0]?.name}")`,
      expected: 'equal base names',
    });
  }
  listUnmatched(
    'micrographs without labels are not used',
    unlabelled.map(({ path }) => path),
  );
  listUnmatched(
    'label files without a micrograph are not used',
    unused.map(({ file }) => file),
  );
  return matched;
}

function listUnmatched(what: string, names: readonly string[]): void {
  const shown = 5;
  if (names.length === 0) return;
  const more = names.length > shown ? `, and ${names.length - shown} more` : '';
  note(`warning: ${names.length} ${what}: ${names.slice(0, shown).join(', ')}${more}`);
}

/** The pixel size of the first micrograph that can be read: lengths in angstroms are converted with it. */
export async function firstPixelSize(labels: readonly LabelledInput[], options: LabelOptions): Promise<number | null> {
  if (options.pixelSize) return options.pixelSize;
  for (const { input } of labels) {
    try {
      return (await readMicrographHeader(input.path)).pixelSize ?? input.pixelSize;
    } catch {
      // Reported when the micrograph itself is read.
    }
  }
  return null;
}

/** Reads the micrographs one after the other; those that cannot be read are left out and named in `failed`. */
export async function* readLabelled(
  labels: readonly LabelledInput[],
  modelPixelSize: number | null,
  options: LabelOptions,
  record: TrainingRecord,
  failed: string[],
): AsyncGenerator<LabelledMicrograph> {
  const progress = startProgress(labels.length, 'reading');
  for (const [i, { input, positives, negatives }] of labels.entries()) {
    try {
      const read = await readMicrograph(input.path);
      const micrograph = withPixelSize(read, options.pixelSize ?? read.pixelSize ?? input.pixelSize);
      if (modelPixelSize !== null && micrograph.pixelSize === null) {
        throw new LabelError({
          what: `The pixel size of ${input.path} is unknown, but that of others is not`,
          hint: 'Give --pixel-size',
        });
      }
      const particles = positives.particles;
      for (const warning of micrograph.warnings) note(`warning: ${input.path}: ${warning}`);
      record.micrographs.push({
        path: input.path,
        heldOut: false,
        particles: particles.map(({ x, y }) => ({ x, y })),
        negatives: (negatives?.particles ?? []).map(({ x, y }) => ({ x, y })),
      });
      yield { name: input.path, micrograph, particles, ...(negatives && { negatives: negatives.particles }) };
    } catch (error) {
      failed.push(messageOf(error));
    }
    progress.update(i + 1, input.path);
  }
  progress.stop();
}

function withPixelSize(micrograph: Micrograph, pixelSize: number | null): Micrograph {
  return { ...micrograph, pixelSize };
}
