import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import type { Architecture } from '../network/architecture.js';
import { noiseImage } from '../testing/helpers.js';
import { LABEL, labelAt, makeLabelMap } from './label-map.js';
import { prepareLabelled } from './labelled.js';
import { cutPatches, drawPatches, type Patch } from './patches.js';

const ARCHITECTURE: Architecture = {
  name: 'a',
  box: 12,
  layers: [
    { type: 'mean-pool', size: 2 },
    { type: 'mean-pool', size: 2 },
    { type: 'fully-connected', units: 1 },
  ],
};
const PREPARATION = { factor: 2, backgroundSigma: 10, varianceSigma: 20, limit: 6 };
const PARTICLES = [
  { x: 60.5, y: 70.5 },
  { x: 120.5, y: 90.5 },
  { x: 180.5, y: 40.5 },
];
const prepared = prepareLabelled(
  {
    name: 'a',
    micrograph: { ...noiseImage(240, 180, 1), pixelSize: null, warnings: [] },
    particles: PARTICLES,
    negatives: [{ x: 90.5, y: 120.5 }],
  },
  { preparation: PREPARATION, pixelSize: null, box: ARCHITECTURE.box, edge: 20, diameter: 20, unevenness: false },
);
const DISTANCES = { particle: 5, unknown: 8 };
const map = makeLabelMap({ micrograph: prepared, from: 0, to: 150 }, ARCHITECTURE.box, DISTANCES);
const centreOf = (start: number) => 2 * (start + (ARCHITECTURE.box - 1) / 2) + 0.5;

describe('label map', () => {
  it('knows particles, their surroundings, negatives, the margin, and what lies outside the region', () => {
    for (let top = -6; top < 90; top++) {
      for (let left = -6; left < 120; left++) {
        const [x, y] = [centreOf(left), centreOf(top)];
        const distance = Math.min(...PARTICLES.map((p) => Math.hypot(p.x - x, p.y - y)));
        const inside = x >= 20 && x <= 150 && y >= 20 && y <= 159;
        const negative = Math.hypot(90.5 - x, 120.5 - y) <= 5;
        let wanted: number = LABEL.unlabelled;
        if (negative) wanted = LABEL.negative;
        if (distance <= 8) wanted = LABEL.unknown;
        if (distance <= 5) wanted = LABEL.particle;
        if (!inside) wanted = LABEL.unknown;
        expect(labelAt(map, left, top), `${x}, ${y}`).toBe(wanted);
      }
    }
  });

  it('knows nothing but the negatives of a region without labels', () => {
    const only = makeLabelMap(
      { micrograph: { ...prepared, positives: [] }, from: 0, to: 150 },
      ARCHITECTURE.box,
      DISTANCES,
    );
    expect(new Set(only.labels)).toEqual(new Set([LABEL.unknown, LABEL.negative]));
    expect(only.negatives).toHaveLength(1);
  });

  it('lists the particles and the negatives of its region', () => {
    expect(map.negatives.map(({ x, y }) => [centreOf(x), centreOf(y)])).toEqual([
      [expect.closeTo(90.5, -0.4), expect.closeTo(120.5, -0.4)],
    ]);
    expect(map.particles.map(({ x, y }) => [centreOf(x), centreOf(y)])).toEqual([
      [expect.closeTo(60.5, -0.4), expect.closeTo(70.5, -0.4)],
      [expect.closeTo(120.5, -0.4), expect.closeTo(90.5, -0.4)],
    ]);
  });
});

