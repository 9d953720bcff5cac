/** What is known of every box of a micrograph: particle, no particle, or nothing. */

import type { Point } from '../core/particle.js';
import { toResampled } from '../imaging/resample.js';
import { inRegion, type Region } from './examples.js';

/** What a box shows. `unlabelled` is taken for no particle, or for perhaps one, as the recipe says. */
export const LABEL = { unlabelled: 0, particle: 1, unknown: 2, negative: 3 } as const;

/** Labels of boxes by their first row and column in prepared pixels. */
export interface LabelMap {
  readonly region: Region;
  /** Box start of the first entry, the same along both axes. */
  readonly start: number;
  readonly width: number;
  readonly height: number;
  /** One of `LABEL` an entry. */
  readonly labels: Uint8Array;
  /** Box starts of the labelled particles. */
  readonly particles: readonly Point[];
  /** Box starts of the places that were given as no particles. */
  readonly negatives: readonly Point[];
}

/** Distances in full-size pixels of the model's pixel size. */
export interface LabelDistances {
  /** Boxes closer than this to a label show a particle. */
  readonly particle: number;
  /** Boxes closer than this to a label, and no nearer one, are unknown. */
  readonly unknown: number;
}

/**
 * Marks every box of a region; boxes whose centre lies outside of it or in the margin are unknown. Where no particle is labelled, no
 * one looked for any: all is unknown but the places that were given as none.
 */
export function makeLabelMap(region: Region, box: number, distances: LabelDistances): LabelMap {
  const { micrograph } = region;
  const { image, scale, edge } = micrograph;
  const start = -Math.floor((box - 1) / 2);
  const { width, height } = image;
  const labels = new Uint8Array(width * height).fill(LABEL.unknown);
  const offset = (box - 1) / 2 + start;
  const index = (x: number) => toResampled(x, image.factor) - offset;
  const starts = (points: readonly Point[]) =>
    points
      .filter((point) => inRegion(region, point))
      .map(({ x, y }) => ({ x: Math.round(index(x)) + start, y: Math.round(index(y)) + start }));
  const limit = (i: number, last: number) => Math.max(0, Math.min(last, i));
  const left = limit(Math.ceil(index(Math.max(region.from, edge))), width - 1);
  const right = limit(Math.floor(index(Math.min(region.to, micrograph.width - 1 - edge))), width - 1);
  const top = limit(Math.ceil(index(edge)), height - 1);
  const bottom = limit(Math.floor(index(micrograph.height - 1 - edge)), height - 1);
  const [particles, negatives] = [starts(micrograph.positives), starts(micrograph.negatives)];
  for (let y = top; particles.length > 0 && y <= bottom; y++)
    labels.fill(LABEL.unlabelled, y * width + left, y * width + right + 1);
  const mark = (points: readonly Point[], distance: number, label: number) => {
    const radius = (distance * scale) / image.factor;
    for (const point of points) {
      const [x, y] = [index(point.x), index(point.y)];
      for (let v = Math.max(top, Math.ceil(y - radius)); v <= Math.min(bottom, y + radius); v++) {
        const half = Math.sqrt(Math.max(0, radius ** 2 - (v - y) ** 2));
        for (let u = Math.max(left, Math.ceil(x - half)); u <= Math.min(right, x + half); u++)
          labels[v * width + u] = label;
      }
    }
  };
  mark(micrograph.negatives, distances.particle, LABEL.negative);
  mark(micrograph.avoid, distances.unknown, LABEL.unknown);
  mark(micrograph.positives, distances.particle, LABEL.particle);
  return { region, start, width, height, labels, particles, negatives };
}

/** Label of the box that starts at a column and row. */
export function labelAt({ start, width, height, labels }: LabelMap, left: number, top: number): number {
  const [x, y] = [left - start, top - start];
  return x < 0 || y < 0 || x >= width || y >= height ? LABEL.unknown : labels[y * width + x];
}
