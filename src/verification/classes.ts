/**
 * Reference-free 2D class averages: particles are turned and shifted onto class averages that are made of nothing but themselves
 * (multi-reference alignment; Penczek et al. 1996). Views of a particle give few, sharp classes; picks of noise give none: the
 * paper's check that picks are particles (Fig. S5).
 */

import { blankImage, type Image } from '../core/micrograph.js';
import { type Random, random } from '../core/random.js';
import { at, type PolarTools, polarTools, type Rings } from './polar.js';

/** Rounds of aligning and averaging: later ones change little. */
export const CLASS_ITERATIONS = 12;

/** How particles are classified. */
export interface ClassOptions {
  /** Number of classes; fewer come out where some end empty. */
  readonly classes: number;
  /** 1 by default. */
  readonly seed?: number;
}

/** Where a particle ended. */
export interface ClassMember {
  /** Index of its class. */
  readonly class: number;
  /** Turn onto the average in radians, counter-clockwise with the first row at the top. */
  readonly angle: number;
  /** Its centre in pixels of its image, from the pixel side / 2. */
  readonly dx: number;
  readonly dy: number;
}

/** Classes, the largest first. */
export interface Classes {
  readonly averages: readonly Image[];
  readonly sizes: readonly number[];
  /** One entry a particle, in the order given. */
  readonly members: readonly ClassMember[];
}

/** Radius of the disc that is compared, and largest shift, as shares of the side. */
export const RADIUS = 0.375;
const LARGEST_SHIFT = 0.125;
/** A class with less than this part of an even share is filled from the largest one, in the rounds before this one. */
const SMALLEST_SHARE = 0.2;
const LAST_SPLIT = 9;

/**
 * Classifies particles.
 *
 * @param images - squares of one even side with the particle at pixel side / 2, within 75 % of the side, background of mean 0
 * @returns yields the number of each round that is done; then the classes
 */
export function* classify(images: readonly Image[], options: ClassOptions): Generator<number, Classes, void> {
  const { seed = 1 } = options;
  const side = images[0].width;
  const tools = polarTools(RADIUS * side);
  const source = random(seed);
  let members: Aligned[] = images.map(() => ({ class: 0, angle: 0, dx: 0, dy: 0, distance: 0 }));
  let averages = firstReferences(images, Math.min(options.classes, images.length), tools, source);
  for (let i = 0; i < CLASS_ITERATIONS; i++) {
    const references = averages.map((average) => referenceOf(average, tools));
    const step = i < CLASS_ITERATIONS / 2 ? 2 : 1;
    members = images.map((image, j) => alignOne(image, references, members[j], step, LARGEST_SHIFT * side, tools));
    if (i < LAST_SPLIT) splitLargest(members, averages.length, source);
    averages = average(images, members, averages.length);
    yield i + 1;
  }
  return sorted(averages, members);
}

interface Aligned extends ClassMember {
  /** Squared difference from the average over the disc. */
  readonly distance: number;
}

interface Reference {
  readonly rings: Rings;
  readonly power: number;
}

function referenceOf(image: Image, tools: PolarTools): Reference {
  const rings = tools.rings(image, 0, 0);
  return { rings, power: tools.power(rings) };
}

/** Tries shifts of `step` around the last one, against every reference. */
function alignOne(
  image: Image,
  references: readonly Reference[],
  last: ClassMember,
  step: number,
  largest: number,
  tools: PolarTools,
): Aligned {
  let best: Aligned = { ...last, distance: Number.POSITIVE_INFINITY };
  for (const ddy of [-step, 0, step]) {
    for (const ddx of [-step, 0, step]) {
      const [dx, dy] = [last.dx + ddx, last.dy + ddy];
      if (Math.hypot(dx, dy) > largest) continue;
      const rings = tools.rings(image, dx, dy);
      const power = tools.power(rings);
      for (const [i, reference] of references.entries()) {
        const { angle, product } = tools.bestTurn(reference.rings, rings);
        const distance = power + reference.power - 2 * product;
        if (distance < best.distance) best = { class: i, angle, dx, dy, distance };
      }
    }
  }
  return best;
}

/** References that lie far apart: each new one is an image drawn with the square of its distance from those before (k-means++). */
function firstReferences(images: readonly Image[], count: number, tools: PolarTools, source: Random): Image[] {
  const rings = images.map((image) => referenceOf(image, tools));
  const nearest = new Float64Array(images.length).fill(Number.POSITIVE_INFINITY);
  const chosen = [source.integer(images.length)];
  while (chosen.length < count) {
    const last = rings[chosen[chosen.length - 1]];
    rings.forEach((one, i) => {
      const distance = one.power + last.power - 2 * tools.bestTurn(last.rings, one.rings).product;
      nearest[i] = Math.min(nearest[i], Math.max(0, distance));
    });
    for (const i of chosen) nearest[i] = 0;
    chosen.push(drawn(nearest, source));
  }
  return chosen.map((i) => images[i]);
}

function drawn(weights: Float64Array, source: Random): number {
  let left = source.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return source.integer(weights.length);
}

/**
 * A class that has shrunk to almost nothing takes half of the largest one, drawn at random: a few noisy images make an average that
 * fits nothing but themselves, and would stay alone for ever.
 */
function splitLargest(members: Aligned[], classes: number, source: Random): void {
  const smallest = SMALLEST_SHARE * (members.length / classes);
  for (let small = 0; small < classes; small++) {
    const sizes = sizesOf(members, classes);
    const largest = sizes.indexOf(Math.max(...sizes));
    if (small === largest || sizes[small] >= smallest) continue;
    members.forEach((member, i) => {
      const moves = member.class === small || (member.class === largest && source.integer(2) === 0);
      if (moves) members[i] = { ...member, class: small };
    });
  }
}

function sizesOf(members: readonly ClassMember[], classes: number): number[] {
  const sizes = new Array<number>(classes).fill(0);
  for (const member of members) sizes[member.class]++;
  return sizes;
}

function average(images: readonly Image[], members: readonly ClassMember[], classes: number): Image[] {
  const { width: side } = images[0];
  const averages = Array.from({ length: classes }, () => blankImage(side, side));
  const counts = new Array<number>(classes).fill(0);
  images.forEach((image, i) => {
    addTurned(averages[members[i].class], image, members[i]);
    counts[members[i].class]++;
  });
  averages.forEach(({ pixels }, i) => {
    for (let j = 0; j < pixels.length; j++) pixels[j] /= Math.max(1, counts[i]);
  });
  return averages;
}

/** Adds an image, turned by its angle about its shifted centre. */
export function addTurned(sum: Image, image: Image, { angle, dx, dy }: ClassMember): void {
  const { width: side, pixels } = sum;
  const [cosine, sine, half] = [Math.cos(angle), Math.sin(angle), side / 2];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = [x - half, y - half];
      pixels[y * side + x] += at(image, half + dx + cosine * u - sine * v, half + dy + sine * u + cosine * v);
    }
  }
}

function sorted(averages: readonly Image[], members: readonly ClassMember[]): Classes {
  const sizes = sizesOf(members, averages.length);
  const order = averages
    .map((_, i) => i)
    .filter((i) => sizes[i] > 0)
    .sort((a, b) => sizes[b] - sizes[a]);
  const place = new Map(order.map((from, to) => [from, to]));
  return {
    averages: order.map((i) => averages[i]),
    sizes: order.map((i) => sizes[i]),
    members: members.map(({ class: from, angle, dx, dy }) => ({ class: place.get(from) ?? 0, angle, dx, dy })),
  };
}
