/** Order statistics and moments of pixels. */

/**
 * The k-th smallest value (0-based), by quickselect; the array is reordered.
 *
 * @throws RangeError if `k` is outside the array
 */
export function selectInPlace(values: Float32Array | Float64Array, k: number): number {
  if (!(k >= 0 && k < values.length)) throw new RangeError(`rank ${k} of ${values.length} values`);
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const held = values[i];
        values[i++] = values[j];
        values[j--] = held;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}

/** The median (the upper one of an even number); NaN for no values. The array is reordered. */
export function medianInPlace(values: Float32Array | Float64Array): number {
  return values.length === 0 ? Number.NaN : selectInPlace(values, values.length >> 1);
}

/** A percentile in 0..100 by linear interpolation; NaN for no values. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const rank = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}

/** At most `limit` finite values, evenly spaced over the pixels. */
export function sampleFinite(pixels: Float32Array, limit: number): Float32Array {
  const stride = Math.max(1, Math.floor(pixels.length / limit));
  const sample = new Float32Array(Math.ceil(pixels.length / stride));
  let count = 0;
  for (let i = 0; i < pixels.length; i += stride) if (Number.isFinite(pixels[i])) sample[count++] = pixels[i];
  return sample.subarray(0, count);
}

/** Pixels that show median and deviation to some 0.3 %. */
const ROBUST_SAMPLE = 1 << 18;

/** Median and robust standard deviation (1.4826 times the median absolute deviation) of an even sample of the pixels. */
export function robustStatistics(pixels: Float32Array): { median: number; sd: number } {
  const sample = sampleFinite(pixels, ROBUST_SAMPLE);
  const median = medianInPlace(sample);
  for (let i = 0; i < sample.length; i++) sample[i] = Math.abs(sample[i] - median);
  return { median, sd: 1.4826 * medianInPlace(sample) };
}
