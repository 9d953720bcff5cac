/**
 * Picking without labels: a model that was never trained, whose one kernel is a Laplacian of Gaussian and answers to dark
 * round blobs of the particle's size, as RELION's LoG picker does (Zivanov et al. 2018). It goes through the same line as any
 * model: a bootstrap for labelling, and the baseline that a trained model must beat.
 */

import { boxOfDiameter } from '../core/sizes.js';
import { PROGRAM } from '../core/version.js';
import type { Architecture } from '../network/architecture.js';
import { type Model, UNTRAINED } from '../network/model.js';
import { choosePreparation } from './prepare.js';

/** Side of the kernel's box in prepared pixels, and how many particle diameters fill it. */
const BOX = 40;
const KERNEL_DIAMETERS = 2;
/** The kernel answers 1 standard deviation to white noise of 1; logits are this part of the answer, so scores stay below 1. */
const GAIN = 0.5;
/** Answer that gets the score 0.5. */
const MIDDLE = 4;
/** Where the standard deviation of a LoG lies for a disc: radius / sqrt(2). */
const SIGMA_OF_RADIUS = Math.SQRT1_2;

/**
 * Makes the model.
 *
 * @param diameter - of the particle in full-size pixels
 * @param pixelSize - angstroms per pixel of the micrographs, or null where unknown
 * @param box - side of the kernel in prepared pixels
 */
export function blobModel(diameter: number, pixelSize: number | null, box = BOX): Model {
  const architecture: Architecture = { name: 'blob', box, layers: [{ type: 'fully-connected', units: 1 }] };
  const preparation = choosePreparation(diameter, box, KERNEL_DIAMETERS);
  return {
    architecture,
    weights: { values: kernel(box, diameter / preparation.factor), statistics: new Float32Array(0) },
    metadata: {
      ...UNTRAINED,
      program: PROGRAM,
      preparation,
      pixelSize,
      diameter,
      box: boxOfDiameter(diameter),
      threshold: 0.5,
      thresholdFrom: `an answer of ${MIDDLE} standard deviations of white noise`,
      mustStandOut: false,
      minDistance: 0.6 * diameter,
      smoothing: 0,
      scoring: { step: 1, turns: 1 },
      recipe: 'blob',
      seed: 0,
    },
  };
}

/** Weights of the fully connected layer: the kernel, of mean 0 and sum of squares GAIN^2, and the bias. */
function kernel(box: number, diameter: number): Float32Array {
  const sigma = (SIGMA_OF_RADIUS * diameter) / 2;
  const values = Float64Array.from({ length: box * box }, (_, i) => {
    const [x, y] = [(i % box) - (box - 1) / 2, Math.floor(i / box) - (box - 1) / 2];
    const squared = (x * x + y * y) / (2 * sigma * sigma);
    return -(1 - squared) * Math.exp(-squared);
  });
  const mean = values.reduce((a, b) => a + b) / values.length;
  const norm = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  const weights = new Float32Array(box * box + 1);
  values.forEach((value, i) => {
    weights[i] = (GAIN * (value - mean)) / norm;
  });
  weights[box * box] = -GAIN * MIDDLE;
  return weights;
}
