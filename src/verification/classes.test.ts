import { describe, expect, it } from 'vitest';
import type { Image } from '../core/micrograph.js';
import { random } from '../core/random.js';
import { cutParticle, normaliseBackground } from '../imaging/particle-image.js';
import { resample, toResampled } from '../imaging/resample.js';
import { simulate } from '../simulation/simulate.js';
import { asymmetric, barrel } from '../simulation/volume.js';
import { type Classes, classify } from './classes.js';
import { at, polarTools } from './polar.js';

/** Runs to the end. */
function classesOf(images: readonly Image[], classes: number, seed = 1): Classes {
  const rounds = classify(images, { classes, seed });
  for (;;) {
    const { done, value } = rounds.next();
    if (done) return value;
  }
}

/** Particles of one view, 1.5 diameters wide in 48 pixels. */
function particles(view: 'side' | 'top', body = barrel(), count = 60): Image[] {
  const made = simulate({ bodies: [body], views: [view], particles: count, dirt: ['none'], snr: 0.1, seed: 3 }, 0);
  const factor = (1.5 * made.diameter) / 48;
  const small = resample(made.micrograph, factor);
  const place = ({ x, y }: { x: number; y: number }) => ({ x: toResampled(x, factor), y: toResampled(y, factor) });
  return made.particles.map((particle) => normaliseBackground(cutParticle(small, place(particle), 48)));
}

describe('rings', () => {
  it('find the turn of an image to within one angle of 128', () => {
    const source = random(1);
    const shape: Image = { width: 48, height: 48, pixels: new Float32Array(48 * 48) };
    for (let blob = 0; blob < 5; blob++) {
      const [cx, cy] = [24 + 10 * source.normal(), 24 + 10 * source.normal()];
      for (let i = 0; i < shape.pixels.length; i++) {
        shape.pixels[i] += Math.exp(-(((i % 48) - cx) ** 2 + (Math.floor(i / 48) - cy) ** 2) / 20);
      }
    }
    const turn = 1.234;
    const turned = Float32Array.from(shape.pixels, (_, i) => {
      const [u, v] = [(i % 48) - 24, Math.floor(i / 48) - 24];
      return at(shape, 24 + Math.cos(turn) * u - Math.sin(turn) * v, 24 + Math.sin(turn) * u + Math.cos(turn) * v);
    });
    const tools = polarTools(18);
    const original = tools.rings(shape, 0, 0);
    const { angle, product } = tools.bestTurn(tools.rings({ ...shape, pixels: turned }, 0, 0), original);
    expect(Math.abs(angle - turn)).toBeLessThan((2 * Math.PI) / 128);
    expect(product / tools.power(original)).toBeCloseTo(1, 1);
  });
});

describe('classify', () => {
  it('parts side views from top views of noisy particles: 9 of 10 at least in a class of their own', () => {
    const [side, top] = [particles('side'), particles('top')];
    const { members, sizes } = classesOf([...side, ...top], 4);
    const right = sizes.reduce((sum, _, i) => {
      const own = members.slice(0, side.length).filter((member) => member.class === i).length;
      const other = members.slice(side.length).filter((member) => member.class === i).length;
      return sum + Math.max(own, other);
    }, 0);
    expect(right / members.length).toBeGreaterThan(0.9);
  });

  it('gives an average like the particle without noise', () => {
    const noisy = particles('side');
    const { averages } = classesOf(noisy, 1);
    const made = simulate({ bodies: [barrel()], views: ['side'], particles: 1, dirt: ['none'], snr: 1e4, seed: 5 }, 0);
    const factor = (1.5 * made.diameter) / 48;
    const [{ x, y }] = made.particles;
    const centre = { x: toResampled(x, factor), y: toResampled(y, factor) };
    const clean = normaliseBackground(cutParticle(resample(made.micrograph, factor), centre, 48));
    const tools = polarTools(18);
    const [average, truth] = [tools.rings(averages[0], 0, 0), tools.rings(clean, 0, 0)];
    const { product } = tools.bestTurn(average, truth);
    expect(product / Math.sqrt(tools.power(average) * tools.power(truth))).toBeGreaterThan(0.9);
  });

  it('gives every particle a class, the largest class first, and the same result again', () => {
    const images = particles('top', asymmetric(), 30);
    const first = classesOf(images, 5);
    expect(first.sizes.reduce((a, b) => a + b)).toBe(images.length);
    expect([...first.sizes].sort((a, b) => b - a)).toEqual(first.sizes);
    expect(classesOf(images, 5)).toEqual(first);
  });

  it('makes at most as many classes as there are particles', () => {
    expect(classesOf(particles('top').slice(0, 2), 10).averages).toHaveLength(2);
  });
});
