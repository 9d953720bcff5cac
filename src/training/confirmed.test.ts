import { describe, expect, it } from 'vitest';
import { addConfirmed } from './confirmed.js';

const point = (x: number) => ({ x, y: 50 });

describe('addConfirmed', () => {
  const labels = { particles: [point(100), point(200)], negatives: [point(300), point(400)] };

  it('adds what is new, once', () => {
    const confirmed = { accepted: [point(101), point(500)], rejected: [point(299), point(600)] };
    const { particles, negatives } = addConfirmed(labels, confirmed, 20);
    expect(particles.map(({ x }) => x)).toEqual([100, 200, 500]);
    expect(negatives.map(({ x }) => x)).toEqual([300, 400, 600]);
  });

  it('lets the last decision count', () => {
    const { particles, negatives } = addConfirmed(labels, { accepted: [point(302)], rejected: [point(198)] }, 20);
    expect(particles.map(({ x }) => x)).toEqual([100, 302]);
    expect(negatives.map(({ x }) => x)).toEqual([400, 198]);
  });
});
