import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { patchSide } from '../network/architecture.js';
import { PRESETS } from '../network/presets.js';
import { EVERY_LAYER, testWeights } from '../testing/architectures.js';
import { maxDifference, noiseImage } from '../testing/helpers.js';
import { startGradientWorkers } from './gradient-workers.js';

async function compute(architecture: typeof EVERY_LAYER, batch: number, threads: number) {
  const workers = await startGradientWorkers({ architecture, loss: 'cross-entropy', batch, threads });
  const patches = noiseImage(architecture.box, batch * architecture.box, 1).pixels;
  const weight = (target: number) => Float32Array.from({ length: batch }, (_, i) => +(i % 2 === target) / batch);
  const data = { count: batch, patches, positiveWeights: weight(1), negativeWeights: weight(0) };
  const result = await workers.compute(testWeights(architecture, 2), data, random(3));
  await workers.close();
  return result;
}

describe('gradient of a batch in parts', () => {
  it.each([
    [50, 4],
    [50, 6],
    [37, 3],
  ])(
    'of %i boxes on %i threads equals that on one, max |d| < 1e-6, without batch normalisation',
    async (batch, threads) => {
      const [one, many] = [await compute(PRESETS.small, batch, 1), await compute(PRESETS.small, batch, threads)];
      expect(Math.abs(one.loss - many.loss)).toBeLessThan(1e-5);
      expect(maxDifference(one.gradient, many.gradient)).toBeLessThan(1e-6);
    },
  );

  it('keeps the batch statistics of real boxes where a part is not full', async () => {
    const { statistics } = await compute(EVERY_LAYER, 50, 6);
    const { statistics: whole } = await compute(EVERY_LAYER, 50, 1);
    const maps = 6;
    for (let i = 0; i < maps; i++) expect(Math.abs(statistics[maps + i] / whole[maps + i] - 1)).toBeLessThan(0.1);
  });

  it('takes no more threads than have something to do: batch statistics are those of real patches alone', async () => {
    const [batch, positions] = [9, 3];
    const side = patchSide(EVERY_LAYER, positions);
    const weight = new Float32Array(batch * positions ** 2).fill(1 / batch);
    const patches = noiseImage(side, batch * side, 4).pixels;
    const data = { count: batch, patches, positiveWeights: weight, negativeWeights: weight };
    const statisticsOn = async (threads: number) => {
      const options = { architecture: EVERY_LAYER, loss: 'cross-entropy' as const, batch, positions, threads };
      const workers = await startGradientWorkers(options);
      const { statistics } = await workers.compute(testWeights(EVERY_LAYER, 2), data, random(3));
      await workers.close();
      return statistics;
    };
    // Nine patches on seven threads are five parts of two, the last of them half filled: as on five threads.
    expect(maxDifference(await statisticsOn(7), await statisticsOn(5))).toBe(0);
  });

  it('repeats to the last bit', async () => {
    const [a, b] = [await compute(EVERY_LAYER, 20, 2), await compute(EVERY_LAYER, 20, 2)];
    expect(maxDifference(a.gradient, b.gradient)).toBe(0);
  });
});
