import { describe, expect, it } from 'vitest';
import { blankImage } from '../core/micrograph.js';
import { random } from '../core/random.js';
import { maxDifference } from '../testing/helpers.js';
import { applyCtf, wavelength } from './ctf.js';
import { addProjection, randomRotation, rotationOf } from './project.js';
import { simulate, varianceInside } from './simulate.js';
import { asymmetric, barrel, volumeFromMap } from './volume.js';

const SMALL = { bodies: [asymmetric()], width: 256, height: 192, particles: 4 } as const;

function centreOfMass(pixels: Float32Array, width: number): [number, number] {
  let [sum, sx, sy] = [0, 0, 0];
  pixels.forEach((value, i) => {
    sum += value;
    sx += value * (i % width);
    sy += value * Math.floor(i / width);
  });
  return [sx / sum, sy / sum];
}

describe('projections', () => {
  it.each([
    [40, 50],
    [40.25, 50.75],
  ])('put the centre of a symmetric body at (%f, %f) within 0.02 px', (x, y) => {
    const image = blankImage(90, 100);
    addProjection(image, barrel(), randomRotation(random(1)), { x, y }, 8);
    const [cx, cy] = centreOfMass(image.pixels, 90);
    expect(Math.abs(cx - x)).toBeLessThan(0.02);
    expect(Math.abs(cy - y)).toBeLessThan(0.02);
  });

  it('keep the mass in every direction within 1 %', () => {
    const masses = [1, 2, 3].map((seed) => {
      const image = blankImage(80, 80);
      addProjection(image, asymmetric(), randomRotation(random(seed)), { x: 40, y: 40 }, 8);
      return image.pixels.reduce((a, b) => a + b);
    });
    expect(Math.max(...masses) / Math.min(...masses)).toBeLessThan(1.01);
  });

  it('random rotations are rotations', () => {
    const r = randomRotation(random(5));
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const dot = [0, 1, 2].reduce((sum, k) => sum + r[3 * i + k] * r[3 * j + k], 0);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });
});

describe('rotationOf', () => {
  it.each([
    ['side', 0],
    ['top', 1],
  ] as const)(
    'lays the axis of a %s view in or across the plane of the image, and turns nothing else',
    (view, along) => {
      const source = random(5);
      for (let i = 0; i < 20; i++) {
        const r = rotationOf(view, source);
        expect(Math.abs(r[8])).toBeCloseTo(along, 9);
        for (let a = 0; a < 3; a++) {
          for (let b = 0; b < 3; b++) {
            const product = [0, 1, 2].reduce((sum, k) => sum + r[3 * a + k] * r[3 * b + k], 0);
            expect(product).toBeCloseTo(a === b ? 1 : 0, 9);
          }
        }
      }
    },
  );
});

describe('CTF', () => {
  it('knows the wavelength at 300 kV: 0.0197 A', () => {
    expect(wavelength(300)).toBeCloseTo(0.0196875, 5);
  });

  it('makes density dark', () => {
    const image = blankImage(64, 64);
    image.pixels.forEach((_, i) => {
      image.pixels[i] = Math.exp(-(((i % 64) - 32) ** 2 + (Math.floor(i / 64) - 32) ** 2) / 18);
    });
    expect(applyCtf(image, 20_000, 6).pixels[32 * 64 + 32]).toBeLessThan(0);
  });
});

describe('simulate', () => {
  it('gives the same bytes for the same seed, others for another', () => {
    const [a, b, c] = [simulate(SMALL, 3), simulate(SMALL, 3), simulate({ ...SMALL, seed: 2 }, 3)];
    expect(maxDifference(a.micrograph.pixels, b.micrograph.pixels)).toBe(0);
    expect(a.particles).toEqual(b.particles);
    expect(maxDifference(a.micrograph.pixels, c.micrograph.pixels)).toBeGreaterThan(1);
  });

  it.each([1, 0.05])(
    'has the stated SNR %f: signal variance inside the circles over that of the noise, within 15 %',
    (snr) => {
      const clean = { ...SMALL, width: 512, height: 512, particles: 20, dirt: ['none'] as const };
      const loud = simulate({ ...clean, snr: 1e6 }, 0);
      const quiet = simulate({ ...clean, snr }, 0);
      const signal = loud.micrograph.pixels.map((value) => value / 1000);
      const scale = Math.sqrt(snr);
      const noise = quiet.micrograph.pixels.map((value, i) => value - scale * signal[i]);
      const image = (pixels: Float32Array) => ({ pixels, width: 512, height: 512 });
      const radius = loud.diameter / 2;
      const everywhere = [{ x: 256, y: 256 }];
      const ratio =
        (snr * varianceInside(image(signal), loud.particles, radius)) / varianceInside(image(noise), everywhere, 30);
      expect(Math.abs(ratio / snr - 1)).toBeLessThan(0.15);
    },
  );

  it('keeps particles off the dirt and inside the field', () => {
    for (const [index, dirt] of ['carbon', 'aggregate', 'ice', 'none'].entries()) {
      const { particles, diameter, ...made } = simulate({ ...SMALL, width: 600, height: 500, particles: 20 }, index);
      expect(made.dirt).toBe(dirt);
      expect(particles.length).toBeGreaterThan(10);
      for (const { x, y } of particles) expect(Math.min(x, y, 599 - x, 499 - y)).toBeGreaterThanOrEqual(diameter / 2);
    }
  });

  it('takes a field without particles', () => {
    expect(simulate({ ...SMALL, particles: 0 }, 0).micrograph.pixels.every(Number.isFinite)).toBe(true);
  });
});

it('volumeFromMap measures the diameter that holds the density', () => {
  const side = 32;
  const values = new Float32Array(side ** 3).map((_, i) => {
    const p = [i % side, Math.floor(i / side) % side, Math.floor(i / side ** 2)].map((v) => v - 15.5);
    return Math.hypot(...p) < 8 ? 1 : -0.1;
  });
  const { diameter, values: density } = volumeFromMap(values, side, 2);
  expect(Math.abs(diameter - 32)).toBeLessThanOrEqual(4);
  expect(Math.min(...density)).toBe(0);
});
