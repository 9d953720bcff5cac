/** Background flattening and local normalisation: every part of the image gets mean 0 and standard deviation 1. */

import type { Image } from '../core/micrograph.js';
import { blur, blurInto } from './blur.js';

/** Widths of the windows, in pixels of the image. */
export interface NormaliseOptions {
  /** Standard deviation of the Gaussian that is taken for the background. */
  backgroundSigma: number;
  /** Standard deviation of the Gaussian window in which the variance is measured. */
  varianceSigma: number;
  /** Values are limited to plus or minus this many standard deviations. */
  limit: number;
}

/** Standard deviations below this share of the image's own count as this share: flat areas are not blown up. */
const FLOOR = 0.1;

/**
 * Subtracts the background and divides by the local standard deviation.
 *
 * out = clamp((p - blur(p)) / max(sqrt(blur((p - blur(p))^2)), 0.1 * sd))
 */
export function normalise(image: Image, { backgroundSigma, varianceSigma, limit }: NormaliseOptions): Image {
  const { width, height } = image;
  const flat = blur(image, backgroundSigma).pixels;
  const variance = new Float32Array(flat.length);
  let total = 0;
  for (let i = 0; i < flat.length; i++) {
    flat[i] = image.pixels[i] - flat[i];
    variance[i] = flat[i] * flat[i];
    total += variance[i];
  }
  const floor = Math.max(FLOOR * Math.sqrt(total / flat.length), Number.MIN_VALUE);
  blurInto(variance, { pixels: variance, width, height }, varianceSigma);
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i] / Math.max(Math.sqrt(Math.max(0, variance[i])), floor);
    flat[i] = Math.min(limit, Math.max(-limit, value));
  }
  return { pixels: flat, width, height };
}
