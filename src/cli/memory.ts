/** `--memory`: what a run may take, from the largest of its micrographs. */

import { stat } from 'node:fs/promises';
import type { Model } from '../network/model.js';
import { inGigabytes, type MemoryPlan, planMemory } from '../picking/memory.js';
import { preparedStep } from '../picking/pick.js';
import { factorFor } from '../picking/prepare.js';
import { MAP_BYTES } from '../picking/score-map.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { note } from './console.js';
import { type PickArguments, pickOptions } from './pick-arguments.js';

/**
 * Plans the memory of a run, and says so.
 *
 * @throws UsageError if --memory is too low
 */
export async function planRun(
  inputs: readonly InputMicrograph[],
  model: Model,
  options: PickArguments,
): Promise<Pick<MemoryPlan, 'mapBytes' | 'ahead'>> {
  const largest = await largestOf(inputs);
  if (!largest) return { mapBytes: MAP_BYTES, ahead: true };
  const pixelSize = options.pixelSize ?? largest.pixelSize;
  const { preparation, pixelSize: trained } = model.metadata;
  const factor = pixelSize === null ? preparation.factor : factorFor(preparation, trained, pixelSize);
  const image = { width: largest.width / factor, height: largest.height / factor, factor };
  const step = preparedStep(model, image, pixelSize === null ? {} : pickOptions(options, pixelSize));
  const plan = planMemory(largest, model, { step, factor, limit: options.memory ?? null });
  const alone = plan.ahead ? '' : ', one micrograph after the other';
  note(
    `memory: up to some ${inGigabytes(plan.bytes)} for micrographs of ${largest.width}x${largest.height} pixels${alone}`,
  );
  return plan;
}

/** The micrograph with the largest file that can be read; undefined if none can. */
async function largestOf(inputs: readonly InputMicrograph[]) {
  const sized = await Promise.all(
    inputs.map(async (input) => ({ input, bytes: (await stat(input.path).catch(() => null))?.size ?? 0 })),
  );
  for (const { input, bytes } of sized.sort((a, b) => b.bytes - a.bytes)) {
    const header = await readMicrographHeader(input.path).catch(() => null);
    if (header) return { ...header, pixelSize: input.pixelSize ?? header.pixelSize, bytes };
  }
  return undefined;
}
