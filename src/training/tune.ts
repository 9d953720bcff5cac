/**
 * Search of architecture and hyper-parameters by cross-validation over micrographs. Settings are drawn at random around a
 * recipe (Bergstra & Bengio 2012), which is itself the first trial; a trial that falls behind the best is given up after
 * its first folds. This part draws and compares; training is done by the caller.
 */

import { type Random, random, shuffle } from '../core/random.js';
import type { Architecture, Layer } from '../network/architecture.js';
import { AUTO_RECIPE, type Recipe, type RecipeSettings } from './recipe.js';
import { hasPretrainedStart } from './start.js';

/** What one trial trains with. */
export interface Trial {
  readonly number: number;
  readonly architecture: Architecture;
  readonly recipe: RecipeSettings;
}

/** What one fold of a trial found on the micrographs that it held out. */
export interface FoldScore {
  readonly trial: number;
  readonly fold: number;
  readonly averagePrecision: number;
  readonly bestF1: number;
  readonly seconds: number;
}

/** Choices of each setting. */
const SPACE = {
  box: [
    { side: 40, diameters: 1.5 },
    { side: 48, diameters: 1.75 },
    { side: 56, diameters: 2 },
  ],
  maps: [
    [8, 16, 16],
    [12, 24, 24],
    [16, 32, 32],
    [24, 32, 48],
  ],
  dropout: [0.1, 0.3, 0.5],
  learningRate: [1e-3, 2e-3, 4e-3],
  weightDecay: [0.001, 0.01, 0.1],
  negativesPerPositive: [1, 3, 6],
  anywhere: [0.5, 1, 2],
  particleDistance: [0.1, 0.15, 0.2],
  negativeDistance: [0.25, 0.3, 0.4],
  smoothing: [0.03, 0.055, 0.08],
  epochs: [3, 6, 9],
} as const;
const KERNELS = [9, 5, 3] as const;
const STREAM = { folds: 20, trials: 21 } as const;
/** A trial is given up when its mean falls this far behind that of the best trial on the same folds. */
const BEHIND = 0.02;

/** The trials of a seed, without end; the first one is the recipe given as it is, `auto` by default. */
export function* drawTrials(seed: number, base: Recipe = AUTO_RECIPE): Generator<Trial, never> {
  const { architecture, ...recipe } = base;
  yield { number: 0, architecture, recipe };
  const source = random(seed, STREAM.trials);
  for (let number = 1; ; number++) yield { number, ...drawSettings(source, base, number) };
}

function drawSettings(source: Random, base: Recipe, number: number): Omit<Trial, 'number'> {
  const draw = <T>(choices: readonly T[]): T => choices[source.integer(choices.length)];
  const box = draw(SPACE.box);
  const maps = draw(SPACE.maps);
  const dropout = draw(SPACE.dropout);
  const { architecture: _, ...recipe } = base;
  const pretrained = draw([hasPretrainedStart(base, base.architecture) ? base.pretrained : null, null]);
  const decay = base.optimiser.kind === 'adamw' && { weightDecay: draw(SPACE.weightDecay) };
  const learningRate = draw(SPACE.learningRate);
  return {
    architecture: pretrained
      ? withDropout(base.architecture, `tuned-${number}`, dropout)
      : buildArchitecture(`tuned-${number}`, box.side, maps, dropout),
    recipe: {
      ...recipe,
      name: `tuned-${number}`,
      boxDiameters: pretrained ? base.boxDiameters : box.diameters,
      pretrained: pretrained && { ...pretrained, few: { ...pretrained.few, learningRate, views: null } },
      optimiser: { ...base.optimiser, ...decay },
      learningRate,
      negativesPerPositive: draw(SPACE.negativesPerPositive),
      negativeDistance: draw(SPACE.negativeDistance),
      smoothing: draw(SPACE.smoothing),
      epochs: draw(SPACE.epochs),
      ...(recipe.sampling.kind === 'patches' && {
        sampling: {
          ...recipe.sampling,
          anywhere: draw(SPACE.anywhere),
          particleDistance: draw(SPACE.particleDistance),
        },
      }),
    },
  };
}

function buildArchitecture(name: string, box: number, maps: readonly number[], dropout: number): Architecture {
  const layers = maps.flatMap((count, i): Layer[] => [
    { type: 'convolution', maps: count, kernel: KERNELS[i] },
    { type: 'batch-normalisation' },
    { type: 'relu' },
    { type: 'mean-pool', size: 2 },
  ]);
  return { name, box, layers: [...layers, { type: 'dropout', rate: dropout }, { type: 'fully-connected', units: 1 }] };
}

function withDropout({ box, layers }: Architecture, name: string, rate: number): Architecture {
  return { name, box, layers: layers.map((layer) => (layer.type === 'dropout' ? { ...layer, rate } : layer)) };
}

/** Deals micrographs into folds: each is held out in exactly one. */
export function dealFolds(names: readonly string[], folds: number, seed: number): string[][] {
  const order = shuffle([...names], random(seed, STREAM.folds));
  return Array.from({ length: Math.min(folds, names.length) }, (_, fold) => order.filter((_, i) => i % folds === fold));
}

/** What trials are compared by: the mean of average precision and best F1. */
export function meanScore(scores: readonly FoldScore[]): number {
  return scores.reduce((sum, score) => sum + (score.averagePrecision + score.bestF1) / 2, 0) / scores.length;
}

/** True where a trial need not go on: the best finished one is well ahead on the same folds. */
export function isBehind(trial: readonly FoldScore[], best: readonly FoldScore[]): boolean {
  const folds = new Set(trial.map(({ fold }) => fold));
  return trial.length > 0 && meanScore(trial) < meanScore(best.filter(({ fold }) => folds.has(fold))) - BEHIND;
}

/** The finished trial with the highest mean score; null before one has finished. */
export function bestTrial(scores: readonly FoldScore[], folds: number): FoldScore[] | null {
  const trials = new Map<number, FoldScore[]>();
  for (const score of scores) trials.set(score.trial, [...(trials.get(score.trial) ?? []), score]);
  const finished = [...trials.values()].filter((trial) => trial.length === folds);
  return finished.reduce<FoldScore[] | null>(
    (best, trial) => (best && meanScore(best) >= meanScore(trial) ? best : trial),
    null,
  );
}
