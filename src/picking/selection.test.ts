import { describe, expect, it } from 'vitest';
import type { Image } from '../core/micrograph.js';
import { wholeFrame } from '../imaging/frame.js';
import { noiseImage } from '../testing/helpers.js';
import { findCandidates, groundsOf, type Selection, selectParticles } from './selection.js';
import { onEvenGround, unevennessAt, unevennessLimitOf, unevennessMap } from './unevenness.js';

const SIDE = 200;
const DIAMETER = 10;
const PREPARATION = { factor: 2, backgroundSigma: 5, varianceSigma: 10, limit: 6 };
/** Candidates: one at the edge, two overlapping, one too close to a better one, one alone, one on uneven ground. */
const PEAKS: [x: number, y: number, score: number][] = [
  [2, 50, 0.9],
  [50, 50, 0.8],
  [50, 58, 0.7],
  [50, 61, 0.6],
  [100, 30, 0.5],
  [150, 150, 0.4],
];
const scoreMap = { ...mapOf(PEAKS), step: 1, origin: 0, factor: 2 };
const ALL: Selection = {
  threshold: 0.3,
  edge: 10,
  minDistance: 12,
  deviationRange: null,
  isExcluded: null,
  unevennessLimit: 0.5,
  overlapDistance: 20,
  box: 20,
};

function mapOf(peaks: typeof PEAKS): Image {
  const pixels = new Float32Array(SIDE * SIDE);
  for (const [x, y, score] of peaks) pixels[y * SIDE + x] = score;
  return { pixels, width: SIDE, height: SIDE };
}

/** Noise with a field of wide waves in its lower right part. */
function ground(): Image {
  const noise = noiseImage(SIDE, SIDE, 4);
  const pixels = noise.pixels.map((value, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    return value + (x > 110 && y > 110 ? 3 * Math.sin(x / 8) * Math.sin(y / 8) : 0);
  });
  return { ...noise, pixels };
}

describe('unevenness', () => {
  it('is above 0.7 over waves wider than a particle, below 0.3 over noise, whatever the unit of the grey values', () => {
    const points = [
      { x: 300, y: 300 },
      { x: 100, y: 100 },
    ];
    const [waves, noise] = unevennessAt(unevennessMap(ground(), DIAMETER / 2), 2, points);
    expect(waves).toBeGreaterThan(0.7);
    expect(noise).toBeLessThan(0.3);
    const scaled = { ...ground(), pixels: ground().pixels.map((value) => 50 + 7 * value) };
    expect(unevennessAt(unevennessMap(scaled, DIAMETER / 2), 2, points)[0]).toBeCloseTo(waves, 2);
  });

  it('of a flat image is 0, and of points at or beyond the edge that of the edge', () => {
    const flat = { pixels: new Float32Array(SIDE * SIDE).fill(7), width: SIDE, height: SIDE };
    expect(unevennessAt(unevennessMap(flat, 5), 2, [{ x: -5, y: 500 }])).toEqual([0]);
  });

  it('leaves nothing of a micrograph that is uneven in more than half of it', () => {
    const map = (share: number) => ({
      pixels: Float32Array.from({ length: 100 }, (_, i) => +(i < 100 * share)),
      ...{ width: 10, height: 10, binning: 1 },
    });
    const points = [
      { x: 5, y: 0 },
      { x: 5, y: 9 },
    ];
    expect(onEvenGround(map(0.5), 1, points, 0.5)).toEqual([false, true]);
    expect(onEvenGround(map(0.51), 1, points, 0.5)).toEqual([false, false]);
  });

  it('has a limit above nearly all labelled particles, with less room for more micrographs and more labels', () => {
    const values = Array.from({ length: 101 }, (_, i) => i / 100);
    expect(unevennessLimitOf([values])).toBeCloseTo(0.98 * (3 + 20 / 101), 6);
    expect(unevennessLimitOf([values, [0.1], []])).toBeCloseTo(0.98 * (2 + 20 / 102), 6);
    expect(unevennessLimitOf([[]])).toBeNull();
  });
});

describe('selectParticles', () => {
  const grounds = groundsOf(ground(), PREPARATION, DIAMETER);
  const frame = wholeFrame({ width: 2 * SIDE, height: 2 * SIDE });
  const select = (changes: Partial<Selection>) => {
    const selection = { ...ALL, ...changes };
    return selectParticles(findCandidates(scoreMap, grounds, frame, selection, 0.001), selection);
  };

  it('counts what each filter leaves out', () => {
    const { particles, removed } = select({});
    expect(removed).toEqual({ edge: 1, masked: 0, close: 1, deviation: 0, uneven: 1, sparse: 0, overlap: 2 });
    expect(particles.map(({ score }) => score)).toEqual([expect.closeTo(0.5, 6)]);
  });

  it('leaves out what lies in excluded regions, before neighbours are looked at', () => {
    const isExcluded = ({ y }: { y: number }) => Math.abs(y - 100) < 5;
    const { particles, removed } = select({ isExcluded });
    expect(removed).toMatchObject({ masked: 1, close: 1, overlap: 0 });
    expect(particles.map(({ score }) => score)).toEqual([expect.closeTo(0.7, 6), expect.closeTo(0.5, 6)]);
  });

  it('lowers scores in a nearly empty micrograph, and leaves out what falls below the threshold', () => {
    const selection = { ...ALL, unevennessLimit: null, overlapDistance: null, minDistance: 4 };
    const found = findCandidates(scoreMap, grounds, frame, selection, 0.001);
    const { particles: usual } = selectParticles(found, selection);
    const { particles, removed, leftOut } = selectParticles(found, selection, 0.2);
    expect(removed.sparse).toBe(usual.length - particles.length);
    expect(removed.sparse).toBeGreaterThan(0);
    expect(particles[0].score).toBeLessThan(usual[0].score);
    expect(leftOut.filter(({ filter }) => filter === 'sparse').every(({ score }) => score >= ALL.threshold)).toBe(true);
  });

  it.each([
    ['uneven', { unevennessLimit: null }, 2],
    ['overlap', { overlapDistance: null }, 3],
    ['close', { minDistance: 0, overlapDistance: null }, 4],
    ['edge', { edge: 0 }, 2],
  ] as const)('leaves nothing out for %s where that filter is off', (filter, changes, kept) => {
    const { particles, removed } = select(changes);
    expect(removed[filter]).toBe(0);
    expect(particles).toHaveLength(kept);
  });
});
