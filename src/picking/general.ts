/**
 * The general model: a network that knows particles of any protein from simulated ones, made ready for one particle diameter.
 * docs/general-model.md is its card.
 */

import type { Model } from '../network/model.js';
import type { Weights } from '../network/parameters.js';
import { PRESETS } from '../network/presets.js';
import { boxOfDiameter } from '../sizes.js';
import { PROGRAM } from '../version.js';
import { choosePreparation } from './prepare.js';

/** What its training and its use must have in common: particle diameters that fill the box, and windows in diameters. */
export const GENERAL = {
  boxDiameters: 4,
  windows: { background: 1.2, variance: 3 },
} as const;

/** Standard deviation of the Gaussian that smooths the score map, and smallest distance of two picks, in diameters. */
const SMOOTHING = 0.05;
const MIN_DISTANCE = 0.5;

/**
 * Makes the model for a particle.
 *
 * @param diameter - of the particle in full-size pixels
 * @param pixelSize - angstroms per pixel of the micrographs, or null where unknown
 */
export function generalModel(weights: Weights, diameter: number, pixelSize: number | null): Model {
  const architecture = PRESETS.general;
  const preparation = choosePreparation(diameter, architecture.box, GENERAL.boxDiameters, GENERAL.windows);
  return {
    architecture,
    weights,
    metadata: {
      program: PROGRAM,
      preparation,
      pixelSize,
      diameter,
      box: boxOfDiameter(diameter),
      threshold: 0.5,
      thresholdFrom: 'simulated fields',
      thresholds: null,
      calibration: null,
      calibrationError: null,
      prevalence: null,
      usual: null,
      objective: 'positive-negative',
      minDistance: MIN_DISTANCE * diameter,
      smoothing: (SMOOTHING * diameter) / preparation.factor,
      deviationRange: null,
      unevennessLimit: null,
      scoring: { step: 2, turns: 1 },
      recipe: 'general',
      labels: { positives: 0, negatives: 0, heldOutPositives: 0, micrographs: 0, heldOutMicrographs: 0 },
      accuracy: null,
      chance: null,
      epochs: 0,
      seed: 0,
    },
  };
}
