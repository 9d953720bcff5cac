/** `--diameter auto`: the size of the particles, from the scores of the general model over sizes. */

import { FileError } from '../../core/errors.js';
import { evenly } from '../../core/evenly.js';
import type { Length } from '../../core/length.js';
import { type EstimatedDiameter, estimateDiameter } from '../../picking/estimate-diameter.js';
import type { SizedImage } from '../../picking/pick.js';
import { threadCount } from '../../runtime/cpus.js';
import { startEngine } from '../../runtime/engine.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { GENERAL_MODEL_FILE, loadModel } from '../../storage/model-file.js';
import { readMicrograph } from '../../storage/read-micrograph.js';
import { readRun } from '../../storage/run-history.js';
import type { Tell } from '../events.js';
import { note } from '../tell.js';
import type { PickSettings, SizedSettings } from './settings.js';

/** Micrographs that are looked at. */
const LOOKED_AT = 2;
/** Logits by which other sizes must be worse for the estimate to be sure, and below which it is a guess. */
const [SURE, GUESS] = [1.5, 0.7];

/**
 * The settings with a length for `auto`: that of the run in the output folder, else an estimate.
 *
 * @throws FileError if no micrograph can be read
 */
export async function withDiameter(
  inputs: readonly InputMicrograph[],
  settings: PickSettings,
  tell: Tell,
): Promise<SizedSettings> {
  const { diameter } = settings;
  if (diameter !== 'auto') return settings as SizedSettings;
  const earlier = settings.force ? null : await diameterOfRun(settings.out);
  return { ...settings, diameter: earlier ?? (await estimate(inputs, settings, tell)) };
}

/** The diameter that a run in a folder was begun with: an estimate must not change while micrographs are added. */
async function diameterOfRun(out: string): Promise<Length | null> {
  const run = await readRun(out).catch(() => null);
  const { value, unit } = (run?.parameters.diameter ?? {}) as Partial<Length>;
  return value !== undefined && unit !== undefined ? { value, unit } : null;
}

async function estimate(inputs: readonly InputMicrograph[], settings: PickSettings, tell: Tell): Promise<Length> {
  const micrographs: SizedImage[] = [];
  for (const { path, pixelSize } of evenly(inputs, LOOKED_AT)) {
    const read = await readMicrograph(path).catch(() => null);
    if (read) micrographs.push({ ...read, pixelSize: settings.pixelSize ?? pixelSize ?? read.pixelSize });
  }
  if (micrographs.length === 0) {
    throw new FileError({
      what: 'The diameter cannot be estimated',
      received: 'no micrograph that can be read',
      hint: 'Give --diameter',
    });
  }
  const engine = startEngine(threadCount(settings.threads));
  try {
    const found = await estimateDiameter(micrographs, await loadModel(GENERAL_MODEL_FILE), engine);
    const [{ pixelSize }] = micrographs;
    announce(found, pixelSize, tell);
    return pixelSize === null
      ? { value: Math.round(found.diameter), unit: 'px' }
      : { value: Math.round(found.diameter * pixelSize), unit: 'A' };
  } finally {
    await engine.close();
  }
}

function announce({ diameter, margin }: EstimatedDiameter, pixelSize: number | null, tell: Tell): void {
  const length = `${diameter.toFixed(0)} px${pixelSize === null ? '' : ` (${(diameter * pixelSize).toFixed(0)} A)`}`;
  const sure =
    margin >= SURE
      ? 'other sizes fit clearly worse'
      : margin >= GUESS
        ? 'other sizes fit little worse: look at the picks'
        : 'this is a guess, other sizes fit as well: give --diameter if you know it';
  note(tell, `diameter of the particles, by the scores at many sizes: ${length}; ${sure}`);
}
