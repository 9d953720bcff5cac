/** `--memory`: what a run may take, from the largest of its micrographs. */

import { stat } from 'node:fs/promises';
import { toPixels } from '../length.js';
import type { Model } from '../network/model.js';
import { inGigabytes, type MemoryPlan, type MicrographSize, planMemory } from '../picking/memory.js';
import { preparedStep } from '../picking/pick.js';
import { factorFor } from '../picking/prepare.js';
import { MAP_BYTES } from '../picking/score-map.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { note } from './console.js';
import type { PickArguments } from './pick-arguments.js';

/** MRC files within this share of float32 pixels hold such pixels, which are not copied. */
const SAME_SIZE = 0.01;

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
  const factor = factorOf(model, pixelSize);
  const image = { width: largest.width / factor, height: largest.height / factor, factor };
  const asked = pixelSize === null && options.step?.unit === 'A' ? undefined : options.step;
  const step = preparedStep(model, image, asked ? { step: toPixels(asked, pixelSize, '--step') } : {});
  const plan = planMemory(largest, model, { step, factor, limit: options.memory ?? null });
  const alone = plan.ahead ? '' : ', one micrograph after the other';
  note(
    `memory: up to some ${inGigabytes(plan.bytes)} for micrographs of ${largest.width}x${largest.height} pixels${alone}`,
  );
  return plan;
}

/** Full-size pixels per prepared pixel; those of the model where the micrograph does not fit it, which is seen when it is picked. */
function factorOf({ metadata: { preparation, pixelSize: trained } }: Model, pixelSize: number | null): number {
  try {
    return factorFor(preparation, trained, pixelSize);
  } catch {
    return preparation.factor;
  }
}

/** The largest micrograph, by the largest file of each kind that can be read; undefined if none can. */
async function largestOf(inputs: readonly InputMicrograph[]) {
  const sized = await Promise.all(
    inputs.map(async (input) => ({ input, bytes: (await stat(input.path).catch(() => null))?.size ?? 0 })),
  );
  const found = new Map<string, MicrographSize & { readonly pixelSize: number | null }>();
  for (const { input, bytes } of sized.sort((a, b) => b.bytes - a.bytes)) {
    const kind = /(\.mrcs?)?\.[^.]*$/i.exec(input.path)?.[0].toLowerCase() ?? '';
    if (found.has(kind)) continue;
    const header = await readMicrographHeader(input.path).catch(() => null);
    if (!header) continue;
    const decoding = bytesToDecode(kind, bytes, header.width * header.height);
    found.set(kind, { ...header, decoding, pixelSize: input.pixelSize ?? header.pixelSize });
  }
  return [...found.values()].sort((a, b) => b.width * b.height - a.width * a.height)[0];
}

/** What is in memory beside float32 pixels while a file is decoded: nothing for one that holds just these. */
function bytesToDecode(kind: string, bytes: number, pixels: number): number {
  const floats = Float32Array.BYTES_PER_ELEMENT * pixels;
  if (kind.endsWith('.gz')) return bytes + 2 * floats;
  if (kind.startsWith('.tif')) return bytes + 3 * floats;
  return Math.abs(bytes / floats - 1) < SAME_SIZE ? 0 : bytes + pixels;
}
