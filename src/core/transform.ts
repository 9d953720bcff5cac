/** Changes of convention: how centres are moved from one program's pixels to another's. */

import { UsageError } from './errors.js';
import type { Particle } from './particle.js';

/** Changes in the order in which they are made. */
export interface Transform {
  /** Columns and rows exchanged. */
  readonly swap: boolean;
  /** Factor of both coordinates. */
  readonly scale: number;
  /** Pixels added, for example half a box where the corner was taken for the centre. */
  readonly shift: { readonly x: number; readonly y: number };
  /** Columns counted from the last one. */
  readonly flipX: boolean;
  /** Rows counted from the last one. */
  readonly flipY: boolean;
}

/** Nothing is changed. */
export const IDENTITY: Transform = { swap: false, scale: 1, shift: { x: 0, y: 0 }, flipX: false, flipY: false };

/**
 * Moves particles: swap, scale, shift, then flips about the middle of the micrograph (row y becomes height - 1 - y).
 *
 * @param size - of the full-size micrograph; needed for flips
 * @throws UsageError if there is a flip and no size
 */
export function transform(
  particles: readonly Particle[],
  { swap, scale, shift, flipX, flipY }: Transform,
  size: { readonly width: number; readonly height: number } | null,
): Particle[] {
  if ((flipX || flipY) && !size) {
    throw new UsageError({
      what: 'A flip needs the size of the micrograph',
      received: 'no micrograph of that name',
      expected: '--micrographs with every micrograph that is flipped',
    });
  }
  const { width, height } = size ?? { width: 0, height: 0 };
  return particles.map((particle) => {
    const x = (swap ? particle.y : particle.x) * scale + shift.x;
    const y = (swap ? particle.x : particle.y) * scale + shift.y;
    return { ...particle, x: flipX ? width - 1 - x : x, y: flipY ? height - 1 - y : y };
  });
}

/** The options of `deepem convert` that make the changes; empty where there are none. */
export function describeTransform({ swap, scale, shift, flipX, flipY }: Transform): string {
  return [
    swap && '--swap',
    scale !== 1 && `--scale ${Number(scale.toFixed(6))}`,
    (shift.x !== 0 || shift.y !== 0) && `--shift ${shift.x},${shift.y}`,
    flipX && '--flip-x',
    flipY && '--flip-y',
  ]
    .filter(Boolean)
    .join(' ');
}
