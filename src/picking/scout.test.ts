import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { sigmoid } from '../evaluation/calibration.js';
import { decide } from './scout.js';

/** Scores of noise and of particles, as logits around two means. */
function scores(seed: number, noise: number, particles: number): number[] {
  const source = random(seed);
  const some = (count: number, mean: number) =>
    Array.from({ length: count }, () => sigmoid(mean + 0.7 * source.normal()));
  return [...some(noise, -2.5), ...some(particles, 2.5)];
}

describe('decide', () => {
  it('parts two groups of scores where they meet, and says what thresholds keep', () => {
    const { threshold, keeps } = decide([scores(1, 300, 100), scores(2, 300, 100)], 0.5);
    expect(threshold).toBeGreaterThan(0.2);
    expect(threshold).toBeLessThan(0.8);
    const own = keeps.find((one) => one.threshold === threshold);
    expect(own?.particles).toBeGreaterThan(95);
    expect(own?.particles).toBeLessThan(105);
    expect(keeps.map((one) => one.threshold)).toEqual(keeps.map((one) => one.threshold).sort((a, b) => a - b));
  });

  it('follows scores that are all higher, as where the noise is low', () => {
    const shifted = scores(3, 300, 100).map((score) => sigmoid(Math.log(score / (1 - score)) + 2));
    expect(decide([shifted], 0.5).threshold).toBeGreaterThan(decide([scores(3, 300, 100)], 0.5).threshold + 0.1);
  });

  it('takes the usual threshold where candidates are too few', () => {
    expect(decide([[0.9, 0.3]], 0.42).threshold).toBe(0.42);
    expect(decide([], 0.42)).toMatchObject({ threshold: 0.42 });
  });
});
