import { describe, expect, it } from 'vitest';
import { layerShapes } from '../network/architecture.js';
import { AUTO_RECIPE, recipeSettingsSchema } from './recipe.js';
import { hasPretrainedStart } from './start.js';
import { bestTrial, dealFolds, drawTrials, type FoldScore, isBehind, type Trial } from './tune.js';

function take(seed: number, count: number): Trial[] {
  const trials: Trial[] = [];
  for (const trial of drawTrials(seed)) {
    if (trials.length === count) break;
    trials.push(trial);
  }
  return trials;
}

const score = (trial: number, fold: number, value: number): FoldScore => ({
  ...{ trial, fold, seconds: 1 },
  averagePrecision: value,
  bestF1: value,
});

describe('tuning', () => {
  it('begins with the recipe auto, repeats for a seed, and draws valid trials that differ', () => {
    const trials = take(1, 40);
    expect(trials[0].architecture).toEqual(AUTO_RECIPE.architecture);
    expect(take(1, 40)).toEqual(trials);
    expect(take(2, 3)[2]).not.toEqual(trials[2]);
    expect(new Set(trials.map(({ architecture }) => JSON.stringify(architecture.layers))).size).toBeGreaterThan(5);
    const starts = trials.filter(({ architecture, recipe }) => hasPretrainedStart(recipe, architecture));
    expect(starts.length).toBeGreaterThan(5);
    expect(new Set(starts.slice(1).map(({ recipe }) => recipe.pretrained?.few.learningRate)).size).toBeGreaterThan(1);
    for (const { recipe } of starts.slice(1))
      expect(recipe.pretrained?.few).toMatchObject({ learningRate: recipe.learningRate, views: null });
    for (const { architecture, recipe } of trials) {
      expect(() => layerShapes(architecture)).not.toThrow();
      expect(recipeSettingsSchema.safeParse(recipe).success).toBe(true);
    }
  });

  it('holds out each micrograph once', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const folds = dealFolds(names, 3, 5);
    expect(folds.map((fold) => fold.length)).toEqual([3, 2, 2]);
    expect(folds.flat().sort()).toEqual(names);
    expect(dealFolds(['a', 'b'], 3, 5)).toHaveLength(2);
  });

  it('takes the best finished trial, and gives up one that is behind it on the same folds', () => {
    const scores = [score(0, 0, 0.9), score(0, 1, 0.5), score(1, 0, 0.8), score(1, 1, 0.7), score(2, 0, 0.99)];
    const best = bestTrial(scores, 2);
    expect(best?.[0].trial).toBe(1);
    expect(bestTrial(scores.slice(4), 2)).toBeNull();
    if (!best) throw new Error('no best trial');
    expect(isBehind([score(3, 0, 0.77)], best)).toBe(true);
    expect(isBehind([score(3, 0, 0.79)], best)).toBe(false);
    expect(isBehind([], best)).toBe(false);
  });
});
