import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { logit, sigmoid } from './calibration.js';
import { mixtureThreshold } from './mixture.js';

describe('mixtureThreshold', () => {
  it('lies where the two groups that the scores were drawn from are equally likely', () => {
    const source = random(1);
    const group = (count: number, mean: number) => Array.from({ length: count }, () => sigmoid(mean + source.normal()));
    for (const [low, high] of [
      [4000, 4000],
      [6000, 1500],
    ]) {
      const threshold = mixtureThreshold([...group(low, -3), ...group(high, 2)], 0.5) ?? 0;
      const expected = -0.5 + Math.log(low / high) / 5;
      expect(Math.abs(logit(threshold) - expected)).toBeLessThan(0.2);
    }
  });

  it('is lower for a lower probability', () => {
    const source = random(2);
    const scores = Array.from({ length: 1000 }, (_, i) => sigmoid((i % 2 === 0 ? -2 : 2) + source.normal()));
    const [low, high] = [0.2, 0.8].map((probability) => mixtureThreshold(scores, probability) ?? Number.NaN);
    expect(low).toBeLessThan(high);
  });

  it('is not made of few scores, or of equal ones', () => {
    expect(mixtureThreshold([0.1, 0.9], 0.5)).toBeNull();
    expect(mixtureThreshold(Array(50).fill(0.3), 0.5)).toBeNull();
  });
});
