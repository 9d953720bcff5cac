import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { filterByFrequency, filterPair } from '../imaging/fft.js';
import { noiseImage } from '../testing/helpers.js';
import { simulateField } from './field.js';
import { randomBody } from './random-body.js';
import { asymmetric, centredVolume } from './volume.js';

const OPTIONS = { bodies: [asymmetric()], side: 128, diameter: 25 };

describe('simulateField', () => {
  const fields = Array.from({ length: 60 }, (_, i) => simulateField(OPTIONS, random(5, i)));

  it('gives the same field for the same random numbers', () => {
    const again = simulateField(OPTIONS, random(5, 3));
    expect(again).toEqual(fields[3]);
  });

  it('has particles that are darker than what is around them, and fields without any', () => {
    const differences = fields.flatMap(({ image, particles }) =>
      particles.flatMap(({ x, y }) => {
        const [u, v] = [Math.round(x), Math.round(y)];
        if (u < 12 || v < 12 || u > 115 || v > 115) return [];
        const at = (dx: number, dy: number) => image.pixels[(v + dy) * 128 + u + dx];
        const sd = Math.sqrt(image.pixels.reduce((sum, value) => sum + value * value, 0) / image.pixels.length);
        return [(at(0, 0) + at(2, 0) + at(0, 2) - at(12, 0) - at(-12, 0) - at(0, 12)) / sd];
      }),
    );
    expect(differences.length).toBeGreaterThan(100);
    expect(differences.reduce((a, b) => a + b) / differences.length).toBeLessThan(-0.5);
    expect(fields.filter(({ particles }) => particles.length === 0).length).toBeGreaterThan(1);
  });

  it('takes particles that overlap out of the truth, and says where', () => {
    for (const { particles, ignored } of fields) {
      for (const { x, y } of particles) {
        const near = particles.filter((other) => Math.hypot(other.x - x, other.y - y) < 0.45 * 25);
        expect(near).toHaveLength(1);
      }
      for (const { radius } of ignored) expect(radius).toBeGreaterThan(9);
    }
    expect(fields.some(({ ignored }) => ignored.length > 0)).toBe(true);
  });

  it('is finite everywhere', () => {
    for (const { image } of fields) expect(image.pixels.every(Number.isFinite)).toBe(true);
  });
});

describe('bodies', () => {
  it('of chance have density, and a diameter within their grid', () => {
    for (let i = 0; i < 20; i++) {
      const { values, side, voxelSize, diameter } = randomBody(random(9, i));
      expect(Math.max(...values)).toBeGreaterThan(0.3);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(diameter).toBeGreaterThan(0.3 * side * voxelSize);
      expect(diameter).toBeLessThanOrEqual(side * voxelSize * Math.sqrt(3));
    }
  });

  it('of maps have their centre of mass in the middle of a cube', () => {
    const values = new Float32Array(6 * 3 * 4);
    for (const i of [0, 1, 6]) values[i] = 1;
    const { values: cube, side } = centredVolume(values, [6, 3, 4], 5);
    const middle = [0, 0, 0];
    cube.forEach((value, i) => {
      const at = [i % side, Math.floor(i / side) % side, Math.floor(i / side ** 2)];
      at.forEach((position, axis) => {
        middle[axis] += (value * (position - (side - 1) / 2)) / 3;
      });
    });
    for (const offset of middle) expect(Math.abs(offset)).toBeLessThanOrEqual(0.5);
    expect(cube.reduce((a, b) => a + b)).toBe(3);
  });
});

it('two images are filtered for the price of one, each as if alone', () => {
  const [a, b] = [noiseImage(32, 24, 1), noiseImage(32, 24, 2)];
  const transfer = (squared: number) => Math.exp(-40 * squared) - 0.2;
  const [first, second] = filterPair(a, b, transfer);
  const close = (x: Float32Array, y: Float32Array) => Math.max(...x.map((value, i) => Math.abs(value - y[i])));
  expect(close(first.pixels, filterByFrequency(a, transfer).pixels)).toBeLessThan(1e-6);
  expect(close(second.pixels, filterByFrequency(b, transfer).pixels)).toBeLessThan(1e-6);
});
