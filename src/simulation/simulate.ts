/** Simulated micrographs with true centres: an independent judge of the picker, which it does not know. */

import { blankImage, type Image, type Micrograph } from '../core/micrograph.js';
import type { Point } from '../core/particle.js';
import { type Random, random } from '../core/random.js';
import { blur } from '../imaging/blur.js';
import { applyCtf } from './ctf.js';
import { addProjection, rotationOf, type View } from './project.js';
import { addBackground, type Dirt, drawScene, type PlacedParticle, type Scene } from './scene.js';
import type { Volume } from './volume.js';

/** What is simulated. */
export interface SimulateOptions {
  /** One or more bodies; each particle is one of them by chance. */
  readonly bodies: readonly Volume[];
  /** Columns and rows; 1024 by default. */
  readonly width?: number;
  readonly height?: number;
  /** Angstroms per pixel; 6 by default. */
  readonly pixelSize?: number;
  /** Particles in a field; 60 by default. */
  readonly particles?: number;
  /** Variance of the CTF-modulated signal inside the particles' circles over that of the noise; 0.05 by default. */
  readonly snr?: number;
  /** Range of the underfocus in angstroms; 15,000 to 30,000 by default. */
  readonly defocus?: readonly [number, number];
  /** How the bodies lie, each particle one of these by chance; in any direction by default. */
  readonly views?: readonly View[];
  /** Dirt of each field; by default carbon, aggregate, ice and none in turn. */
  readonly dirt?: readonly Dirt[];
  /** 1 by default. */
  readonly seed?: number;
}

/** A simulated micrograph and its truth. */
export interface SimulatedMicrograph {
  readonly micrograph: Micrograph;
  /** True centres, of particles only: an aggregate has none. */
  readonly particles: readonly PlacedParticle[];
  /** Of the largest body, in pixels. */
  readonly diameter: number;
  /** Underfocus in angstroms. */
  readonly defocus: number;
  readonly dirt: Dirt;
}

const DEFAULTS = {
  width: 1024,
  height: 1024,
  pixelSize: 6,
  particles: 60,
  snr: 0.05,
  defocus: [15_000, 30_000],
  views: ['any'],
  dirt: ['carbon', 'aggregate', 'ice', 'none'],
  seed: 1,
} as const satisfies Partial<SimulateOptions>;

/** Particles in an aggregate, and the grain of carbon and ice in pixels. */
const AGGREGATE = 24;
const GRAIN = 4;

/**
 * Simulates one micrograph. The same options and index give the same pixels.
 *
 * @param index - of the micrograph in its set; each is drawn by its own random numbers
 */
export function simulate(options: SimulateOptions, index: number): SimulatedMicrograph {
  const settings = { ...DEFAULTS, ...options };
  const { width, height, pixelSize, bodies } = settings;
  const source = random(settings.seed, index);
  const diameter = Math.max(...bodies.map((body) => body.diameter)) / pixelSize;
  const dirt = settings.dirt[index % settings.dirt.length];
  const scene = drawScene(
    { width, height, particles: settings.particles, diameter, bodies: bodies.length, dirt },
    source,
  );
  const defocus = settings.defocus[0] + source.uniform() * (settings.defocus[1] - settings.defocus[0]);
  const clean = applyCtf(project(settings, scene.particles, source), defocus, pixelSize);
  const signal = varianceInside(clean, scene.particles, diameter / 2);
  const scale = signal > 0 ? Math.sqrt(settings.snr / signal) : 0;
  const dirty = applyCtf(project(settings, aggregateOf(scene, bodies.length, source), source), defocus, pixelSize);
  const pixels = clean.pixels.map((value, i) => scale * (value + dirty.pixels[i]) + source.normal());
  addBackground({ pixels, width, height }, scene, grain(width, height, source), source);
  return {
    micrograph: { pixels, width, height, pixelSize, warnings: [] },
    particles: scene.particles,
    diameter,
    defocus,
    dirt,
  };
}

function project(
  {
    width,
    height,
    pixelSize,
    bodies,
    views,
  }: Required<Pick<SimulateOptions, 'width' | 'height' | 'pixelSize' | 'bodies' | 'views'>>,
  particles: readonly PlacedParticle[],
  source: Random,
): Image {
  const image = blankImage(width, height);
  for (const particle of particles) {
    const view = views.length === 1 ? views[0] : views[source.integer(views.length)];
    addProjection(image, bodies[particle.body], rotationOf(view, source), particle, pixelSize);
  }
  return image;
}

/** Particles on top of each other, in a round heap. */
function aggregateOf(scene: Scene, bodies: number, source: Random): PlacedParticle[] {
  if (scene.dirt !== 'aggregate') return [];
  return Array.from({ length: AGGREGATE }, () => {
    const [radius, angle] = [scene.dirtRadius * 0.8 * Math.sqrt(source.uniform()), 2 * Math.PI * source.uniform()];
    const { x, y } = scene.dirtCentre;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle), body: source.integer(bodies) };
  });
}

/** Variance of the pixels within a radius of any centre; 0 without particles. */
export function varianceInside({ pixels, width, height }: Image, centres: readonly Point[], radius: number): number {
  const inside = new Uint8Array(pixels.length);
  for (const { x, y } of centres) {
    for (let v = Math.max(0, Math.ceil(y - radius)); v <= Math.min(height - 1, y + radius); v++) {
      for (let u = Math.max(0, Math.ceil(x - radius)); u <= Math.min(width - 1, x + radius); u++) {
        if (Math.hypot(u - x, v - y) <= radius) inside[v * width + u] = 1;
      }
    }
  }
  let [count, sum, squares] = [0, 0, 0];
  pixels.forEach((value, i) => {
    if (!inside[i]) return;
    count++;
    sum += value;
    squares += value * value;
  });
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

/** Smooth random texture of standard deviation 1. */
function grain(width: number, height: number, source: Random): Image {
  const noise = Float32Array.from({ length: width * height }, () => source.normal());
  const smooth = blur({ pixels: noise, width, height }, GRAIN).pixels;
  const sd = Math.sqrt(smooth.reduce((sum, value) => sum + value * value, 0) / smooth.length);
  return { pixels: smooth.map((value) => value / sd), width, height };
}
