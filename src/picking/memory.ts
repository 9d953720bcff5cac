/**
 * How much memory picking takes, estimated before it begins, and how much of it the network's maps may have. The figures behind the
 * formula are in docs/results.md, Memory.
 */

import { UsageError } from '../core/errors.js';
import type { Image } from '../core/micrograph.js';
import type { Model } from '../network/model.js';
import { MAP_BYTES } from './score-map.js';

/** The largest micrograph of a run. */
export interface MicrographSize extends Pick<Image, 'width' | 'height'> {
  /** Bytes that are there beside its pixels while they are decoded. */
  readonly decoding: number;
}

/** What a run may take. */
export interface MemoryPlan {
  /** Bytes for the maps of the network. */
  readonly mapBytes: number;
  /** True: a micrograph is prepared while another one is scored, and both are in memory. */
  readonly ahead: boolean;
  /** Estimate of the peak. */
  readonly bytes: number;
}

const MEBIBYTE = 2 ** 20;
/** The program, the engine and the network. */
const PROGRAM_BYTES = 230 * MEBIBYTE;
/** What the engine takes for each byte of maps. */
const ENGINE_FACTOR = 2.2;
/** Bytes that a run takes without a limit, for micrographs of up to 8192 x 8192 pixels. */
export const USUAL_BYTES = 1.5e9;
/** The same a pixel, for larger ones: 1.5 GB over 8192 x 8192. */
const USUAL_BYTES_PER_PIXEL = 22.3;
/** The prepared image and its padded copy that goes to the engine, whose sides are up to an eighth longer. */
const PADDED = 2.25;
/** Map sizes that are tried, the largest first. Larger ones than usual are taken only where memory is granted. */
const MAP_SIZES = [1024, 512, 256, 128, 64, 32].map((size) => size * MEBIBYTE);

/**
 * Chooses how a run uses memory.
 *
 * @param step - prepared pixels between positions
 * @param factor - full-size pixels per prepared pixel
 * @param limit - bytes, or null for what is usual
 * @throws UsageError if the limit is too low for a micrograph of this size
 */
export function planMemory(
  size: MicrographSize,
  { architecture }: Model,
  { step, factor, limit }: { readonly step: number; readonly factor: number; readonly limit: number | null },
): MemoryPlan {
  const prepared = (Float32Array.BYTES_PER_ELEMENT * (size.width * size.height)) / factor ** 2;
  const plans = [true, false].flatMap((ahead) =>
    MAP_SIZES.filter((mapBytes) => limit !== null || mapBytes <= MAP_BYTES).map((mapBytes) => {
      const scoring = PADDED * prepared + ENGINE_FACTOR * mapBytes + (2 * prepared) / step ** 2;
      const preparing = bytesToPrepare(size, prepared, factor);
      const together = ahead ? preparing + scoring : Math.max(preparing, scoring);
      return { mapBytes, ahead, bytes: PROGRAM_BYTES + together };
    }),
  );
  const allowed = limit ?? Math.max(USUAL_BYTES, USUAL_BYTES_PER_PIXEL * size.width * size.height);
  // With small maps much is computed twice, so preparing alone goes before them.
  const worthwhile = plans.filter(({ ahead, mapBytes }) => !ahead || mapBytes >= MAP_BYTES / 2);
  const plan = worthwhile.find(({ bytes }) => bytes <= allowed);
  if (plan) return plan;
  const least = worthwhile[worthwhile.length - 1];
  if (limit === null) return least;
  throw new UsageError({
    what: 'The memory is not enough',
    received: `--memory ${inGigabytes(limit)}`,
    expected: `at least ${inGigabytes(least.bytes)} for micrographs of ${size.width}x${size.height} pixels and network ${architecture.name}`,
  });
}

/** Full-size pixels, what they were decoded from, and the prepared image with what is made on the way. */
function bytesToPrepare({ width, height, decoding }: MicrographSize, prepared: number, factor: number): number {
  return decoding + Float32Array.BYTES_PER_ELEMENT * width * height + (factor === 1 ? 3 : 4) * prepared;
}

/** Bytes as `1.5 GB`, rounded up. */
export function inGigabytes(bytes: number): string {
  return `${(Math.ceil(bytes / 1e7) / 100).toFixed(2)} GB`;
}
