/** Projections of volumes in any direction, with sub-pixel shifts. */

import type { Random } from '../core/random.js';
import type { Volume } from './volume.js';

/** A rotation as a 3x3 matrix, row by row. */
export type Rotation = readonly number[];

/** A rotation drawn evenly from all (a random unit quaternion; Shoemake 1992). */
export function randomRotation(random: Random): Rotation {
  const q = [random.normal(), random.normal(), random.normal(), random.normal()];
  const norm = Math.hypot(...q);
  const [w, x, y, z] = q.map((value) => value / norm);
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
}

/** How bodies lie: in any direction; on their side, with the axis of the volume (z) in the plane of the image; or upright. */
export type View = 'any' | 'side' | 'top';

/** A random rotation of a view. */
export function rotationOf(view: View, random: Random): Rotation {
  if (view === 'any') return randomRotation(random);
  const turn = (angle: number): Rotation => [
    Math.cos(angle),
    -Math.sin(angle),
    0,
    Math.sin(angle),
    Math.cos(angle),
    0,
    0,
    0,
    1,
  ];
  const tilt: Rotation = view === 'top' ? [1, 0, 0, 0, 1, 0, 0, 0, 1] : [1, 0, 0, 0, 0, -1, 0, 1, 0];
  const [inPlane, roll] = [2 * Math.PI * random.uniform(), 2 * Math.PI * random.uniform()];
  return multiply(turn(roll), multiply(tilt, turn(inPlane)));
}

function multiply(a: Rotation, b: Rotation): Rotation {
  return a.map((_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

/**
 * Adds the projection of a volume to an image.
 *
 * @param centre - of the particle in pixels of the image; need not be whole
 * @param pixelSize - angstroms per pixel of the image
 */
export function addProjection(
  image: { pixels: Float32Array; width: number; height: number },
  volume: Volume,
  rotation: Rotation,
  centre: { x: number; y: number },
  pixelSize: number,
): void {
  const radius = volume.diameter / 2 / pixelSize + 2;
  const depth = Math.ceil(volume.diameter / 2 / volume.voxelSize) + 1;
  const scale = pixelSize / volume.voxelSize;
  for (let y = Math.max(0, Math.ceil(centre.y - radius)); y <= Math.min(image.height - 1, centre.y + radius); y++) {
    for (let x = Math.max(0, Math.ceil(centre.x - radius)); x <= Math.min(image.width - 1, centre.x + radius); x++) {
      const [u, v] = [(x - centre.x) * scale, (y - centre.y) * scale];
      if (u * u + v * v > (radius * scale) ** 2) continue;
      image.pixels[y * image.width + x] += integrate(volume, rotation, u, v, depth);
    }
  }
}

/** Sum of the density along the line of sight through (u, v), in voxels. */
function integrate(volume: Volume, r: Rotation, u: number, v: number, depth: number): number {
  const middle = (volume.side - 1) / 2;
  let sum = 0;
  for (let w = -depth; w <= depth; w++) {
    const x = r[0] * u + r[1] * v + r[2] * w + middle;
    const y = r[3] * u + r[4] * v + r[5] * w + middle;
    const z = r[6] * u + r[7] * v + r[8] * w + middle;
    sum += trilinear(volume, x, y, z);
  }
  return sum;
}

function trilinear({ values, side }: Volume, x: number, y: number, z: number): number {
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (i < 0 || j < 0 || k < 0 || i >= side - 1 || j >= side - 1 || k >= side - 1) return 0;
  const [a, b, c] = [x - i, y - j, z - k];
  const at = (k * side + j) * side + i;
  const near = lerp2(values, at, side, a, b);
  const far = lerp2(values, at + side * side, side, a, b);
  return near + c * (far - near);
}

function lerp2(values: Float32Array, at: number, side: number, a: number, b: number): number {
  const low = values[at] + a * (values[at + 1] - values[at]);
  const high = values[at + side] + a * (values[at + side + 1] - values[at + side]);
  return low + b * (high - low);
}
