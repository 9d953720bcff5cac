/** Preparation: what a micrograph goes through before the network sees it, the same in training and in picking. */

import { ModelError } from '../core/errors.js';
import type { Image } from '../core/micrograph.js';
import { normalise } from '../imaging/normalise.js';
import { resample } from '../imaging/resample.js';
import type { Preparation } from '../network/model.js';

/** A prepared image: binned, flattened, normalised. */
export interface PreparedImage extends Image {
  /** Full-size pixels per prepared pixel. */
  readonly factor: number;
}

/** Standard deviations of the preparation's Gaussian windows, in particle diameters. */
export interface Windows {
  /** What is wider than this is taken for background. */
  readonly background: number;
  /** In this the variance is measured. */
  readonly variance: number;
}

/** Windows unless a recipe has others. */
export const WINDOWS: Windows = { background: 1, variance: 2 };
/** Values are limited to this many standard deviations. */
const LIMIT = 6;
/** A factor this close to a whole number becomes that number: binning is sharper than resampling, and faster. */
const SNAP = 0.05;
/** Pixel sizes that differ by less than this share are the same. */
const SAME_PIXEL_SIZE = 0.002;
/** Pixel sizes that differ by more than this factor are a mistake. */
export const LARGEST_RATIO = 5;
/** Largest prepared image: that of the largest micrograph, unbinned. */
const LARGEST_PREPARED = 2 ** 28;

/**
 * Chooses the preparation for a network: the micrograph is resampled so that some particle diameters fill its box.
 *
 * @param diameter - of the particle in full-size pixels
 * @param box - of the network in prepared pixels
 * @param boxDiameters - particle diameters that fill the box
 */
export function choosePreparation(
  diameter: number,
  box: number,
  boxDiameters: number,
  windows: Windows = WINDOWS,
): Preparation {
  const exact = (boxDiameters * diameter) / box;
  const whole = Math.max(1, Math.round(exact));
  const factor = Math.abs(exact / whole - 1) <= SNAP ? whole : exact;
  const prepared = diameter / factor;
  return {
    factor,
    backgroundSigma: windows.background * prepared,
    varianceSigma: windows.variance * prepared,
    limit: LIMIT,
  };
}

/** Whether pixel sizes in angstroms are near enough to bring one to the other. */
export function isComparable(pixelSize: number, trained: number): boolean {
  const ratio = pixelSize / trained;
  return ratio > 1 / LARGEST_RATIO && ratio < LARGEST_RATIO;
}

/**
 * The factor for one micrograph: that of the model, corrected where the micrograph's pixel size differs.
 *
 * @param trained - angstroms per pixel of the training micrographs, or null
 * @param pixelSize - angstroms per pixel of this micrograph, or null
 * @throws ModelError if the model knows its pixel size and the micrograph does not, or if they are far apart
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
  const ratio = pixelSize / trained;
  if (Math.abs(ratio - 1) < SAME_PIXEL_SIZE) return preparation.factor;
  if (!isComparable(pixelSize, trained)) {
    throw new ModelError({
      what: 'The pixel size of the micrograph is too far from that of the model',
      received: `${pixelSize} A`,
      expected: `between ${trained / LARGEST_RATIO} and ${trained * LARGEST_RATIO} A (the model was trained at ${trained} A)`,
      hint: 'Check the header, or give --pixel-size',
    });
  }
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
 * @throws ModelError if the result would be absurdly large
 */
export function prepare(micrograph: Image, preparation: Preparation, factor: number): Prepared {
  const pixels = (micrograph.width / factor) * (micrograph.height / factor);
  if (!(pixels <= LARGEST_PREPARED)) {
    throw new ModelError({
      what: 'The prepared micrograph would be too large',
      received: `${micrograph.width}x${micrograph.height} pixels resampled by ${factor}: ${pixels.toPrecision(2)} pixels`,
      expected: `at most ${LARGEST_PREPARED}`,
      hint: 'The diameter is very small for the network: choose a preset with a smaller box, or check --diameter',
    });
  }
  const grey = resample(micrograph, factor);
  return { image: { ...normalise(grey, preparation), factor }, grey };
}
