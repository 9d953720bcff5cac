/** Training recipes as data. */

import type { Loss } from '../network/gradient-graph.js';
import type { OptimiserSettings } from './optimisers.js';

/** How a network is trained. */
export interface Recipe {
  readonly name: string;
  readonly loss: Loss;
  readonly optimiser: OptimiserSettings;
  readonly learningRate: number;
  /** Boxes a step, rotated copies counted one by one. */
  readonly batch: number;
  readonly epochs: number;
  /** Random negatives for each positive. */
  readonly negativesPerPositive: number;
  /** Smallest distance of a random negative from any particle, in particle diameters. */
  readonly negativeDistance: number;
}

/** The paper's: squared error, plain gradient descent at rate 1, batch 50, 20 epochs, as many negatives as positives. */
export const DEEPEM_RECIPE: Recipe = {
  name: 'deepem',
  loss: 'squared-error',
  optimiser: { kind: 'gradient-descent' },
  learningRate: 1,
  batch: 50,
  epochs: 20,
  negativesPerPositive: 1,
  negativeDistance: 0.5,
};

/** Recipes by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = { deepem: DEEPEM_RECIPE };