describe('patches', () => {
  const options = { positions: 3, othersPerParticle: 0.5, particleShare: 0.25, turnedShare: 0 };

  it('hold a particle or a negative each, and one more anywhere for every second', () => {
    const patches = drawPatches([map], ARCHITECTURE, options, 10, random(1));
    expect(patches).toHaveLength(30);
    const holds = (patch: Patch, label: number) => {
      const cells = Array.from({ length: options.positions ** 2 }, (_, k) => [k % 3, Math.floor(k / 3)]);
      return cells.some(([i, j]) => labelAt(map, patch.left + 4 * i, patch.top + 4 * j) === label);
    };
    expect(patches.filter((patch) => holds(patch, LABEL.negative)).length).toBeGreaterThanOrEqual(5);
    const withParticle = patches.filter((patch) => {
      return cutPatches([patch], ARCHITECTURE, { ...options, hidden: 0 }).positiveWeights.some((weight) => weight > 0);
    });
    expect(withParticle.length).toBeGreaterThanOrEqual(20);
  });

  it('give particles a quarter of the weight, and turn pixels and positions alike', () => {
    const [left, top] = [map.particles[0].x, map.particles[0].y];
    const plain = { map, left, top, oblique: null, turns: 0, mirrored: false, contrast: 1 };
    const area = 20 * 20;
    for (const [turns, mirrored, at] of [
      [0, false, 0],
      [1, false, 6],
      [2, false, 8],
      [3, false, 2],
      [0, true, 2],
    ] as const) {
      const batch = cutPatches([plain, { ...plain, turns, mirrored }], ARCHITECTURE, { ...options, hidden: 0 });
      expect(batch.positiveWeights[9 + at]).toBeCloseTo(0.125, 6);
      expect(batch.positiveWeights.reduce((a, b) => a + b)).toBeCloseTo(0.25, 6);
      expect(batch.negativeWeights.reduce((a, b) => a + b)).toBeCloseTo(0.75, 5);
      const corner = [0, 19 * 20, 19 * 20 + 19, 19][turns];
      if (!mirrored) expect(batch.patches[area + corner]).toBe(batch.patches[0]);
      else expect(batch.patches[area + 19]).toBe(batch.patches[0]);
    }
  });

  it('are turned by any angle, so many of them as the share says, and their labels with them', () => {
    const patches = drawPatches([map], ARCHITECTURE, { ...options, turnedShare: 0.5 }, 100, random(1));
    const turned = patches.filter(({ oblique }) => oblique !== null);
    expect(Math.abs(turned.length / patches.length - 0.5)).toBeLessThan(0.1);
    expect(Math.max(...turned.map(({ oblique }) => Math.abs(oblique?.angle ?? 0)))).toBeLessThanOrEqual(Math.PI / 4);
    // A particle at the middle position's neighbour along x goes to its neighbour along y.
    const { x, y } = map.particles[0];
    const beside = { map, left: x - 8, top: y - 4, turns: 0, mirrored: false, contrast: 1 };
    const at = (angle: number | null) => {
      const oblique = angle === null ? null : { angle, zoom: 1 };
      const { positiveWeights } = cutPatches([{ ...beside, oblique }], ARCHITECTURE, { ...options, hidden: 0 });
      return positiveWeights.indexOf(Math.max(...positiveWeights));
    };
    expect([at(null), at(0), at(Math.PI / 2), at(-Math.PI / 2)]).toEqual([5, 5, 1, 7]);
  });

  it('weigh what is given as none like any other place without a particle, also where particles are hidden', () => {
    const [{ x, y }] = map.negatives;
    const at = (left: number, top: number) => ({
      ...{ map, left, top, oblique: null, turns: 0, mirrored: false, contrast: 1 },
    });
    const patches = [at(x, y), at(map.particles[0].x, map.particles[0].y)];
    const { negativeWeights } = cutPatches(patches, ARCHITECTURE, { ...options, hidden: 0.2 });
    expect(labelAt(map, x, y)).toBe(LABEL.negative);
    const unlabelled = negativeWeights.filter((weight) => weight > 0).at(-1);
    expect(negativeWeights[0]).toBeCloseTo(unlabelled ?? 0, 7);
    expect(negativeWeights.reduce((a, b) => a + b)).toBeCloseTo(0.75, 5);
  });

  it('take what is hidden among the unlabelled out of the weight of the negatives', () => {
    const patch = {
      map,
      left: map.particles[0].x,
      top: map.particles[0].y,
      oblique: null,
      turns: 0,
      mirrored: false,
      contrast: 1,
    };
    const hidden = 0.2;
    const [without, batch] = [0, hidden].map((share) =>
      cutPatches([patch], ARCHITECTURE, { ...options, hidden: share }),
    );
    const particle = batch.positiveWeights.findIndex((weight) => weight > 0);
    expect(batch.negativeWeights[particle]).toBeCloseTo((-0.75 * hidden) / (1 - hidden), 5);
    const unlabelled = without.negativeWeights.findIndex((weight) => weight > 0);
    expect(batch.negativeWeights[unlabelled]).toBeCloseTo(without.negativeWeights[unlabelled] / (1 - hidden), 5);
    expect(batch.negativeWeights.reduce((a, b) => a + b)).toBeCloseTo(0.75, 5);
  });
});
