/** The same model for another magnification. */

import type { Model } from '../network/model.js';

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
      box: 2 * Math.max(1, Math.round((metadata.box * ratio) / 2)),
    },
  };
}
