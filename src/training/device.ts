/** Which device computes gradients: a card is taken only once it has given the gradient of the CPU for the very network. */

import { random } from '../core/random.js';
import { patchSide } from '../network/architecture.js';
import { initialWeights } from '../network/parameters.js';
import { type DeviceChoice, fastestOf, openOn } from '../picking/device.js';
import type { Device } from '../runtime/engine.js';
import { type GradientWorkers, type GradientWorkersOptions, startGradientWorkers } from './gradient-workers.js';

/** Largest difference of a gradient from the CPU's, as a part of its largest entry. */
export const GRADIENT_TOLERANCE = 1e-3;

/**
 * Starts the workers of a training.
 *
 * @throws UsageError if a device that was named cannot be used, saying what it lacks
 */
export async function openGradientWorkers(
  choice: DeviceChoice,
  options: GradientWorkersOptions,
): Promise<{ workers: GradientWorkers; device: Device; reasons: readonly string[] }> {
  const { opened, ...found } = await openOn<GradientWorkers>(choice, {
    open: (device) => startGradientWorkers({ ...options, device }),
    async tryOut(workers, device) {
      const trial = await fastestOf(() => gradientOfNoise(workers, options));
      return device === 'cpu' ? { ...trial, values: await gradientOnOneThread(options) } : trial;
    },
    tolerance: GRADIENT_TOLERANCE,
  });
  return { workers: opened, ...found };
}

/** A card takes the whole batch at once, and batch normalisation with it: so must the CPU that it is compared with. */
async function gradientOnOneThread(options: GradientWorkersOptions): Promise<Float32Array> {
  const alone = await startGradientWorkers({ ...options, threads: 1 });
  try {
    return await gradientOfNoise(alone, options);
  } finally {
    await alone.close();
  }
}

async function gradientOfNoise(
  workers: GradientWorkers,
  { architecture, batch, positions = 1 }: GradientWorkersOptions,
): Promise<Float32Array> {
  const source = random(1);
  const perBatch = batch * positions ** 2;
  const side = patchSide(architecture, positions);
  const data = {
    count: batch,
    patches: Float32Array.from({ length: batch * side ** 2 }, () => source.normal()),
    positiveWeights: Float32Array.from({ length: perBatch }, (_, i) => (i % 2) / perBatch),
    negativeWeights: Float32Array.from({ length: perBatch }, (_, i) => ((i + 1) % 2) / perBatch),
  };
  return (await workers.compute(initialWeights(architecture, random(2)), data, random(3))).gradient;
}
