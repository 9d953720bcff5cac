/** Training recipes as data. */

import { z } from 'zod';
import type { Architecture } from '../network/architecture.js';
import { scoringSchema } from '../network/model.js';
import { PRESETS } from '../network/presets.js';
import { WINDOWS } from '../picking/prepare.js';
import { ADAM, optimiserSchema } from './optimisers.js';

/** Patches around labels and anywhere; a view is turned, mirrored or not, shifted, contrast changed. */
const patchSamplingSchema = z.strictObject({
  kind: z.literal('patches'),
  /** Positions along a patch's side. */
  positions: z.int().min(1).max(16),
  /** Patches for each one around a label that are anywhere, at most half of them around places that were given as no particles. */
  anywhere: z.number().min(0).max(100),
  /** Positions closer than this to a label show a particle, in particle diameters. */
  particleDistance: z.number().gt(0).max(0.5),
  /**
   * Share of the patches that are turned by any angle and zoomed a little, where labels are so few that each comes in several
   * views an epoch; the others are turned by quarters.
   */
  turnedShare: z.number().min(0).max(1).default(0),
  /** Patches that an epoch holds at the least: where there are fewer labels, each comes in several views. */
  smallestEpoch: z.int().min(0).max(1e6),
});

const width = z.number().gt(0).max(100);
/** Of the first step. */
const learningRate = z.number().gt(0).max(100);
/** Passes over the labels at the most. */
const epochs = z.int().min(1).max(100_000);
/** Steps after which no further epoch begins, so that many labels do not take longer; null: no limit. */
const mostSteps = z.int().min(1).nullable();

/** A start from weights that know simulated particles (scripts/pretrain.ts), for the network of preset `wide`. */
const pretrainedSchema = z.strictObject({
  /** As the recipe's: such a start needs fewer. */
  mostSteps,
  /**
   * Schedule for few labels. The network learns to tell what is labelled from everything else: so short a training does not
   * learn the unlabelled particles by heart.
   */
  few: z.strictObject({
    /** With as many labels or more they are not few. */
    fewerThan: z.int().min(1),
    learningRate,
    /** Times that each label is shown, which decides the epochs; null: the recipe's epochs. */
    views: z.int().min(1).nullable(),
  }),
});

/** How a network is trained, but for the network itself. */
export const recipeSettingsSchema = z.strictObject({
  name: z.string().max(80),
  /** Particle diameters that fill the network's box. */
  boxDiameters: z.number().gt(0).max(10),
  /** Widths of the background's and the variance's window in the preparation, in particle diameters. */
  windows: z.strictObject({ background: width, variance: width }).default(WINDOWS),
  loss: z.enum(['squared-error', 'cross-entropy']),
  optimiser: optimiserSchema,
  learningRate,
  /** How the learning rate goes on: as it is, or down to 0 along half a cosine. */
  schedule: z.enum(['constant', 'cosine']),
  /** Boxes (rotated copies counted one by one) or patches a step. */
  batch: z.int().min(1).max(10_000),
  epochs,
  mostSteps,
  /** null: every training starts from random weights. */
  pretrained: pretrainedSchema.nullable().default(null),
  /**
   * Share of the weights that a training started from in those that come out: they keep what few labels cannot show (Wortsman et al. 2022,
   * "Robust fine-tuning of zero-shot models"). 0: none.
   */
  startShare: z.number().min(0).max(1).default(0),
  /**
   * What an epoch shows of each label: its box in all four quarter turns, beside the boxes of random negatives; or patches,
   * which hold many positions each, in a random view.
   */
  sampling: z.union([z.strictObject({ kind: z.literal('turned-boxes') }), patchSamplingSchema]),
  /** Random negatives for each positive; of patches: their weight for each positive. */
  negativesPerPositive: z.number().gt(0).max(1000),
  /** Smallest distance of a random negative from any particle, in particle diameters. */
  negativeDistance: z.number().gt(0).max(2),
  /** Standard deviation of the Gaussian that smooths the score map, in particle diameters; 0: none. */
  smoothing: z.number().min(0).max(1),
  /** Labels from which on some micrographs are held out: with fewer, none can be spared. */
  holdOutFrom: z.int().min(0),
  /** How densely the model scores micrographs: fewer positions and turns are faster, and less exact. */
  scoring: scoringSchema.default({ step: 1, turns: 4 }),
  /** Which measure the model's threshold is best for. */
  threshold: z.enum(['f1', 'f2']),
  /**
   * Slope and intercept of the calibration before held-out labels are seen: what trainings with this recipe come to. null: nothing is known.
   */
  calibrationPrior: z
    .strictObject({
      slope: z.number(),
      intercept: z.number(),
      slopeSd: z.number().gt(0),
      interceptSd: z.number().gt(0),
    })
    .nullable()
    .default(null),
  /** Whether particles on uneven ground are left out. */
  unevennessFilter: z.boolean(),
  /** Whether the standard-deviation filter is part of the model, or only where it improves the held-out picks. */
  deviationFilter: z.enum(['always', 'where-it-helps']),
});

