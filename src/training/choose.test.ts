import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import { groundsOf } from '../picking/selection.js';
import { noiseImage } from '../testing/helpers.js';
import { choose } from './choose.js';
import { AUTO_RECIPE } from './recipe.js';
import type { ScoredRegion } from './scored-region.js';

const [SIDE, DIAMETER, SPACING] = [1000, 20, 50];
const blob = blobModel(DIAMETER, null);
const MODEL: Model = {
  ...blob,
  metadata: { ...blob.metadata, deviationRange: { min: 0, max: 1, unit: 'median' }, unevennessLimit: null },
};

/** Particles on a grid, some missed, each with a false pick 0.55 diameters beside it; the first so many of them are labelled and in the region. */
function region(labels: number): ScoredRegion {
  const source = random(2);
  const pixels = new Float32Array(SIDE * SIDE);
  const all = Array.from({ length: 400 }, (_, i) => ({
    x: 25 + SPACING * Math.floor(i / 20),
    y: 25 + SPACING * (i % 20),
  }));
  for (const { x, y } of all) {
    const score = 0.5 + 0.45 * source.uniform();
    if (source.uniform() < 0.9) pixels[y * SIDE + x] = score;
    pixels[y * SIDE + x + Math.round(0.55 * DIAMETER)] = score - 0.2 * source.uniform();
  }
  const positives = all.slice(0, labels);
  const grey = noiseImage(SIDE, SIDE, 1);
  const micrograph = {
    ...{ name: 'm', image: { ...grey, factor: 1 }, grey, scale: 1, width: SIDE, height: SIDE, edge: 0 },
    ...{ positives, avoid: positives, unsure: [], negatives: [], deviations: [], unevenness: [], warnings: [] },
  };
  const last = Math.max(...positives.map(({ x }) => x));
  return {
    region: { micrograph, from: 0, to: last + SPACING / 2 - 1 },
    scoreMap: { pixels, width: SIDE, height: SIDE, step: 1, origin: 0, factor: 1 },
    grounds: groundsOf(grey, MODEL.metadata.preparation, DIAMETER),
    noise: null,
  };
}

function choiceOf(labels: number) {
  const chosen = choose(MODEL, [region(labels)], { recipe: AUTO_RECIPE, seed: 1 });
  if ('unchosen' in chosen) throw new Error(chosen.unchosen);
  return chosen.choice;
}

describe('choose', () => {
  it('keeps the usual distance and filters where labels are few, whatever they seem to show', () => {
    expect(choiceOf(20)).toMatchObject({ minDistance: 0.5 * DIAMETER, deviationRange: null, unevennessLimit: null });
  });

  it('takes a larger distance where many labels show that it gains', () => {
    expect(choiceOf(400).minDistance).toBeGreaterThanOrEqual(0.6 * DIAMETER);
  });

  it('leaves the calibration near what trainings come to where labels are five, and says no error or share of particles', () => {
    const { calibration, calibrationError, prevalence } = choiceOf(5);
    const prior = AUTO_RECIPE.calibrationPrior;
    expect(Math.abs((calibration?.slope ?? 0) - (prior?.slope ?? 0))).toBeLessThan(2 * (prior?.slopeSd ?? 0));
    expect([calibrationError, prevalence]).toEqual([null, null]);
  });

  it('says why nothing can be chosen', () => {
    const one = region(20);
    const empty = { ...one, region: { ...one.region, micrograph: { ...one.region.micrograph, positives: [] } } };
    expect(choose(MODEL, [empty], { recipe: AUTO_RECIPE, seed: 1 })).toEqual({
      unchosen: 'candidates for 0 held-out labels',
    });
  });
});
