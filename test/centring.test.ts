/** Half-pixel mistakes show as a mean signed error: picks of blobs at known places, for every binning and box parity. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Micrograph } from '../src/core/micrograph.js';
import { random } from '../src/core/random.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import type { Model } from '../src/network/model.js';
import { blobModel } from '../src/picking/blob.js';
import { openPicker, pick } from '../src/picking/pick.js';
import { type Engine, startEngine } from '../src/runtime/engine.js';

const DIAMETER = 48;
const [WIDTH, HEIGHT] = [1500, 1300];

let engine: Engine;
beforeAll(() => {
  engine = startEngine(2);
});
afterAll(() => engine.close());

/** Dark Gaussian blobs in weak noise, on a jittered grid whose spacing no binning divides. */
function blobs(seed: number) {
  const source = random(seed);
  const pixels = Float32Array.from({ length: WIDTH * HEIGHT }, () => 0.1 * source.normal());
  const truth: { x: number; y: number }[] = [];
  const sigma = DIAMETER / 4;
  for (let row = 50; row < HEIGHT - 50; row += 71) {
    for (let column = 50; column < WIDTH - 50; column += 71) {
      const centre = { x: column + 9 * source.uniform(), y: row + 9 * source.uniform() };
      truth.push(centre);
      for (let y = row - 48; y < row + 56; y++) {
        for (let x = column - 48; x < column + 56; x++) {
          const squared = (x - centre.x) ** 2 + (y - centre.y) ** 2;
          pixels[y * WIDTH + x] -= Math.exp(-squared / (2 * sigma * sigma));
        }
      }
    }
  }
  const micrograph: Micrograph = { pixels, width: WIDTH, height: HEIGHT, pixelSize: null, warnings: [] };
  return { micrograph, truth };
}

/** The blob picker at an exact binning, its answers made so weak that no score is saturated by these loud blobs. */
function weakBlobModel(box: number, binning: number): Model {
  const model = blobModel(DIAMETER, null, box);
  const { metadata, weights } = model;
  const preparation = { ...metadata.preparation, factor: binning };
  const values = weights.values.map((value) => 0.05 * value * binning);
  return {
    ...model,
    weights: { ...weights, values },
    metadata: { ...metadata, preparation, minDistance: DIAMETER / 2, threshold: 0.55 },
  };
}

describe('mean signed error of picks is below 0.25 px', () => {
  const { micrograph, truth } = blobs(1);
  const cases = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((binning) => [0, 1].map((odd) => [binning, odd] as const));

  it.each(cases)('binning %i, box parity %i', async (binning, odd) => {
    const box = 2 * Math.round(DIAMETER / binning) + odd;
    const picker = openPicker(engine, weakBlobModel(box, binning));
    const { particles } = await pick(micrograph, picker, { edge: 0 });
    const { meanOffset, bestF1 } = evaluate([{ name: 'a', truth, picks: particles }], { radius: 12 });
    expect(bestF1?.f1).toBeGreaterThan(0.99);
    expect(Math.abs(meanOffset?.x ?? 9)).toBeLessThan(0.25);
    expect(Math.abs(meanOffset?.y ?? 9)).toBeLessThan(0.25);
    await picker.release();
  });
});

it('a pick near the edge is dropped by --edge only, and every centre can be scored', async () => {
  const { micrograph } = blobs(2);
  const corner: Micrograph = { ...micrograph, pixels: micrograph.pixels.slice() };
  for (let y = 0; y < 40; y++) {
    for (let x = 0; x < 40; x++) corner.pixels[y * WIDTH + x] = -2 * Math.exp(-((x - 3) ** 2 + (y - 4) ** 2) / 288);
  }
  const picker = openPicker(engine, weakBlobModel(48, 2));
  const near = async (edge: number) => {
    const { particles } = await pick(corner, picker, { edge });
    return particles.filter(({ x, y }) => Math.hypot(x - 3, y - 4) < 6).length;
  };
  expect(await near(0)).toBe(1);
  expect(await near(10)).toBe(0);
  await picker.release();
});
