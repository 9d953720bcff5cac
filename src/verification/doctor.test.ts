import { describe, expect, it } from 'vitest';
import type { Image } from '../core/micrograph.js';
import type { Particle } from '../core/particle.js';
import { random } from '../core/random.js';
import { IDENTITY, type Transform, transform } from '../core/transform.js';
import { averageImage } from './average.js';
import { diagnose } from './doctor.js';

const [WIDTH, HEIGHT, DIAMETER] = [900, 700, 40];

/** Noise with discs at random places, `depth` standard deviations darker than it. */
function field(depth: number): { image: Image; particles: Particle[] } {
  const source = random(3);
  const pixels = Float32Array.from({ length: WIDTH * HEIGHT }, () => source.normal());
  const particles = Array.from({ length: 60 }, () => ({
    x: 30 + source.integer(WIDTH - 60),
    y: 30 + source.integer(HEIGHT - 60),
  }));
  for (const { x, y } of particles) {
    for (let v = -20; v <= 20; v++) {
      for (let u = -20; u <= 20; u++) if (Math.hypot(u, v) <= 20) pixels[(y + v) * WIDTH + x + u] -= depth;
    }
  }
  return { image: { pixels, width: WIDTH, height: HEIGHT }, particles };
}

const shifted = (by: number): Transform => ({ ...IDENTITY, shift: { x: by, y: by } });

describe('the doctor', () => {
  const { image, particles } = field(0.7);

  it.each<[string, Transform, Transform]>([
    ['nothing', IDENTITY, IDENTITY],
    ['a y-flip', { ...IDENTITY, flipY: true }, { ...IDENTITY, flipY: true }],
    ['an x-flip', { ...IDENTITY, flipX: true }, { ...IDENTITY, flipX: true }],
    ['a swap', { ...IDENTITY, swap: true }, { ...IDENTITY, swap: true }],
    ['binning', { ...IDENTITY, scale: 0.25 }, { ...IDENTITY, scale: 4 }],
    ['twice the size', { ...IDENTITY, scale: 2 }, { ...IDENTITY, scale: 0.5 }],
    ['the corner', shifted(-30), shifted(30)],
    ['a centre read as a corner', shifted(30), shifted(-30)],
  ])('finds %s', (_, wrong, fix) => {
    const patient = { image, particles: transform(particles, wrong, image) };
    const { findings, certain } = diagnose([patient], { diameter: DIAMETER, box: 60 });
    expect(findings[0].transform).toEqual(fix);
    expect(findings[0].contrast).toBeGreaterThan(5);
    expect(certain).toBe(true);
  });

  it('takes light particles as well, and says so by the sign', () => {
    const light = { ...image, pixels: image.pixels.map((value) => -value) };
    const { findings, certain } = diagnose([{ image: light, particles }], { diameter: DIAMETER });
    expect([findings[0].transform, certain]).toEqual([IDENTITY, true]);
    expect(findings[0].contrast).toBeLessThan(-5);
  });

  it('cannot tell where there is nothing to see', () => {
    const empty = field(0);
    expect(diagnose([empty]).certain).toBe(false);
    expect(diagnose([{ image, particles: particles.slice(0, 3) }], { diameter: DIAMETER }).certain).toBe(false);
  });
});

describe('the average', () => {
  it('shows the particle in its middle, and nothing elsewhere', () => {
    const { image, particles } = field(0.7);
    const { pixels, width } = averageImage([{ image, points: particles }], DIAMETER);
    expect(pixels[32 * width + 32]).toBeLessThan(-0.5);
    expect(Math.abs(pixels[3 * width + 3])).toBeLessThan(0.5);
  });
});
