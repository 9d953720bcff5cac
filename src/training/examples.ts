/** Boxes for training: where they are cut, and which micrographs (or which part of the only one) are held out. */

import { LabelError } from '../core/errors.js';
import type { Point } from '../core/particle.js';
import { type Random, shuffle } from '../core/random.js';
import { counted } from '../core/words.js';
import { indexPoints } from '../evaluation/match.js';
import { toResampled } from '../imaging/resample.js';
import type { ModelMetadata } from '../network/model.js';
import type { PreparedMicrograph } from './labelled.js';
import type { Recipe } from './recipe.js';

/** A box of one micrograph. */
export interface Example {
  readonly micrograph: PreparedMicrograph;
  /** First prepared column and row of the box. */
  readonly left: number;
  readonly top: number;
  /** 1 for a particle, 0 for none. */
  readonly target: 0 | 1;
}

/** A micrograph with the columns of it that belong to a set. */
export interface Region {
  readonly micrograph: PreparedMicrograph;
  /** First and last full-size column. */
  readonly from: number;
  readonly to: number;
}

/** What is trained on and what is held out. */
export interface Split {
  readonly training: readonly Region[];
  readonly heldOut: readonly Region[];
}

/**
 * Splits whole micrographs, of which only those with labels are held out; where a single one has labels, it is split by columns,
 * with a gap of one box between the parts.
 *
 * @param fraction - held out, 0 to below 1; above 0 at least one micrograph is
 * @param gap - full-size pixels between the parts of a single micrograph
 * @param preferred - micrographs that are held out rather than others, by name, where there are two or more
 */
export function splitMicrographs(
  micrographs: readonly PreparedMicrograph[],
  fraction: number,
  gap: number,
  random: Random,
  preferred: ReadonlySet<string> = new Set(),
): Split {
  const whole = (micrograph: PreparedMicrograph): Region => ({ micrograph, from: 0, to: micrograph.width - 1 });
  if (fraction === 0) return { training: micrographs.map(whole), heldOut: [] };
  const labelled = micrographs.filter(({ positives }) => positives.length > 0);
  const others = micrographs.filter(({ positives }) => positives.length === 0);
  if (labelled.length === 1) {
    const [micrograph] = labelled;
    const border = Math.round((1 - fraction) * micrograph.width);
    return {
      training: [{ micrograph, from: 0, to: border - gap / 2 }, ...others.map(whole)],
      heldOut: [{ micrograph, from: border + gap / 2, to: micrograph.width - 1 }],
    };
  }
  const first = labelled.filter(({ name }) => preferred.has(name));
  const drawn = first.length > 1 ? first : labelled;
  const count = Math.min(drawn.length - 1, Math.max(1, Math.round(fraction * labelled.length)));
  const held = new Set(shuffle(drawn, random).slice(0, count));
  return {
    training: micrographs.filter((micrograph) => !held.has(micrograph)).map(whole),
    heldOut: micrographs.filter((micrograph) => held.has(micrograph)).map(whole),
  };
}

/** Held-out columns (first and last, full-size) by the name of the micrograph. */
export type HeldOutColumns = ReadonlyMap<string, readonly [number, number]>;

/**
 * The split of an earlier training: the same columns are held out. Of a micrograph that was held out in part, the columns
 * before them are trained on.
 *
 * @param gap - full-size pixels between the parts of a single micrograph
 */
export function splitAsBefore(micrographs: readonly PreparedMicrograph[], heldOut: HeldOutColumns, gap: number): Split {
  const regions = micrographs.map((micrograph) => ({ micrograph, columns: heldOut.get(micrograph.name) }));
  return {
    training: regions.flatMap(({ micrograph, columns }) => {
      if (!columns) return [{ micrograph, from: 0, to: micrograph.width - 1 }];
      return columns[0] > gap ? [{ micrograph, from: 0, to: columns[0] - gap }] : [];
    }),
    heldOut: regions.flatMap(({ micrograph, columns }) =>
      columns ? [{ micrograph, from: columns[0], to: columns[1] }] : [],
    ),
  };
}

