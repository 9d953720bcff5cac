import { describe, expect, it } from 'vitest';
import { decidedPicks, particlesAt } from './particles.js';

const PICKS = [
  { x: 100, y: 100, score: 0.9 },
  { x: 200, y: 100, score: 0.8 },
  { x: 300, y: 100, score: 0.1 },
  { x: 400, y: 100, score: 0.2 },
];
const LABELS = {
  particles: [
    { x: 301, y: 99 },
    { x: 500, y: 500 },
  ],
  negatives: [{ x: 199, y: 101 }],
};

describe('what counts as a particle', () => {
  const decided = decidedPicks(PICKS, LABELS, 60);
  const places = (threshold: number) => particlesAt(decided, threshold).map(({ x }) => x);

  it('is a pick above the threshold, unless it was rejected, and what was accepted or labelled', () => {
    expect(places(0.5)).toEqual([100, 301, 500]);
    expect(places(0.15)).toEqual([100, 301, 400, 500]);
    expect(places(1)).toEqual([301, 500]);
    expect(places(0)).not.toContain(200);
  });

  it('keeps the score of a pick but takes the place of its label, and gives a label alone the score 1', () => {
    expect(decided.find(({ x }) => x === 301)).toMatchObject({ score: 0.1, decision: 'accepted', counts: 1 });
    expect(decided.find(({ x }) => x === 500)).toMatchObject({ score: 1, decision: 'accepted' });
    expect(decided.find(({ x }) => x === 200)).toMatchObject({ score: 0.8, decision: 'rejected' });
  });

  it('takes a decision for its very place where the diameter is not known', () => {
    const [first] = decidedPicks([PICKS[1]], { particles: [], negatives: [{ x: 200.5, y: 100 }] }, null);
    expect(first.decision).toBe('rejected');
    const [other] = decidedPicks([PICKS[1]], { particles: [], negatives: [{ x: 205, y: 100 }] }, null);
    expect(other.decision).toBeNull();
  });
});
