/** What the general model has to know of the micrographs of a run. Of several processes on a folder one finds it out. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FileError, messageOf } from '../../core/errors.js';
import { evenly } from '../../core/evenly.js';
import { counted } from '../../core/words.js';
import { LOOKED_AT } from '../../evaluation/mixture.js';
import { forBrightParticles } from '../../network/bright.js';
import type { Model } from '../../network/model.js';
import { type Picker, type PickOptions, pickPrepared } from '../../picking/pick.js';
import { BRIGHTER, CANDIDATE, decide, gainOfNegative, type Scouted } from '../../picking/scout.js';
import { readText } from '../../storage/files.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import type { PreparedFile } from '../../storage/preparer.js';
import { runFolder } from '../../storage/run-history.js';
import { writeFirst } from '../../storage/write-first.js';
import type { Tell } from '../events.js';
import { note } from '../tell.js';

const FILE = 'scouted.json';

const scoutedSchema = z.object({
  bright: z.boolean(),
  threshold: z.number(),
  micrographs: z.number(),
  keeps: z.array(z.object({ threshold: z.number(), particles: z.number() })),
});

/** What scouting needs. */
export interface ScoutOptions {
  readonly out: string;
  readonly prepare: (input: InputMicrograph) => Promise<PreparedFile>;
  /** The person's threshold; null: it is read off the scores. */
  readonly threshold: number | null;
  /** How a micrograph of some pixel size is picked. */
  readonly pickOptions: (pixelSize: number | null) => PickOptions;
  readonly tell: Tell;
}

/**
 * Looks at some micrographs, unless a process on the folder has done so, and makes the general model ready for them: for dark particles or
 * bright ones, with a threshold.
 *
 * @param open - makes a model ready to pick
 * @throws FileError if what an earlier process decided cannot be read
 */
export async function scoutRun(
  inputs: readonly InputMicrograph[],
  model: Model,
  open: (model: Model) => Picker,
  options: ScoutOptions,
): Promise<Model> {
  const file = join(runFolder(options.out), FILE);
  if (!existsSync(file))
    await writeFirst(file, `${JSON.stringify(await look(inputs, model, open, options), null, 1)}\n`);
  const scouted = await read(file);
  announce(scouted, options.threshold === null, options.tell);
  return ready(model, scouted);
}

function ready(model: Model, { bright, threshold }: Pick<Scouted, 'bright' | 'threshold'>): Model {
  const weights = bright ? forBrightParticles(model.weights, model.architecture) : model.weights;
  return { ...model, weights, metadata: { ...model.metadata, threshold } };
}

async function look(
  inputs: readonly InputMicrograph[],
  model: Model,
  open: (model: Model) => Picker,
  { prepare, threshold, pickOptions }: ScoutOptions,
): Promise<Scouted> {
  const some = evenly(inputs, LOOKED_AT);
  // A micrograph that cannot be read is not missed here: the run says so when it comes to it.
  const each = async <T>(work: (file: PreparedFile) => Promise<T>): Promise<T[]> => {
    const results: T[] = [];
    for (const input of some) {
      const file = await prepare(input).catch(() => null);
      if (file) results.push(await work(file));
    }
    return results;
  };
  const usual = threshold ?? model.metadata.threshold;
  const dark = open(model);
  const gains = await each(({ prepared }) => gainOfNegative(prepared.image, dark));
  const bright = gains.length > 0 && gains.reduce((a, b) => a + b) > BRIGHTER * gains.length;
  await dark.release();
  if (threshold !== null || gains.length === 0)
    return { bright, threshold: usual, micrographs: gains.length, keeps: [] };
  const picker = open(ready(model, { bright, threshold: usual }));
  const scores = await each(async ({ prepared, pixelSize }) => {
    const { particles } = await pickPrepared(prepared, picker, { ...pickOptions(pixelSize), threshold: CANDIDATE });
    return particles.map(({ score }) => score);
  });
  await picker.release();
  return { bright, micrographs: gains.length, ...decide(scores, usual) };
}

async function read(file: string): Promise<Scouted> {
  try {
    return scoutedSchema.parse(JSON.parse(await readText(file)));
  } catch (cause) {
    throw new FileError(
      { what: `Cannot read ${file}`, received: messageOf(cause).slice(0, 100), hint: 'Give --force to start over' },
      { cause },
    );
  }
}

function announce({ bright, threshold, micrographs, keeps }: Scouted, chosen: boolean, tell: Tell): void {
  if (bright)
    note(
      tell,
      'particles are brighter than what is around them (negative stain, or inverted contrast): picked as such',
    );
  if (!chosen || micrographs === 0) return;
  if (keeps.every(({ particles }) => particles === 0)) {
    note(
      tell,
      `nothing stands out from noise in ${counted(micrographs, 'micrograph')}, so the threshold is the usual ${threshold}`,
    );
    return;
  }
  const of = (wanted: number) => keeps.find((one) => one.threshold === wanted)?.particles.toFixed(0);
  const others = keeps.filter((one) => one.threshold !== threshold);
  note(
    tell,
    `threshold ${threshold}, from the scores of ${counted(micrographs, 'micrograph')}: it keeps ${of(threshold)} particles a micrograph ` +
      `(${others.map((one) => `${one.threshold}: ${one.particles.toFixed(0)}`).join(', ')}); --threshold sets another`,
  );
}
