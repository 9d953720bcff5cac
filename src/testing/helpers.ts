/** Helpers that the tests share. Not part of the package. */

import { expect } from 'vitest';
import type { Image } from '../core/micrograph.js';
import { random } from '../core/random.js';

/** Largest absolute difference of two arrays of equal length. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** An image of seeded noise with mean 0 and standard deviation 1. */
export function noiseImage(width: number, height: number, seed: number): Image {
  const source = random(seed);
  return { pixels: Float32Array.from({ length: width * height }, () => source.normal()), width, height };
}