/** How a network is trained, but for the network itself. */
export type RecipeSettings = z.infer<typeof recipeSettingsSchema>;
/** Patches around labels and anywhere. */
export type PatchSampling = z.infer<typeof patchSamplingSchema>;

/** How a network is trained. */
export interface Recipe extends Readonly<RecipeSettings> {
  /** Network where none is named. */
  readonly architecture: Architecture;
}

/** The paper's: squared error, plain gradient descent at rate 1, batch 50, 20 epochs, as many negatives as positives. */
export const DEEPEM_RECIPE: Recipe = {
  name: 'deepem',
  architecture: PRESETS.small,
  boxDiameters: 1.5,
  windows: WINDOWS,
  loss: 'squared-error',
  optimiser: { kind: 'gradient-descent' },
  learningRate: 1,
  schedule: 'constant',
  batch: 50,
  epochs: 20,
  mostSteps: null,
  pretrained: null,
  startShare: 0,
  sampling: { kind: 'turned-boxes' },
  negativesPerPositive: 1,
  negativeDistance: 0.5,
  smoothing: 0,
  scoring: { step: 1, turns: 4 },
  holdOutFrom: 0,
  threshold: 'f2',
  calibrationPrior: null,
  unevennessFilter: false,
  deviationFilter: 'always',
};

const PATCHES: PatchSampling = {
  kind: 'patches',
  positions: 7,
  anywhere: 1,
  particleDistance: 0.15,
  turnedShare: 0.7,
  smallestEpoch: 1600,
};

/** Fewer labels than this are few. */
export const FEW_LABELS = 100;

/** Wider network with batch normalisation, cross-entropy, AdamW, more negatives, random views, smoothed scores. */
export const AUTO_RECIPE: Recipe = {
  name: 'auto',
  architecture: PRESETS.wide,
  boxDiameters: 2,
  windows: { background: 2, variance: 6 },
  loss: 'cross-entropy',
  optimiser: { ...ADAM, weightDecay: 0.01 },
  learningRate: 2e-3,
  schedule: 'cosine',
  batch: 16,
  epochs: 12,
  mostSteps: 1200,
  pretrained: { mostSteps: 900, few: { fewerThan: FEW_LABELS, learningRate: 1e-3, views: 128 } },
  startShare: 0,
  sampling: PATCHES,
  negativesPerPositive: 3,
  negativeDistance: 0.3,
  smoothing: 0.055,
  scoring: { step: 2, turns: 2 },
  holdOutFrom: 100,
  threshold: 'f1',
  calibrationPrior: { slope: 0.85, slopeSd: 0.2, intercept: -1.8, interceptSd: 0.6 },
  unevennessFilter: true,
  deviationFilter: 'where-it-helps',
};

/**
 * For few labels, and for labels that are partly wrong: the general model, which knows particles, learns in a short training to tell what is
 * labelled from everything else, and keeps four tenths of its weights.
 */
export const FEW_LABELS_RECIPE: Recipe = {
  ...AUTO_RECIPE,
  name: 'auto, few labels',
  architecture: PRESETS.general,
  boxDiameters: 4,
  windows: { background: 1.2, variance: 3 },
  // As many steps with many labels: one pass over them, or one that fills this number.
  pretrained: { mostSteps: 50, few: { fewerThan: FEW_LABELS, learningRate: 2e-3, views: 20 } },
  startShare: 0.4,
  sampling: { ...PATCHES, smallestEpoch: 800 },
  scoring: { step: 2, turns: 1 },
};

/** The recipe with so many epochs, from whatever weights it starts, and no limit of steps. */
export function withEpochs(recipe: Recipe, epochs: number): Recipe {
  const { pretrained } = recipe;
  const few = pretrained && { ...pretrained.few, views: null };
  return { ...recipe, epochs, mostSteps: null, pretrained: few && { mostSteps: null, few } };
}

/** Recipes by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = { auto: AUTO_RECIPE, deepem: DEEPEM_RECIPE };
