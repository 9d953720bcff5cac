import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { histogramThreshold } from './histogram.js';

describe('histogramThreshold', () => {
  it('lies between two groups of scores, however unequal', () => {
    const source = random(1);
    const group = (count: number, mean: number) => Array.from({ length: count }, () => mean + 0.04 * source.normal());
    for (const [low, high] of [
      [500, 500],
      [900, 200],
      [200, 900],
    ]) {
      const threshold = histogramThreshold([...group(low, 0.2), ...group(high, 0.8)]);
      expect(threshold).toBeGreaterThan(0.3);
      expect(threshold).toBeLessThan(0.75);
    }
  });

  it('does not depend on candidates that are certainly none', () => {
    const scores = [0.1, 0.15, 0.2, 0.8, 0.85];
    expect(histogramThreshold([...scores, ...Array.from({ length: 1000 }, () => 0.001)])).toBe(0.8);
  });

  it('is not made of fewer than two scores', () => {
    expect(histogramThreshold([])).toBeNull();
    expect(histogramThreshold([0.5, 0.5])).toBeNull();
  });
});
