/** Projections that are made once and placed often: turned in the plane, at any place between pixels. */

import type { Random } from '../core/random.js';
import { addProjection, randomRotation } from './project.js';
import type { Volume } from './volume.js';

/** A square image of a projection; its middle is the body's centre. */
export interface Sprite {
  readonly pixels: Float32Array;
  readonly side: number;
}

/** Pixels of a sprite for each pixel of the field. */
const FINER = 1.5;

/**
 * Projects a body in some random directions.
 *
 * @param diameter - of the body in pixels of the field
 */
export function spritesOf(volume: Volume, diameter: number, count: number, source: Random): Sprite[] {
  const pixelSize = volume.diameter / (FINER * diameter);
  const side = 2 * Math.ceil((FINER * diameter) / 2) + 7;
  return Array.from({ length: count }, () => {
    const image = { pixels: new Float32Array(side * side), width: side, height: side };
    const centre = { x: (side - 1) / 2, y: (side - 1) / 2 };
    addProjection(image, volume, randomRotation(source), centre, pixelSize);
    return { pixels: image.pixels, side };
  });
}

/**
 * Adds a sprite to a field.
 *
 * @param angle - in the plane, radians
 * @param strength - factor of its values
 */
export function addSprite(
  field: { pixels: Float32Array; width: number; height: number },
  { pixels, side }: Sprite,
  centre: { x: number; y: number },
  angle: number,
  strength: number,
): void {
  const middle = (side - 1) / 2;
  const radius = middle / FINER;
  const [cos, sin] = [FINER * Math.cos(angle), FINER * Math.sin(angle)];
  for (let y = Math.max(0, Math.ceil(centre.y - radius)); y <= Math.min(field.height - 1, centre.y + radius); y++) {
    for (let x = Math.max(0, Math.ceil(centre.x - radius)); x <= Math.min(field.width - 1, centre.x + radius); x++) {
      const [dx, dy] = [x - centre.x, y - centre.y];
      const [u, v] = [middle + cos * dx - sin * dy, middle + sin * dx + cos * dy];
      if (u < 0 || v < 0 || u >= side - 1 || v >= side - 1) continue;
      const [i, j] = [Math.floor(u), Math.floor(v)];
      const [a, b, at] = [u - i, v - j, j * side + i];
      const upper = pixels[at] + a * (pixels[at + 1] - pixels[at]);
      const lower = pixels[at + side] + a * (pixels[at + side + 1] - pixels[at + side]);
      field.pixels[y * field.width + x] += strength * (upper + b * (lower - upper));
    }
  }
}
