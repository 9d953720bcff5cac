/** `--memory`: what a run may take, from the largest of its micrographs. */

import { stat } from 'node:fs/promises';
import { toPixels } from '../../core/length.js';
import type { Model } from '../../network/model.js';
import { inGigabytes, type MemoryPlan, type MicrographSize, planMemory, USUAL_BYTES } from '../../picking/memory.js';
import { preparedStep } from '../../picking/pick.js';
import { factorFor } from '../../picking/prepare.js';
import { MAP_BYTES } from '../../picking/score-map.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { readMicrographHeader } from '../../storage/read-micrograph.js';
import type { Tell } from '../events.js';
import { note } from '../tell.js';
import type { PickSettings } from './settings.js';

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
  settings: PickSettings,
  tell: Tell,
): Promise<MemoryPlan> {
  const largest = await largestOf(inputs);
  if (!largest) return { mapBytes: MAP_BYTES, ahead: true, bytes: settings.memory ?? USUAL_BYTES };
  const pixelSize = settings.pixelSize ?? largest.pixelSize;
  const factor = factorOf(model, pixelSize);
  const image = { width: largest.width / factor, height: largest.height / factor, factor };
  const asked = pixelSize === null && settings.step?.unit === 'A' ? undefined : settings.step;
  const step = preparedStep(model, image, asked ? { step: toPixels(asked, pixelSize, '--step') } : {});
  const plan = planMemory(largest, model, { step, factor, limit: settings.memory ?? null });
  const alone = plan.ahead ? '' : ', one micrograph after the other';
  note(
    tell,
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

/** A micrograph with what its header says. */
type Sized = MicrographSize & { readonly pixelSize: number | null };

/**
 * The largest micrograph that can be read; undefined if none can. Of MRC that is the largest file; compressed files say nothing by their
 * size, so that the headers of all of them are looked at.
 */
async function largestOf(inputs: readonly InputMicrograph[]): Promise<Sized | undefined> {
  const sized = await Promise.all(
    inputs.map(async (input) => ({ input, bytes: (await stat(input.path).catch(() => null))?.size ?? 0 })),
  );
  const plain = sized.filter(({ input }) => PLAIN.test(input.path)).sort((a, b) => b.bytes - a.bytes);
  let largest: Sized | undefined;
  for (let i = 0; i < plain.length && !largest; i++) largest = await sizeOf(plain[i]);
  for (const one of sized.filter(({ input }) => !PLAIN.test(input.path))) {
    const size = await sizeOf(one);
    if (size && (!largest || bytesOf(size) > bytesOf(largest))) largest = size;
  }
  return largest;
}

/** MRC that is not compressed. */
const PLAIN = /\.mrcs?$/i;

function bytesOf({ width, height, decoding }: Sized): number {
  return Float32Array.BYTES_PER_ELEMENT * width * height + decoding;
}

async function sizeOf({ input, bytes }: { readonly input: InputMicrograph; readonly bytes: number }) {
  const header = await readMicrographHeader(input.path).catch(() => null);
  if (!header) return undefined;
  const decoding = bytesToDecode(input.path.toLowerCase(), bytes, header.width * header.height);
  return { ...header, decoding, pixelSize: input.pixelSize ?? header.pixelSize };
}

/** What is in memory beside float32 pixels while a file is decoded: nothing for one that holds just these. */
function bytesToDecode(path: string, bytes: number, pixels: number): number {
  const floats = Float32Array.BYTES_PER_ELEMENT * pixels;
  if (path.endsWith('.gz')) return bytes + 2 * floats;
  if (/\.tiff?$/.test(path)) return bytes + 3 * floats;
  // Decoded with 16 bits at the most, which stand beside what the decoder itself keeps.
  if (/\.(png|jpe?g)$/.test(path)) return bytes + floats;
  return Math.abs(bytes / floats - 1) < SAME_SIZE ? 0 : bytes + pixels;
}
