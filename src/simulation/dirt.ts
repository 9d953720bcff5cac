/** What lies about on grids beside particles: carbon, ice, tubes; and fields in which there is nothing else. */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { between, happens, type Random } from '../core/random.js';
import { blur } from '../imaging/blur.js';

/** Dirt of one field. */
export interface Dirty {
  /** No particle lies here. */
  readonly isEmpty: boolean;
  /** Distance to the nearest dirt: particles lie outside. */
  readonly distance: (point: Point) => number;
  readonly blobs: readonly (Point & { readonly radius: number; readonly density: number })[];
  readonly tube: Tube | null;
  readonly carbon: Carbon | null;
  /** Lumps as wide as this, all over the field: crystalline ice; null: none. */
  readonly lumps: number | null;
}

interface Tube extends Point {
  readonly angle: number;
  readonly radius: number;
}

interface Carbon {
  /** Signed distance to its edge: negative on carbon. */
  readonly distance: (point: Point) => number;
  readonly level: number;
  readonly texture: number;
  readonly grain: number;
}

const CHANCE = { empty: 0.08, lumps: 0.04, carbon: 0.14, blobs: 0.3, tube: 0.05 } as const;
/** Blobs of about a particle's size would be particles to anyone: others are smaller or larger. */
const BLOB_DIAMETERS = [
  [0.25, 0.6],
  [1.5, 4],
] as const;

/** Draws what dirt a field has. */
export function drawDirt(side: number, diameter: number, source: Random): Dirty {
  const chance = (probability: number) => happens(source, probability);
  const range = (least: number, most: number) => between(source, least, most);
  const lumps = chance(CHANCE.lumps) ? diameter * range(0.15, 0.6) : null;
  const blobs = chance(CHANCE.blobs)
    ? Array.from({ length: 1 + source.integer(6) }, () => {
        const [least, most] = BLOB_DIAMETERS[source.integer(2)];
        return {
          ...{ x: side * source.uniform(), y: side * source.uniform() },
          radius: (diameter / 2) * range(least, most),
          density: range(1, 8) * (chance(0.15) ? -1 : 1),
        };
      })
    : [];
  const tube = chance(CHANCE.tube)
    ? {
        ...{ x: side * source.uniform(), y: side * source.uniform() },
        ...{ angle: Math.PI * source.uniform(), radius: diameter * range(0.12, 0.4) },
      }
    : null;
  const carbon = chance(CHANCE.carbon) ? drawCarbon(side, diameter, source) : null;
  const distance = (point: Point) =>
    Math.min(
      ...blobs.map(({ x, y, radius }) => Math.hypot(point.x - x, point.y - y) - radius),
      tube ? distanceToTube(tube, point) : Number.POSITIVE_INFINITY,
      carbon ? carbon.distance(point) : Number.POSITIVE_INFINITY,
    );
  return { isEmpty: lumps !== null || chance(CHANCE.empty), distance, blobs, tube, carbon, lumps };
}

function distanceToTube({ x, y, angle, radius }: Tube, point: Point): number {
  return Math.abs((point.x - x) * Math.sin(angle) - (point.y - y) * Math.cos(angle)) - radius;
}

/** Carbon beyond the edge of a hole, which is round and large, anywhere in the field. */
function drawCarbon(side: number, diameter: number, source: Random): Carbon {
  const radius = diameter * (6 + 40 * source.uniform());
  const angle = 2 * Math.PI * source.uniform();
  const offset = radius + side * (source.uniform() - 0.5);
  const centre = { x: side / 2 + offset * Math.cos(angle), y: side / 2 + offset * Math.sin(angle) };
  return {
    distance: ({ x, y }) => radius - Math.hypot(x - centre.x, y - centre.y),
    level: 3 * source.uniform(),
    texture: 0.3 + 2 * source.uniform(),
    grain: 0.8 + 2 * source.uniform(),
  };
}

/**
 * Adds dirt to densities before the contrast transfer.
 *
 * @param strength - standard deviation of the density inside a particle: the unit of the dirt's
 */
export function addDirt(clean: Image, { blobs, tube, carbon, lumps }: Dirty, strength: number, source: Random): void {
  const { width, height, pixels } = clean;
  const grain = (sigma: number): Float32Array => {
    const noise = Float32Array.from({ length: width * height }, () => source.normal());
    const smooth = blur({ pixels: noise, width, height }, sigma).pixels;
    const sd = Math.sqrt(smooth.reduce((sum, value) => sum + value * value, 0) / smooth.length);
    return smooth.map((value) => value / sd);
  };
  const ground = lumps === null ? null : grain(lumps);
  const texture = carbon ? grain(carbon.grain) : null;
  const lumpy = 1 + 4 * source.uniform();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      let density = 0;
      for (const blob of blobs) {
        const squared = ((x - blob.x) ** 2 + (y - blob.y) ** 2) / blob.radius ** 2;
        if (squared < 1) density += blob.density * Math.sqrt(1 - squared);
      }
      if (tube) {
        const depth = 1 - (1 + distanceToTube(tube, { x, y }) / tube.radius) ** 2;
        if (depth > 0) density += 2 * Math.sqrt(depth);
      }
      if (carbon && texture) {
        const inside = Math.min(1, Math.max(0, 0.5 - carbon.distance({ x, y }) / 3));
        density += inside * (carbon.level + carbon.texture * texture[i]);
      }
      if (ground) density += lumpy * ground[i];
      pixels[i] += strength * density;
    }
  }
}
