/** Where things are in a simulated micrograph: particles, and the dirt that a picker must leave alone. */

import type { Image } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import type { Random } from '../core/random.js';

/** What spoils a part of a field. */
export type Dirt = 'none' | 'carbon' | 'aggregate' | 'ice';

/** A particle of a scene: its centre and which of the bodies it is. */
export interface PlacedParticle extends Point {
  readonly body: number;
}

/** A field: particles and dirt, in pixels. */
export interface Scene {
  readonly particles: readonly PlacedParticle[];
  readonly dirt: Dirt;
  /** Signed distance to the dirty area: negative inside. */
  readonly dirtDistance: (point: Point) => number;
  /** Middle and radius of the dirty area where it is round. */
  readonly dirtCentre: Point;
  readonly dirtRadius: number;
}

/** What a scene is made of. */
export interface SceneOptions {
  readonly width: number;
  readonly height: number;
  /** Particles wanted; fewer fit into a small field. */
  readonly particles: number;
  /** Of the largest body, in pixels. */
  readonly diameter: number;
  /** Number of different bodies. */
  readonly bodies: number;
  readonly dirt: Dirt;
}

/** Share of the particles that overlap with another. */
const OVERLAPPING = 0.06;
const OVERLAP_DIAMETERS = [0.6, 0.85] as const;
const APART_DIAMETERS = 1.08;
const TRIES = 400;

/** Draws a scene. */
export function drawScene(options: SceneOptions, random: Random): Scene {
  const { width, height, diameter, dirt } = options;
  const dirtCentre = { x: (0.2 + 0.6 * random.uniform()) * width, y: (0.2 + 0.6 * random.uniform()) * height };
  const dirtRadius = diameter * (1 + 0.5 * random.uniform());
  const angle = 2 * Math.PI * random.uniform();
  const edgeOffset = 0.3 * Math.min(width, height);
  const distances: Record<Dirt, (point: Point) => number> = {
    none: () => Number.POSITIVE_INFINITY,
    carbon: ({ x, y }) => edgeOffset - ((x - width / 2) * Math.cos(angle) + (y - height / 2) * Math.sin(angle)),
    aggregate: ({ x, y }) => Math.hypot(x - dirtCentre.x, y - dirtCentre.y) - dirtRadius,
    ice: ({ x, y }) => Math.hypot(x - dirtCentre.x, y - dirtCentre.y) - dirtRadius,
  };
  const scene = { dirt, dirtDistance: distances[dirt], dirtCentre, dirtRadius };
  return { ...scene, particles: placeParticles(options, scene.dirtDistance, random) };
}

function placeParticles(
  options: SceneOptions,
  dirtDistance: (point: Point) => number,
  random: Random,
): PlacedParticle[] {
  const { width, height, diameter } = options;
  const placed: PlacedParticle[] = [];
  const isFree = (point: Point, distance: number) =>
    point.x >= diameter / 2 &&
    point.y >= diameter / 2 &&
    point.x <= width - 1 - diameter / 2 &&
    point.y <= height - 1 - diameter / 2 &&
    dirtDistance(point) > diameter / 2 &&
    placed.every((other) => Math.hypot(other.x - point.x, other.y - point.y) >= distance * diameter);
  for (let tries = 0; placed.length < options.particles && tries < TRIES * options.particles; tries++) {
    const partner = random.uniform() < OVERLAPPING ? placed[random.integer(Math.max(1, placed.length))] : undefined;
    const point = partner
      ? nextTo(partner, diameter, random)
      : { x: random.uniform() * width, y: random.uniform() * height };
    const body = random.integer(options.bodies);
    if (isFree(point, partner ? OVERLAP_DIAMETERS[0] : APART_DIAMETERS)) placed.push({ ...point, body });
  }
  return placed;
}

function nextTo({ x, y }: Point, diameter: number, random: Random): Point {
  const [least, most] = OVERLAP_DIAMETERS;
  const distance = diameter * (least + (most - least) * random.uniform());
  const angle = 2 * Math.PI * random.uniform();
  return { x: x + distance * Math.cos(angle), y: y + distance * Math.sin(angle) };
}

/** Strength of a gradient over the field and of the dirt, in standard deviations of the noise. */
const GRADIENT = 1.5;
const CARBON_LEVEL = -1.2;
const CARBON_TEXTURE = 0.6;
const CARBON_RIM = -2;
const ICE_LEVEL = 3;

/** Adds background gradient, carbon and ice to a field whose noise has standard deviation 1. */
export function addBackground(image: Image, scene: Scene, texture: Image, random: Random): void {
  const angle = 2 * Math.PI * random.uniform();
  const [gx, gy] = [(Math.cos(angle) * GRADIENT) / image.width, (Math.sin(angle) * GRADIENT) / image.height];
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const i = y * image.width + x;
      image.pixels[i] += gx * x + gy * y + dirtAt(scene, { x, y }, texture.pixels[i]);
    }
  }
}

function dirtAt(scene: Scene, point: Point, texture: number): number {
  const distance = scene.dirtDistance(point);
  if (scene.dirt === 'carbon') {
    const rim = CARBON_RIM * Math.exp(-((distance / 6) ** 2));
    return distance < 0 ? CARBON_LEVEL + CARBON_TEXTURE * texture + rim : rim;
  }
  if (scene.dirt === 'ice' && distance < 0)
    return -ICE_LEVEL * (1 - (1 + distance / scene.dirtRadius) ** 2) * (1 + 0.2 * texture);
  return 0;
}
