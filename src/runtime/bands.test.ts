import { describe, expect, it } from 'vitest';
import { extract, windowPositions } from '../imaging/pad.js';
import { noiseImage } from '../testing/helpers.js';
import { type BandWork, runInBands } from './bands.js';
import type { Tensor } from './protocol.js';

/** Sums of `extent` rows, every `stride` rows, of every map. */
function sums(extent: number, stride: number, rows: number): BandWork {
  return {
    ...{ extent, stride, rows },
    async run({ dims: [, maps, height, width], data }: Tensor) {
      const made = windowPositions(height, extent, stride);
      const result = new Float32Array(maps * made * width);
      for (let i = 0; i < result.length; i++) {
        const [map, row, x] = [Math.floor(i / (made * width)), Math.floor(i / width) % made, i % width];
        for (let k = 0; k < extent; k++) result[i] += data[(map * height + row * stride + k) * width + x];
      }
      return { dims: [1, maps, made, width], data: result };
    },
  };
}

const image = noiseImage(3, 61, 1);

describe('an image in bands', () => {
  it.each([
    [3, 1, 4],
    [5, 2, 1],
    [2, 5, 3],
    [4, 4, 100],
  ])('of rows of %i, every %i, %i at a time, gives what it gives at once', async (extent, stride, rows) => {
    const bands = await runInBands([sums(extent, stride, rows), sums(2, 1, 2)], image);
    const whole = await runInBands([sums(extent, stride, 61), sums(2, 1, 61)], image);
    expect(bands).toEqual(whole);
    expect(bands.height).toBe(Math.floor((61 - extent) / stride));
  });

  it('is reflected beyond its edges', async () => {
    const { pixels, width, height } = await runInBands([sums(1, 1, 100)], image, { before: 2, after: 1 });
    expect([width, height]).toEqual([6, 64]);
    expect(pixels).toEqual(extract(image, -2, -2, 6, 64).pixels);
  });

  it('that is too small is refused', async () => {
    await expect(runInBands([sums(40, 1, 1), sums(30, 1, 1)], image)).rejects.toThrow('61 rows are too few');
  });
});
