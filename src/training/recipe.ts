/** Training recipes as data. */

import type { Architecture } from '../network/architecture.js';
import type { Loss } from '../network/gradient-graph.js';
import { PRESETS } from '../network/presets.js';
import { ADAM, type OptimiserSettings } from './optimisers.js';

/**
 * What an epoch shows of each label: its box in all four quarter turns, beside the boxes of random negatives; or patches,
 * which hold many positions each, in a random view.
 */
export type Sampling = { readonly kind: 'turned-boxes' } | PatchSampling;

/** Patches around labels and anywhere; a view is a random quarter turn, mirrored or not, shifted, contrast changed. */
export interface PatchSampling {
  readonly kind: 'patches';
  /** Positions along a patch's side. */
  readonly positions: number;
  /** Patches anywhere for each patch around a label. */
  readonly anywhere: number;
  /** Positions closer than this to a label show a particle, in particle diameters. */
  readonly particleDistance: number;
  /** Patches that an epoch holds at the least: where there are fewer labels, each comes in several views. */
  readonly smallestEpoch: number;
}

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
  /** Boxes (rotated copies counted one by one) or patches a step. */
  readonly batch: number;
  /** Passes over the labels at the most. */
  readonly epochs: number;
  /** Steps after which no further epoch begins, so that many labels do not take longer; null: no limit. */
  readonly mostSteps: number | null;
  /** What the network is shown. */
  readonly sampling: Sampling;
  /** Random negatives for each positive; of patches: their weight for each positive. */
  readonly negativesPerPositive: number;
  /** Smallest distance of a random negative from any particle, in particle diameters. */
  readonly negativeDistance: number;
  /** Standard deviation of the Gaussian that smooths the score map, in particle diameters; 0: none. */
  readonly smoothing: number;
  /** Labels from which on some micrographs are held out: with fewer, none can be spared. */
  readonly holdOutFrom: number;
  /** Which measure the model's threshold is best for. */
  readonly threshold: 'f1' | 'f2';
  /** Whether particles on uneven ground are left out. */
  readonly unevennessFilter: boolean;
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
  sampling: { kind: 'turned-boxes' },
  negativesPerPositive: 1,
  negativeDistance: 0.5,
  smoothing: 0,
  holdOutFrom: 0,
  threshold: 'f2',
  unevennessFilter: false,
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
  batch: 16,
  epochs: 6,
  mostSteps: 1500,
  sampling: { kind: 'patches', positions: 5, anywhere: 1, particleDistance: 0.15, smallestEpoch: 1600 },
  negativesPerPositive: 3,
  negativeDistance: 0.3,
  smoothing: 0.055,
  holdOutFrom: 100,
  threshold: 'f1',
  unevennessFilter: true,
  deviationFilter: 'where-it-helps',
};

/** Recipes by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = { auto: AUTO_RECIPE, deepem: DEEPEM_RECIPE };
