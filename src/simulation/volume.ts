/** Densities of whole particles: two built-in bodies, and any map. */

/** A density on a cubic grid, its centre at the middle of the cube. */
export interface Volume {
  /** `side`^3 values, x fastest, then y, then z. */
  readonly values: Float32Array;
  /** Voxels along an edge. */
  readonly side: number;
  /** Angstroms per voxel. */
  readonly voxelSize: number;
  /** Diameter of the particle in angstroms. */
  readonly diameter: number;
}

/** Angstroms per voxel of the built-in bodies. */
const VOXEL = 8;

function sample(diameter: number, density: (x: number, y: number, z: number) => number): Volume {
  const side = Math.ceil(diameter / VOXEL) + 4;
  const values = new Float32Array(side ** 3);
  const position = (i: number) => (i - (side - 1) / 2) * VOXEL;
  for (let k = 0; k < side; k++) {
    for (let j = 0; j < side; j++) {
      for (let i = 0; i < side; i++) values[(k * side + j) * side + i] = density(position(i), position(j), position(k));
    }
  }
  return { values, side, voxelSize: VOXEL, diameter };
}

/** 1 inside, 0 outside, with a soft edge of one voxel. `distance` is negative inside. */
function soft(distance: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance / VOXEL));
}

/**
 * A hollow barrel of the kind of keyhole limpet haemocyanin: 40 nm high, 35 nm wide, six tiers, walls of fivefold pattern;
 * a ring from above, a striped rectangle from the side.
 */
export function barrel(): Volume {
  const [height, outer, inner] = [400, 160, 95];
  return sample(height, (x, y, z) => {
    const radius = Math.hypot(x, y);
    const angle = Math.atan2(y, x);
    const wall = soft(radius - outer) * soft(inner - radius) * soft(Math.abs(z) - height / 2 + VOXEL);
    const tiers = 0.7 + 0.3 * Math.cos((6 * 2 * Math.PI * z) / height);
    const pattern = 0.8 + 0.2 * Math.cos(5 * angle + z / 60);
    const collar = 0.8 * soft(radius - inner) * soft(45 - radius) * soft(Math.abs(Math.abs(z) - 120) - 22);
    return wall * tiers * pattern + collar;
  });
}

/** Ellipsoids of the asymmetric body: centre and half axes in angstroms, density. */
const LOBES = [
  [0, 0, 0, 95, 75, 70, 1],
  [95, 40, 20, 70, 55, 60, 1.1],
  [-80, 70, -30, 62, 70, 50, 0.9],
  [-40, -105, 30, 55, 65, 55, 1.2],
  [40, 60, 110, 50, 45, 62, 1],
  [70, -70, -90, 48, 52, 55, 1.1],
  [-110, -20, 70, 45, 40, 45, 1.3],
] as const;

/** A globular complex without any symmetry, some 36 nm across. */
export function asymmetric(): Volume {
  return sample(360, (x, y, z) =>
    LOBES.reduce((sum, [cx, cy, cz, a, b, c, density]) => {
      const scaled = Math.hypot((x - cx) / a, (y - cy) / b, (z - cz) / c);
      return sum + density * soft((scaled - 1) * Math.min(a, b, c));
    }, 0),
  );
}

/** The share of the density that counts as the particle when a map's diameter is measured. */
const ENCLOSED = 0.99;
/** Share of the largest density below which a map is noise in the solvent. */
const CONTOUR = 0.1;

/**
 * A particle from a density map.
 *
 * @param values - `side`^3 values; those below a tenth of the largest count as solvent
 */
export function volumeFromMap(values: Float32Array, side: number, voxelSize: number): Volume {
  const contour = CONTOUR * values.reduce((largest, value) => Math.max(largest, value), 0);
  const density = values.map((value) => (value < contour ? 0 : value));
  const shells = new Float64Array(side);
  density.forEach((value, index) => {
    const position = [index % side, Math.floor(index / side) % side, Math.floor(index / side ** 2)];
    const radius = Math.hypot(...position.map((i) => i - (side - 1) / 2));
    shells[Math.min(side - 1, Math.round(radius))] += value;
  });
  const total = shells.reduce((a, b) => a + b, 0);
  let [enclosed, radius] = [0, 0];
  while (radius < side - 1 && enclosed < ENCLOSED * total) enclosed += shells[radius++];
  return { values: density, side, voxelSize, diameter: 2 * radius * voxelSize };
}

/**
 * A density map of any sides as a particle: in a cube, its centre of mass in the middle.
 *
 * @param sides - columns, rows and sections of `values`
 */
export function centredVolume(
  values: Float32Array,
  sides: readonly [number, number, number],
  voxelSize: number,
): Volume {
  const [nx, ny] = sides;
  const position = (i: number) => [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
  const sums = [0, 0, 0];
  let mass = 0;
  values.forEach((value, i) => {
    if (value <= 0) return;
    mass += value;
    position(i).forEach((at, axis) => {
      sums[axis] += at * value;
    });
  });
  const reach = Math.max(...sides.map((n, axis) => Math.max(sums[axis] / mass, n - 1 - sums[axis] / mass)));
  const side = 2 * Math.ceil(reach) + 1;
  const offsets = sums.map((sum) => Math.round((side - 1) / 2 - sum / mass));
  const cube = new Float32Array(side ** 3);
  values.forEach((value, i) => {
    const [x, y, z] = position(i).map((at, axis) => at + offsets[axis]);
    if ([x, y, z].every((at) => at >= 0 && at < side)) cube[(z * side + y) * side + x] = value;
  });
  return volumeFromMap(cube, side, voxelSize);
}
