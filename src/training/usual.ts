/** What is usual in the micrographs that a model was trained on. */

import { evenly } from '../core/evenly.js';
import { calibrate } from '../evaluation/calibration.js';
import { wholeFrame } from '../imaging/frame.js';
import type { Model, Usual } from '../network/model.js';
import { areaInDiameters, type LookedAt, spectrumOf, usualOf } from '../picking/usual.js';
import type { PreparedMicrograph } from './labelled.js';
import { candidatesAround, type ScoredRegion } from './scored-region.js';

/** Micrographs whose spectra are taken. */
const MOST_SPECTRA = 8;

/**
 * Measures what is usual.
 *
 * @param model - with its threshold and filters
 * @param scored - regions whose whole micrographs are looked at
 * @param micrographs - all that were trained on or held out
 */
export function measureUsual(
  model: Model,
  scored: readonly ScoredRegion[],
  micrographs: readonly PreparedMicrograph[],
): Usual | null {
  const found = scored.map((one) => lookedAt(model, one));
  return usualOf(
    evenly(micrographs, MOST_SPECTRA).map(({ image }) => spectrumOf(image)),
    found,
  );
}

function lookedAt(model: Model, one: ScoredRegion): LookedAt {
  const { calibration, threshold, diameter } = model.metadata;
  const { micrograph } = one.region;
  return {
    scores: candidatesAround(model, one, model.metadata).map(({ score }) => calibrate(calibration, score)),
    threshold,
    area: areaInDiameters(wholeFrame(micrograph), micrograph.edge, micrograph.scale * diameter),
  };
}
