/** The same model for another magnification. */

import { evenBox } from '../core/sizes.js';
import type { Model } from '../network/model.js';

/**
 * A model for micrographs in which the particle has another diameter than in those it was trained on, whatever pixel sizes
 * say.
 *
 * @param diameter - in full-size pixels of those micrographs
 * @param pixelSize - angstroms per pixel that the diameter refers to; null (the default): it is as many pixels in every micrograph
 */
export function rescaleModel(model: Model, diameter: number, pixelSize: number | null = null): Model {
  const { metadata } = model;
  const ratio = diameter / metadata.diameter;
  return {
    ...model,
    metadata: {
      ...metadata,
      pixelSize,
      diameter,
      preparation: { ...metadata.preparation, factor: metadata.preparation.factor * ratio },
      minDistance: metadata.minDistance * ratio,
      box: evenBox(metadata.box * ratio),
    },
  };
}
