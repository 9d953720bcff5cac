/** Grey values for display. */

import type { Image } from '../core/micrograph.js';
import { sampleFinite, selectInPlace } from './statistics.js';

/** Maps an image to 8-bit grey between two percentiles of its values. */
export function toGrey(image: Image, lowPercent = 0.5, highPercent = 99.5): Uint8Array {
  const sample = sampleFinite(image.pixels, 1 << 18);
  const rank = (percent: number) => Math.round((percent / 100) * (sample.length - 1));
  const low = sample.length === 0 ? 0 : selectInPlace(sample, rank(lowPercent));
  const high = sample.length === 0 ? 1 : selectInPlace(sample, rank(highPercent));
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(image.pixels, (value) => Math.min(255, Math.max(0, Math.round((value - low) * scale))));
}
