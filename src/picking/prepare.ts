/** Preparation: what a micrograph goes through before the network sees it, the same in training and in picking. */

import { ModelError } from '../errors.js';
import { normalise } from '../imaging/normalise.js';
import { resample } from '../imaging/resample.js';
import type { Image } from '../micrograph.js';
import type { Preparation } from '../network/model.js';

/** A prepared image: binned, flattened, normalised. */
export interface PreparedImage extends Image {
  /** Full-size pixels per prepared pixel. */
  readonly factor: number;
}

/** Windows of the preparation in particle diameters; values limited to this many standard deviations. */
const BACKGROUND_DIAMETERS = 1;
const VARIANCE_DIAMETERS = 2;
const LIMIT = 6;
/** A factor this close to a whole number becomes that number: binning is sharper than resampling, and faster. */
const SNAP = 0.05;
/** Boxes are this many particle diameters wide. */
export const BOX_DIAMETERS = 1.5;
/** Pixel sizes that differ by less than this share are the same. */
const SAME_PIXEL_SIZE = 0.002;

/**
 * Chooses the preparation for a network: the micrograph is resampled so that 1.5 particle diameters fill its box.
 *
 * @param diameter - of the particle in full-size pixels
 * @param box - of the network in prepared pixels
 */
export function choosePreparation(diameter: number, box: number): Preparation {
  const exact = (BOX_DIAMETERS * diameter) / box;
  const whole = Math.max(1, Math.round(exact));
  const factor = Math.abs(exact / whole - 1) <= SNAP ? whole : exact;
  const prepared = diameter / factor;
  return {
    factor,
    backgroundSigma: BACKGROUND_DIAMETERS * prepared,
    varianceSigma: VARIANCE_DIAMETERS * prepared,
    limit: LIMIT,
  };
}

/**
 * The factor for one micrograph: that of the model, corrected where the micrograph's pixel size differs.
 *
 * @param trained - angstroms per pixel of the training micrographs, or null
 * @param pixelSize - angstroms per pixel of this micrograph, or null
 * @throws ModelError if the model knows its pixel size and the micrograph does not
 */
export function factorFor(preparation: Preparation, trained: number | null, pixelSize: number | null): number {
  if (trained === null) return preparation.factor;
  if (pixelSize === null) {
    throw new ModelError({
      what: 'The pixel size of the micrograph is unknown, but the model was trained with one',
      received: 'no pixel size in the file',
      expected: `a pixel size in angstroms (the model's is ${trained})`,
      hint: 'Give --pixel-size',
    });
  }
  if (Math.abs(pixelSize / trained - 1) < SAME_PIXEL_SIZE) return preparation.factor;
  return (preparation.factor * trained) / pixelSize;
}

/** A prepared image, and the grey values it was made of. */
export interface Prepared {
  readonly image: PreparedImage;
  /** The resampled micrograph before background and variance are taken out: what the standard-deviation filter looks at. */
  readonly grey: Image;
}

/**
 * Prepares a micrograph: resamples it, subtracts the background, divides by the local standard deviation.
 *
 * @param factor - full-size pixels per prepared pixel, from `factorFor`
 */
export function prepare(micrograph: Image, preparation: Preparation, factor: number): Prepared {
  const grey = resample(micrograph, factor);
  return { image: { ...normalise(grey, preparation), factor }, grey };
}
