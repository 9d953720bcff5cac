import { describe, expect, it } from 'vitest';
import { radialPower } from '../imaging/fft.js';
import { wholeFrame } from '../imaging/frame.js';
import { noiseImage } from '../testing/helpers.js';
import { noiseTwin, standOut } from './noise-twin.js';

const SIDE = 128;
const FRAME = wholeFrame({ width: 400, height: 400 });

/** Scored noise of half the side, with so many peaks. */
function noiseWith(peaks: number) {
  const side = 200;
  const pixels = new Float32Array(side * side);
  for (let i = 0; i < peaks; i++) pixels[(5 + 10 * Math.floor(i / 19)) * side + 5 + 10 * (i % 19)] = 0.75;
  const frame = wholeFrame({ width: side, height: side });
  return { scoreMap: { pixels, width: side, height: side, step: 1, origin: 0, factor: 1 }, frame };
}

describe('noiseTwin', () => {
  it('has the power of the image at every frequency, and none of its structure', () => {
    const noise = noiseImage(SIDE, SIDE, 2);
    const waves = {
      ...noise,
      pixels: noise.pixels.map((value, i) => value + 4 * Math.sin(((i % SIDE) * 2 * Math.PI) / 16)),
    };
    const twin = noiseTwin(waves);
    const [image, own] = [radialPower(waves), radialPower(twin)];
    const wave = SIDE / 16;
    expect(own[wave] / image[wave]).toBeGreaterThan(0.5);
    expect(own[wave] / own[3 * wave]).toBeGreaterThan(20);
    let product = 0;
    for (let i = 0; i < twin.pixels.length; i++) product += twin.pixels[i] * waves.pixels[i];
    expect(Math.abs(product / twin.pixels.length)).toBeLessThan(1);
  });

  it('of a large image is that of its middle', () => {
    const { width, height } = noiseTwin(noiseImage(1100, 300, 1));
    expect([width, height]).toEqual([1024, 300]);
  });
});

describe('standOut', () => {
  const SETTINGS = { frame: FRAME, threshold: 0.5, edge: 0, minDistance: 3 };
  const candidates = (count: number) => ({ ...SETTINGS, scores: Array<number>(count).fill(0.75) });

  it('compares by area: the twin has a quarter', () => {
    expect(standOut(candidates(100), noiseWith(5))).toBe(true);
    expect(standOut(candidates(100), noiseWith(22))).toBe(false);
  });

  it('is not sure of a few', () => {
    expect(standOut(candidates(5), noiseWith(0))).toBe(false);
    expect(standOut(candidates(15), noiseWith(0))).toBe(true);
  });

  it('looks at scores below the threshold, too', () => {
    const shifted = (score: number) => ({ ...SETTINGS, scores: Array<number>(100).fill(score) });
    expect(standOut(shifted(0.3), noiseWith(0))).toBe(true);
    expect(standOut(shifted(0.1), noiseWith(0))).toBe(false);
  });
});
