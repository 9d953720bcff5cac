import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { logit, sigmoid } from './calibration.js';
import { thresholdFromLabels } from './labelled-threshold.js';

const source = random(9);
const scores = (count: number, mean: number, sd: number) =>
  Array.from({ length: count }, () => sigmoid(mean + sd * source.normal()));

describe('thresholdFromLabels', () => {
  const particles = scores(200, 5, 1);

  it('lies between labels and what is far below them, whatever their numbers', () => {
    for (const others of [scores(50, -3, 1), scores(2000, -3, 1)]) {
      const threshold = thresholdFromLabels(particles.slice(0, 20), [...particles, ...others]) ?? 0;
      const share = (all: readonly number[]) => all.filter((score) => score >= threshold).length / all.length;
      expect(share(others)).toBeLessThan(0.03);
      expect(share(particles)).toBeGreaterThan(0.95);
    }
  });

  it('is higher where much scores only somewhat lower than the labels', () => {
    const few = thresholdFromLabels(particles.slice(0, 30), [...particles, ...scores(50, 0, 1.5)]) ?? 0;
    const many = thresholdFromLabels(particles.slice(0, 30), [...particles, ...scores(2000, 0, 1.5)]) ?? 0;
    expect(logit(many)).toBeGreaterThan(logit(few) + 0.5);
  });

  it('says nothing of few labels', () => {
    expect(thresholdFromLabels(particles.slice(0, 14), particles)).toBeNull();
  });
});
