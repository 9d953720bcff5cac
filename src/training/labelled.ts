/** Labelled micrographs, cleaned and prepared: what training starts from. */

import { LabelError } from '../core/errors.js';
import type { Image, Micrograph } from '../core/micrograph.js';
import { isInside, type Particle, type Point } from '../core/particle.js';
import { counted } from '../core/words.js';
import { cutFrame, recordedFrame } from '../imaging/frame.js';
import type { Preparation } from '../network/model.js';
import { boxDeviations } from '../picking/deviation.js';
import { factorFor, type PreparedImage, prepare } from '../picking/prepare.js';
import { unevennessAt, unevennessMap } from '../picking/unevenness.js';

/** A micrograph with its labels; coordinates in full-size pixels. */
export interface LabelledMicrograph {
  readonly name: string;
  readonly micrograph: Micrograph;
  readonly particles: readonly Particle[];
  /** Places confirmed to be no particles. */
  readonly negatives?: readonly Particle[];
}

/**
 * A labelled micrograph as training sees it: what was recorded of it. Coordinates stay in full-size pixels, from the first column and row
 * that were recorded.
 */
export interface PreparedMicrograph {
  readonly name: string;
  readonly image: PreparedImage;
  /** The resampled grey values that it was made of. */
  readonly grey: Image;
  /** Pixels of this micrograph per pixel of the model's pixel size: 1 unless pixel sizes differ. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  /** Labels far enough from the edge. */
  readonly positives: readonly Point[];
  /** Every label inside the image, also those near the edge, and every unsure place: no random negative comes close to them. */
  readonly avoid: readonly Point[];
  /** Places where a particle may be or not: they count neither way. */
  readonly unsure: readonly Point[];
  /** Negatives that were given, far enough from the edge. */
  readonly negatives: readonly Point[];
  /** Smallest distance from the edge that was used. */
  readonly edge: number;
  /** Relative standard deviations of raw grey values around the positives. */
  readonly deviations: readonly number[];
  /** Unevenness of the ground around the positives; empty unless asked for. */
  readonly unevenness: readonly number[];
  /** What was left out, one sentence each. */
  readonly warnings: readonly string[];
}

/** What preparing labels needs to know. Lengths in full-size pixels of the model's pixel size. */
export interface PrepareLabelsOptions {
  readonly preparation: Preparation;
  /** Angstroms per pixel of the model, or null. */
  readonly pixelSize: number | null;
  /** Of the network, in prepared pixels. */
  readonly box: number;
  readonly edge: number;
  /** Particle diameter. */
  readonly diameter: number;
  /** Whether the unevenness of the ground is measured. */
  readonly unevenness: boolean;
}

/** Labels closer to each other than this are one label twice. */
const SAME_POINT = 1;

/**
 * Prepares one labelled micrograph.
 *
 * @throws LabelError if a coordinate is not a finite number
 */
export function prepareLabelled(labelled: LabelledMicrograph, options: PrepareLabelsOptions): PreparedMicrograph {
  const frame = recordedFrame(labelled.micrograph);
  const micrograph = cutFrame(labelled.micrograph, frame);
  const inFrame = <P extends Point>(points: readonly P[]) =>
    points.map((point) => ({ ...point, x: point.x - frame.left, y: point.y - frame.top }));
  const { width, height } = micrograph;
  const warnings: string[] = [];
  const factor = factorFor(options.preparation, options.pixelSize, micrograph.pixelSize);
  const scale = factor / options.preparation.factor;
  const edge = scale * options.edge;
  const points = [...labelled.particles, ...(labelled.negatives ?? [])];
  const broken = points.find(({ x, y }) => !Number.isFinite(x) || !Number.isFinite(y));
  if (broken) {
    throw new LabelError({
      what: `A label of ${labelled.name} is not a point`,
      received: `(${broken.x}, ${broken.y})`,
      expected: 'two numbers',
    });
  }
  const clean = (points: readonly Particle[], kind: string) => {
    const inside = points.filter((point) => isInside(point, width, height, 0));
    const unique = withoutDuplicates(inside);
    const usable = unique.filter((point) => isInside(point, width, height, edge));
    const count = (n: number, what: string) => n > 0 && warnings.push(`left out: ${counted(n, kind)} ${what}`);
    count(points.length - inside.length, `outside the image (${width}x${height})`);
    count(inside.length - unique.length, 'at the same point as another');
    count(unique.length - usable.length, `closer than ${edge.toFixed(0)} px to the edge`);
    return { unique, usable };
  };
  const positives = clean(inFrame(labelled.particles), 'label');
  const negatives = clean(inFrame(labelled.negatives ?? []), 'negative');
  const { image, grey } = prepare(micrograph, options.preparation, factor);
  return {
    name: labelled.name,
    image,
    grey,
    scale,
    width,
    height,
    positives: positives.usable,
    avoid: positives.unique,
    unsure: [],
    negatives: negatives.usable,
    edge,
    unevenness: options.unevenness
      ? unevennessAt(unevennessMap(grey, options.diameter / options.preparation.factor), factor, positives.usable)
      : [],
    deviations: boxDeviations(grey, factor, positives.usable, options.box, 'median'),
    warnings,
  };
}

function withoutDuplicates(points: readonly Particle[]): Particle[] {
  const seen = new Map<string, Particle[]>();
  return points.filter((point) => {
    const [column, row] = [Math.floor(point.x / SAME_POINT), Math.floor(point.y / SAME_POINT)];
    for (let v = row - 1; v <= row + 1; v++) {
      for (let u = column - 1; u <= column + 1; u++) {
        const near = seen.get(`${u} ${v}`) ?? [];
        if (near.some((other) => Math.hypot(other.x - point.x, other.y - point.y) < SAME_POINT)) return false;
      }
    }
    const key = `${column} ${row}`;
    seen.set(key, [...(seen.get(key) ?? []), point]);
    return true;
  });
}
