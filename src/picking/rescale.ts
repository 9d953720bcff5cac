/** The same model for another magnification. */

import type { Model } from '../network/model.js';
import { evenBox } from '../sizes.js';

/**
 * A model for micrographs in which the particle has another diameter than in those it was trained on, whatever pixel sizes
 * say.
 *
 * @param diameter - in full-size pixels of those micrographs
 */
export function rescaleModel(model: Model, diameter: number): Model {
  const { metadata } = model;
  const ratio = diameter / metadata.diameter;
  return {
    ...model,
    metadata: {
      ...metadata,
      pixelSize: null,
      diameter,
      preparation: { ...metadata.preparation, factor: metadata.preparation.factor * ratio },
      minDistance: metadata.minDistance * ratio,
      box: evenBox(metadata.box * ratio),
    },
  };
}
