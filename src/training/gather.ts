/** Reading what is trained on: one micrograph after the other, of which only the prepared image is kept. */

import { LabelError } from '../core/errors.js';
import { boxOfDiameter } from '../core/sizes.js';
import type { Architecture } from '../network/architecture.js';
import { choosePreparation } from '../picking/prepare.js';
import { type LabelledMicrograph, type PreparedMicrograph, prepareLabelled } from './labelled.js';
import type { Recipe } from './recipe.js';

/** What gathering needs to know. Lengths in full-size pixels of the model's pixel size. */
export interface GatherSettings {
  /** Particle diameter. */
  readonly diameter: number;
  /** Angstroms per pixel of the model, or null; that of the first micrograph by default. */
  readonly pixelSize?: number | null;
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  /** Labels closer to the edge are left out. */
  readonly edge: number;
  /** Ends the reading: what was read so far is returned. */
  readonly signal?: AbortSignal;
}

/**
 * Reads and prepares every micrograph.
 *
 * @throws LabelError if there are none, or a coordinate is not a finite number
 */
export async function gather(
  micrographs: Iterable<LabelledMicrograph> | AsyncIterable<LabelledMicrograph>,
  settings: GatherSettings,
) {
  const { diameter, architecture, edge } = settings;
  const { boxDiameters, windows, unevennessFilter } = settings.recipe;
  const preparation = choosePreparation(diameter, architecture.box, boxDiameters, windows);
  const box = boxOfDiameter(diameter);
  const prepared: PreparedMicrograph[] = [];
  let { pixelSize } = settings;
  for await (const labelled of micrographs) {
    if (settings.signal?.aborted) break;
    if (pixelSize === undefined) pixelSize = labelled.micrograph.pixelSize;
    const options = { preparation, pixelSize, box: architecture.box, edge, diameter, unevenness: unevennessFilter };
    prepared.push(prepareLabelled(labelled, options));
  }
  if (prepared.length === 0 && !settings.signal?.aborted) {
    throw new LabelError({
      what: 'There is nothing to train on',
      received: 'no labelled micrographs',
      expected: 'at least one',
    });
  }
  const warnings = prepared.flatMap((one) => one.warnings.map((warning) => `${one.name}: ${warning}`));
  return { preparation, box, prepared, pixelSize: pixelSize ?? null, warnings };
}
