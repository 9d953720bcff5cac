/**
 * Fields to train a general model on: any body, at any density, in any ice, with what else lies about on grids. Everything is
 * drawn from wide ranges, because the specimens to come are unknown. Lengths are pixels of the field.
 */

import { blankImage, type Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { between, betweenLogs, happens, type Random } from '../core/random.js';
import { blur } from '../imaging/blur.js';
import { filterPair } from '../imaging/fft.js';
import { type Optics, transferAt } from './ctf.js';
import { addDirt, type Dirty, drawDirt } from './dirt.js';
import { varianceInside } from './simulate.js';
import { addSprite, type Sprite, spritesOf } from './sprite.js';
import type { Volume } from './volume.js';

/** A circle in which nothing counts. */
export interface Disc extends Point {
  readonly radius: number;
}

/** A field with its truth. */
export interface Field {
  readonly image: Image;
  /** Centres of the particles. */
  readonly particles: readonly Point[];
  /** Where nothing counts: particles that overlap, aggregates. */
  readonly ignored: readonly Disc[];
}

/** What every field has in common. */
export interface FieldOptions {
  readonly bodies: readonly Volume[];
  readonly side: number;
  /** Diameter that a user would give; the body's is up to 0.3 smaller or 0.4 larger. */
  readonly diameter: number;
}

/** Sizes of a body beside the diameter that is given: people measure a ring at its wall, or a body with its halo. */
const SIZES = [0.7, 1.4] as const;
/** Views of a body in one field: particles lie in few directions, or in many. */
const FEW_VIEWS = [2, 4] as const;
const MANY_VIEWS = 10;
/** Neighbours nearer than this part of a body overlap so much that they count neither way. */
const OVERLAPPING = 0.6;
/** Share of the particles that may lie that near. */
const OVERLAPS = 0.05;
const TRIES = 30;

/** Simulates one field. */
export function simulateField({ bodies, side, diameter }: FieldOptions, source: Random): Field {
  const body = bodies[source.integer(bodies.length)];
  const size = diameter * betweenLogs(source, ...SIZES);
  const dirt = drawDirt(side, diameter, source);
  const views = happens(source, 0.3) ? FEW_VIEWS[source.integer(FEW_VIEWS.length)] : MANY_VIEWS;
  const sprites = spritesOf(body, size, views, source);
  const placed = placeParticles(side, size, dirt, source);
  const clean = blankImage(side, side);
  for (const point of placed) addTurned(clean, sprites, point, betweenLogs(source, 0.85, 1.15), source);
  const aggregates = addForeign(clean, bodies, sprites, { size, dirt, placed }, source);
  const strength = typicalSignal(clean, placed, sprites, size);
  addDirt(clean, dirt, strength, source);
  const particles = placed.filter(({ x, y }) => x >= 0 && y >= 0 && x < side && y < side);
  return {
    image: throughMicroscope(clean, { pixelSize: body.diameter / size, strength, placed, size }, source),
    particles: particles.filter((point) => !overlaps(point, placed, size)),
    ignored: [
      ...particles.filter((point) => overlaps(point, placed, size)).map((point) => ({ ...point, radius: size / 2 })),
      ...aggregates,
    ],
  };
}

function addTurned(image: Image, sprites: readonly Sprite[], point: Point, strength: number, source: Random): void {
  addSprite(image, sprites[source.integer(sprites.length)], point, 2 * Math.PI * source.uniform(), strength);
}

/** Centres, also of particles that only reach into the field. */
function placeParticles(side: number, size: number, dirt: Dirty, source: Random): Point[] {
  if (dirt.isEmpty) return [];
  const coverage = betweenLogs(source, 0.02, 0.9);
  const wanted = Math.max(1, Math.round((coverage * side ** 2) / ((Math.PI / 4) * size ** 2)));
  const apart = size * between(source, 0.75, 1.15);
  const placed: Point[] = [];
  for (let tries = 0; placed.length < wanted && tries < TRIES * wanted; tries++) {
    const point = { x: between(source, -size / 2, side + size / 2), y: between(source, -size / 2, side + size / 2) };
    const least = happens(source, OVERLAPS) ? OVERLAPPING * 0.6 * size : apart;
    const isFree = placed.every((other) => Math.hypot(other.x - point.x, other.y - point.y) >= least);
    if (isFree && dirt.distance(point) > size / 2) placed.push(point);
  }
  return placed;
}

function overlaps(point: Point, placed: readonly Point[], size: number): boolean {
  return placed.some(
    (other) => other !== point && Math.hypot(other.x - point.x, other.y - point.y) < OVERLAPPING * size,
  );
}

/** Bodies that are not wanted: much smaller or much larger ones, and aggregates of the wanted. Returns where nothing counts. */
function addForeign(
  clean: Image,
  bodies: readonly Volume[],
  sprites: readonly Sprite[],
  { size, dirt, placed }: { size: number; dirt: Dirty; placed: readonly Point[] },
  source: Random,
): Disc[] {
  const side = clean.width;
  const anywhere = () => ({ x: side * source.uniform(), y: side * source.uniform() });
  const isFree = (point: Point, distance: number) =>
    placed.every((other) => Math.hypot(other.x - point.x, other.y - point.y) > distance);
  if (happens(source, 0.25)) {
    const small = happens(source, 0.6);
    const factor = small ? between(source, 0.25, 0.5) : between(source, 1.8, 2.6);
    const others = spritesOf(bodies[source.integer(bodies.length)], factor * size, 3, source);
    const count = small ? 1 + source.integer(25) : 1 + source.integer(3);
    for (let i = 0; i < count; i++) {
      const point = anywhere();
      const strength = small ? betweenLogs(source, 0.8, 3) : 1;
      if (isFree(point, (size * (1 + factor)) / 2)) addTurned(clean, others, point, strength, source);
    }
  }
  const aggregates: Disc[] = [];
  if (!dirt.isEmpty && happens(source, 0.12)) {
    const aggregate = { ...anywhere(), radius: size * between(source, 0.8, 1.6) };
    for (let i = 0; i < 24; i++) {
      const [radius, angle] = [aggregate.radius * Math.sqrt(source.uniform()), 2 * Math.PI * source.uniform()];
      const point = { x: aggregate.x + radius * Math.cos(angle), y: aggregate.y + radius * Math.sin(angle) };
      addTurned(clean, sprites, point, 1, source);
    }
    aggregates.push({ ...aggregate, radius: aggregate.radius + size / 2 });
  }
  return aggregates;
}

/** Standard deviation of the density inside particles; of one that is placed on its own where a field has none. */
function typicalSignal(clean: Image, placed: readonly Point[], sprites: readonly Sprite[], size: number): number {
  if (placed.length > 0) return Math.sqrt(varianceInside(clean, placed, size / 2));
  const alone = blankImage(2 * Math.ceil(size), 2 * Math.ceil(size));
  const middle = { x: Math.ceil(size), y: Math.ceil(size) };
  addSprite(alone, sprites[0], middle, 0, 1);
  return Math.sqrt(varianceInside(alone, [middle], size / 2));
}

/** Contrast transfer, noise of several kinds, uneven ice, and what cameras and file formats add. */
function throughMicroscope(
  clean: Image,
  {
    pixelSize,
    strength,
    placed,
    size,
  }: { pixelSize: number; strength: number; placed: readonly Point[]; size: number },
  source: Random,
): Image {
  const { width, height } = clean;
  const white = (): Image => ({
    pixels: Float32Array.from({ length: width * height }, () => source.normal()),
    ...{ width, height },
  });
  const optics = drawOptics(source);
  const transfer = transferAt(betweenLogs(source, 6000, 40_000), pixelSize, optics);
  const [signal, ice] = filterPair(clean, white(), transfer);
  const passed = placed.length > 0 ? Math.sqrt(varianceInside(signal, placed, size / 2)) : 0.5 * strength;
  const scale = Math.sqrt(betweenLogs(source, 0.06, 6)) / Math.max(passed, 1e-6);
  const [shaped, tilt] = [happens(source, 0.7) ? 1.2 * source.uniform() : 0, source.uniform() ** 2];
  const slope = between(source, 0, 1);
  const [coloured, thickness] = filterPair(white(), white(), (squared) => (1 + squared / 2e-4) ** (-0.5 * slope) * 2);
  const noise = white();
  const pixels = noise.pixels;
  const ground = blur(thickness, between(source, 0.8, 2.5) * size).pixels;
  const unevenness = happens(source, 0.5) ? 30 * source.uniform() ** 2 : 0;
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] += scale * signal.pixels[i] + shaped * ice.pixels[i] + tilt * coloured.pixels[i] + unevenness * ground[i];
  }
  if (happens(source, 0.15)) addHotPixels(pixels, source);
  const seen = happens(source, 0.45) ? blur(noise, betweenLogs(source, 0.3, 2.6)) : noise;
  return happens(source, 0.15) ? saturated(seen, between(source, 1, 2.5)) : seen;
}

function drawOptics(source: Random): Optics {
  return {
    voltage: [120, 200, 300, 300][source.integer(4)],
    sphericalAberration: happens(source, 0.2) ? 0.01 : 2.7,
    amplitudeContrast: happens(source, 0.06) ? 0.99 : between(source, 0.05, 0.15),
    bFactor: betweenLogs(source, 60, 1500),
  };
}

function addHotPixels(pixels: Float32Array, source: Random): void {
  const count = 1 + source.integer(12);
  for (let i = 0; i < count; i++) pixels[source.integer(pixels.length)] += (happens(source, 0.5) ? 1 : -1) * 15;
}

/** What is far from the mean is pressed together, as where someone has stretched the contrast of an 8-bit image. */
function saturated({ pixels, width, height }: Image, deviations: number): Image {
  const squares = pixels.reduce((sum, value) => sum + value * value, 0) / pixels.length;
  const limit = deviations * Math.sqrt(squares);
  return { pixels: pixels.map((value) => limit * Math.tanh(value / limit)), width, height };
}
