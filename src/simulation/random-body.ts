/** Bodies that no protein data bank has: soft lobes, shells, rings, rods and discs, no two of them alike. */

import { between, type Random } from '../core/random.js';
import { type Volume, volumeFromMap } from './volume.js';

const SIDE = 48;
const RADIUS = 20;
const VOXEL = 5;
/** Voxels over which a density falls off. */
const SOFT = 2.5;

type Density = (x: number, y: number, z: number) => number;

/** 1 inside, 0 outside; `distance` is negative inside. */
function soft(distance: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance / SOFT));
}

/** Up to nine ellipsoids. */
function lobes(source: Random): Density {
  const count = 1 + source.integer(9);
  const all = Array.from({ length: count }, () => {
    const direction = [source.normal(), source.normal(), source.normal()];
    const distance = (count === 1 ? 0 : 0.65) * RADIUS * Math.cbrt(source.uniform());
    const axis = () => RADIUS * (count === 1 ? between(source, 0.6, 1) : between(source, 0.18, 0.48));
    return {
      centre: direction.map((value) => (value / (Math.hypot(...direction) || 1)) * distance),
      axes: [axis(), axis(), axis()],
      density: between(source, 0.6, 1.4),
    };
  });
  return (...point) =>
    all.reduce((sum, { centre, axes, density }) => {
      const distance = Math.hypot(...point.map((value, i) => (value - centre[i]) / axes[i]));
      return sum + density * soft((distance - 1) * Math.min(...axes));
    }, 0);
}

/** A hollow sphere with a patterned wall: capsids, ferritin. */
function shell(source: Random): Density {
  const [middle, wall] = [between(source, 0.6, 0.88) * RADIUS, between(source, 0.1, 0.3) * RADIUS];
  const [fold, depth] = [3 + source.integer(6), 0.5 * source.uniform()];
  return (x, y, z) => {
    const radius = Math.hypot(x, y, z);
    const pattern = Math.cos(fold * Math.atan2(y, x)) * Math.cos((fold * z) / RADIUS);
    return soft(Math.abs(radius - middle) - wall / 2) * (1 + depth * pattern);
  };
}

/** A ring or a barrel with some folds and tiers: proteasomes, chaperonins, haemocyanin. */
function barrel(source: Random): Density {
  const height = between(source, 0.2, 1) * RADIUS;
  const outer = between(source, 0.5, 0.95) * RADIUS;
  const inner = between(source, 0.15, 0.7) * outer;
  const [fold, tiers] = [5 + source.integer(8), 1 + source.integer(5)];
  return (x, y, z) => {
    const radius = Math.hypot(x, y);
    const wall = Math.max(radius - outer, inner - radius, Math.abs(z) - height);
    const pattern = 0.2 * Math.cos(fold * Math.atan2(y, x)) + 0.25 * Math.cos((Math.PI * tiers * z) / height);
    return soft(wall) * (1 + pattern);
  };
}

/** A rod, straight or bent. */
function rod(source: Random): Density {
  const [thickness, bend] = [between(source, 0.2, 0.45) * RADIUS, 0.02 * source.uniform()];
  return (x, y, z) => soft(Math.max(Math.hypot(x - bend * (z * z - 130), y) - thickness, Math.abs(z) - 0.95 * RADIUS));
}

/** A protein in a disc of lipid, which is fainter: membrane proteins. */
function inMembrane(source: Random): Density {
  const [disc, half] = [between(source, 0.6, 0.95) * RADIUS, between(source, 0.2, 0.32) * RADIUS];
  const [core, length] = [between(source, 0.3, 0.6) * disc, between(source, 0.5, 0.95) * RADIUS];
  const [lipid, offset] = [between(source, 0.3, 0.6), between(source, -0.3, 0.3) * RADIUS];
  return (x, y, z) => {
    const radius = Math.hypot(x, y);
    const protein = soft(Math.max(radius - core, Math.abs(z - offset) - length));
    const heads = soft(Math.max(radius - disc, Math.abs(Math.abs(z) - half) - 0.12 * RADIUS));
    return protein + lipid * heads * (1 - protein);
  };
}

/** Hollow bodies are a third: a network that knows few of them takes pieces of their walls for particles. */
const KINDS = [lobes, lobes, shell, shell, barrel, barrel, rod, inMembrane, inMembrane] as const;

/** A random body, stretched a little, with lumps; its size is arbitrary. */
export function randomBody(source: Random): Volume {
  const density = KINDS[source.integer(KINDS.length)](source);
  const stretch = [between(source, 0.75, 1), between(source, 0.75, 1), 1];
  const waves = Array.from({ length: 6 }, () => ({
    k: [source.normal(), source.normal(), source.normal()].map((value) => (2.5 * value) / RADIUS),
    phase: 2 * Math.PI * source.uniform(),
  }));
  const lumps = (point: readonly number[]) =>
    waves.reduce((sum, { k, phase }) => sum + Math.sin(k[0] * point[0] + k[1] * point[1] + k[2] * point[2] + phase), 0);
  const strength = 0.12 * source.uniform();
  const values = Float32Array.from({ length: SIDE ** 3 }, (_, i) => {
    const point = [i % SIDE, Math.floor(i / SIDE) % SIDE, Math.floor(i / SIDE ** 2)].map(
      (value, axis) => (value - (SIDE - 1) / 2) / stretch[axis],
    );
    const value = density(point[0], point[1], point[2]);
    return value === 0 ? 0 : Math.max(0, value * (1 + strength * lumps(point)));
  });
  return volumeFromMap(values, SIDE, VOXEL);
}
