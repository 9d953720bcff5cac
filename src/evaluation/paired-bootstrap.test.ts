import { describe, expect, it } from 'vitest';
import type { Particle } from '../core/particle.js';
import { random } from '../core/random.js';
import { pairedGains } from './paired-bootstrap.js';

const SIDE = 1000;
const OPTIONS = { radius: 10, part: 100 };

/** A field of true centres on a grid, each picked with a high score, and false picks between them with a low one. */
function field(falsePicks: number, missed = 0) {
  const truth = Array.from({ length: 100 }, (_, i) => ({ x: 50 + 100 * (i % 10), y: 50 + 100 * Math.floor(i / 10) }));
  const source = random(3);
  const wrong = Array.from({ length: falsePicks }, (): Particle => {
    return { x: 100 * source.integer(10), y: SIDE * source.uniform(), score: 0.95 };
  });
  const right = truth.slice(missed).map((point) => ({ ...point, score: 0.9 }));
  return [{ name: 'field', truth, picks: [...right, ...wrong] }];
}

describe('pairedGains', () => {
  it('of the same picks is nothing, surely', () => {
    expect(pairedGains(field(20), [field(20)], { ...OPTIONS, random: random(1) })).toEqual([{ mean: 0, sd: 0 }]);
  });

  it('of many picks that are left out rightly is many times its deviation', () => {
    const [{ mean, sd }] = pairedGains(field(60), [field(0)], { ...OPTIONS, random: random(1) });
    expect(mean).toBeGreaterThan(0.3);
    expect(mean / sd).toBeGreaterThan(5);
  });

  it('of a single pick is no more than its deviation', () => {
    const [{ mean, sd }] = pairedGains(field(1), [field(0)], { ...OPTIONS, random: random(1) });
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(2 * sd);
  });

  it('is a loss where true picks are left out', () => {
    const gains = pairedGains(field(0), [field(0, 30), field(0, 5)], { ...OPTIONS, random: random(1) });
    expect(gains[0].mean).toBeLessThan(gains[1].mean);
    expect(gains[1].mean).toBeLessThan(0);
  });
});
