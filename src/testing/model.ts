/** A model that needs no training: one kernel that looks for dark round blobs. */

import type { Architecture } from '../network/architecture.js';
import type { Model } from '../network/model.js';

/** Logits stay small, so that the score is never saturated. */
const LARGEST_LOGIT = 2;

/**
 * Makes the model.
 *
 * @param box - side of the network's box in prepared pixels
 * @param factor - full-size pixels per prepared pixel
 * @param diameter - of the blobs in full-size pixels
 */
export function blobModel(box: number, factor: number, diameter: number): Model {
  const architecture: Architecture = { name: 'blob', box, layers: [{ type: 'fully-connected', units: 1 }] };
  const sigma = diameter / factor / 4;
  const values = new Float32Array(box * box + 1);
  for (let i = 0; i < box * box; i++) {
    const [x, y] = [(i % box) - (box - 1) / 2, Math.floor(i / box) - (box - 1) / 2];
    const squared = (x * x + y * y) / (2 * sigma * sigma);
    values[i] = -(1 - squared) * Math.exp(-squared);
  }
  const total = values.reduce((sum, value) => sum + Math.abs(value), 0);
  for (let i = 0; i < values.length; i++) values[i] *= LARGEST_LOGIT / total;
  const prepared = diameter / factor;
  return {
    architecture,
    weights: { values, statistics: new Float32Array(0) },
    metadata: {
      program: 'test',
      preparation: { factor, backgroundSigma: 2 * prepared, varianceSigma: 4 * prepared, limit: 6 },
      pixelSize: null,
      diameter,
      box: 2 * Math.round((1.5 * diameter) / 2),
      threshold: 0.6,
      thresholdFrom: 'test',
      minDistance: diameter / 2,
      deviationRange: null,
      recipe: 'test',
      labels: { positives: 0, negatives: 0, heldOutPositives: 0, micrographs: 0, heldOutMicrographs: 0 },
      accuracy: null,
      epochs: 0,
      seed: 0,
    },
  };
}