/** True where a point lies in the region's columns. */
export function inRegion({ from, to }: Region, { x }: Point): boolean {
  return x >= from && x <= to;
}

/** The labels of a region. */
export function labelsIn(region: Region): Point[] {
  return region.micrograph.positives.filter((point) => inRegion(region, point));
}

/** How negatives are drawn. */
export interface NegativeOptions {
  /** For each positive. */
  readonly perPositive: number;
  /** Smallest distance from any label, in full-size pixels of the model's pixel size. */
  readonly distance: number;
}

/** Tries to place one random negative before the micrograph is taken for full. */
const TRIES = 200;

/**
 * The boxes of some regions: all positives, the negatives given, and random ones at places that are no particles.
 *
 * @param box - of the network, in prepared pixels
 */
export function makeExamples(
  regions: readonly Region[],
  box: number,
  options: NegativeOptions,
  random: Random,
): Example[] {
  return regions.flatMap((region) => {
    const { micrograph } = region;
    const positives = labelsIn(region);
    const given = micrograph.negatives.filter((point) => inRegion(region, point));
    const wanted = Math.max(0, Math.round(positives.length * options.perPositive) - given.length);
    const drawn = randomNegatives(region, wanted, options.distance * micrograph.scale, random);
    return [
      ...positives.map((point) => exampleAt(micrograph, point, box, 1)),
      ...[...given, ...drawn].map((point) => exampleAt(micrograph, point, box, 0)),
    ];
  });
}

/**
 * Checks that there are both particles and places without.
 *
 * @param warnings - what was left out, for the error
 * @throws LabelError
 */
export function assertTrainable(examples: readonly Example[], micrographs: number, warnings: readonly string[]): void {
  if (examples.some(({ target }) => target === 1) && examples.some(({ target }) => target === 0)) return;
  throw new LabelError({
    what: 'There is nothing to train on',
    received: `${counted(examples.length, 'usable box')} on ${counted(micrographs, 'micrograph')}, none of them ${examples.some(({ target }) => target === 1) ? 'empty' : 'a particle'}`,
    expected: 'particles, and places without particles between them',
    hint: ['Check that the labels belong to these micrographs, and --edge and --diameter', ...warnings].join('. '),
  });
}

/** Patches show every place without a label: of their negatives only those that were given are counted. */
export function countLabels(
  split: Split,
  examples: readonly Example[],
  heldOut: readonly Example[],
  { sampling }: Recipe,
): ModelMetadata['labels'] {
  const count = (all: readonly Example[], target: number) => all.filter((example) => example.target === target).length;
  const given = split.training.flatMap((region) =>
    region.micrograph.negatives.filter((point) => inRegion(region, point)),
  );
  return {
    positives: count(examples, 1),
    negatives: sampling.kind === 'patches' ? given.length : count(examples, 0),
    heldOutPositives: count(heldOut, 1),
    micrographs: split.training.length,
    heldOutMicrographs: split.heldOut.length,
  };
}

/** The box around a point: its first pixel is chosen so that the box's centre is as near as whole pixels allow. */
function exampleAt(micrograph: PreparedMicrograph, point: Point, box: number, target: 0 | 1): Example {
  const { factor } = micrograph.image;
  const start = (x: number) => Math.round(toResampled(x, factor) - (box - 1) / 2);
  return { micrograph, left: start(point.x), top: start(point.y), target };
}

function randomNegatives(region: Region, count: number, distance: number, random: Random): Point[] {
  const { micrograph } = region;
  const index = indexPoints(micrograph.avoid);
  const left = Math.max(region.from, micrograph.edge);
  const right = Math.min(region.to, micrograph.width - 1 - micrograph.edge);
  const [top, bottom] = [micrograph.edge, micrograph.height - 1 - micrograph.edge];
  const drawn: Point[] = [];
  if (right < left || bottom < top) return drawn;
  for (let tries = 0; drawn.length < count && tries < TRIES * count; tries++) {
    const x = left + random.uniform() * (right - left);
    const y = top + random.uniform() * (bottom - top);
    if ((index?.within(x, y, distance).length ?? 0) === 0) drawn.push({ x, y });
  }
  return drawn;
}
