/** Lengths as users write them: `190A` in angstroms, `108px` in full-size pixels. */

import { UsageError } from './errors.js';

/** A length with its unit. */
export interface Length {
  readonly value: number;
  readonly unit: 'A' | 'px';
}

const LENGTH = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(px|pixels?|A|Å|angstroms?)?\s*$/i;

/**
 * Parses a length.
 *
 * @param text - for example `190A`, `108px`, or with `bareUnit` also `108`
 * @param name - the option, for the error
 * @param bareUnit - the unit of a number without one; where absent such a number is an error that shows both spellings
 * @throws UsageError if the text is not a length
 */
export function parseLength(text: string, name: string, bareUnit?: Length['unit']): Length {
  const match = LENGTH.exec(text);
  const value = Number(match?.[1]);
  const unit = match?.[2] === undefined ? bareUnit : /^p/i.test(match[2]) ? 'px' : 'A';
  if (!match || unit === undefined || !(value >= 0) || (bareUnit === undefined && value === 0)) {
    const number = match ? match[1] : '108';
    throw new UsageError({
      what: `${name} is not a length with a unit`,
      received: `"${text}"`,
      expected: `"${number}px" (full-size pixels) or "${number}A" (angstroms)${bareUnit ? ` or "${number}"` : ''}`,
    });
  }
  return { value, unit };
}

/** A pixel size for an example. */
const EXAMPLE = 1.5;

/**
 * Converts a length to full-size pixels.
 *
 * @param pixelSize - angstroms per pixel, or null where unknown
 * @throws UsageError if the length is in angstroms and no pixel size is known
 */
export function toPixels(length: Length, pixelSize: number | null, name: string): number {
  if (length.unit === 'px') return length.value;
  if (pixelSize === null) {
    throw new UsageError({
      what: `${name} is given in angstroms but the pixel size is unknown`,
      received: `${length.value}A`,
      expected: 'a pixel size in the micrograph, or --pixel-size',
      hint: `Give --pixel-size in angstroms per pixel, or ${name} in pixels: ${length.value} divided by the pixel size (at ${EXAMPLE} A per pixel "${Math.round(length.value / EXAMPLE)}px")`,
    });
  }
  return length.value / pixelSize;
}
