/** Training recipes as data. */

import type { Architecture } from '../network/architecture.js';
import type { Loss } from '../network/gradient-graph.js';
import { PRESETS } from '../network/presets.js';
import { ADAM, type OptimiserSettings } from './optimisers.js';

/** How a network is trained. */
export interface Recipe {
  readonly name: string;
  /** Network where none is named. */
  readonly architecture: Architecture;
  /** Particle diameters that fill the network's box. */
  readonly boxDiameters: number;
  readonly loss: Loss;
  readonly optimiser: OptimiserSettings;
  /** Of the first step. */
  readonly learningRate: number;
  /** How the learning rate goes on: as it is, or down to 0 along half a cosine. */
  readonly schedule: 'constant' | 'cosine';
  /** Boxes a step, rotated copies counted one by one. */
  readonly batch: number;
  /** Passes over the boxes at the most. */
  readonly epochs: number;
  /** Steps after which no further epoch begins, so that many labels do not take longer; null: no limit. */
  readonly mostSteps: number | null;
  /** Boxes that an epoch holds at the least: where there are fewer, each comes in several views. */
  readonly smallestEpoch: number;
  /**
   * What an epoch holds of each box: all four quarter turns; or one view drawn anew, with a random quarter turn, perhaps
   * mirrored, shifted by up to one prepared pixel, with its contrast changed a little.
   */
  readonly views: 'four-turns' | 'random';
  /** Random negatives for each positive. */
  readonly negativesPerPositive: number;
  /** Smallest distance of a random negative from any particle, in particle diameters. */
  readonly negativeDistance: number;
  /** Standard deviation of the Gaussian that smooths the score map, in particle diameters; 0: none. */
  readonly smoothing: number;
  /** Whether the standard-deviation filter is part of the model, or only where it improves the held-out picks. */
  readonly deviationFilter: 'always' | 'where-it-helps';
}

/** The paper's: squared error, plain gradient descent at rate 1, batch 50, 20 epochs, as many negatives as positives. */
export const DEEPEM_RECIPE: Recipe = {
  name: 'deepem',
  architecture: PRESETS.small,
  boxDiameters: 1.5,
  loss: 'squared-error',
  optimiser: { kind: 'gradient-descent' },
  learningRate: 1,
  schedule: 'constant',
  batch: 50,
  epochs: 20,
  mostSteps: null,
  smallestEpoch: 0,
  views: 'four-turns',
  negativesPerPositive: 1,
  negativeDistance: 0.5,
  smoothing: 0,
  deviationFilter: 'always',
};

/** Wider network with batch normalisation, cross-entropy, AdamW, more negatives, random views, smoothed scores. */
export const AUTO_RECIPE: Recipe = {
  name: 'auto',
  architecture: PRESETS.wide,
  boxDiameters: 2,
  loss: 'cross-entropy',
  optimiser: { ...ADAM, weightDecay: 0.01 },
  learningRate: 2e-3,
  schedule: 'cosine',
  batch: 100,
  epochs: 12,
  mostSteps: 1200,
  smallestEpoch: 4000,
  views: 'random',
  negativesPerPositive: 3,
  negativeDistance: 0.3,
  smoothing: 0.055,
  deviationFilter: 'where-it-helps',
};

/** Recipes by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = { auto: AUTO_RECIPE, deepem: DEEPEM_RECIPE };
