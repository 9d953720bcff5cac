/** Picks against truth, pooled and per micrograph. */

import { isInside, type Particle, type Point } from '../core/particle.js';
import { averagePrecision, bestPoint, type CurvePoint, crossing, fMeasure, pointAt, precisionRecall } from './curve.js';
import { type Match, matchPicks } from './match.js';

/** The picks and true centres of one micrograph. */
export interface EvaluatedMicrograph {
  readonly name: string;
  readonly truth: readonly Point[];
  readonly picks: readonly Particle[];
  /** Needed where `edge` is used. */
  readonly size?: { readonly width: number; readonly height: number };
}

/** How picks are judged. */
export interface EvaluateOptions {
  /** Largest distance between a pick and its true centre, in pixels. */
  readonly radius: number;
  /** True centres and picks closer to the edge than this many pixels are left out; by default none are. */
  readonly edge?: number;
  /** The program's own threshold, at which measures are given too. */
  readonly threshold?: number;
}

/** A threshold with its measures. */
export interface Measures {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly f2: number;
}

/** The measures of one micrograph, or of all pooled. Without picks the best points are null. */
export interface EvaluationResult {
  readonly truthCount: number;
  readonly pickCount: number;
  /** Area under the precision envelope. */
  readonly averagePrecision: number;
  /** Where F1 is best over all thresholds. */
  readonly bestF1: Measures | null;
  /** Where F2 is best over all thresholds: the paper's threshold. */
  readonly bestF2: Measures | null;
  /** Where precision equals recall. */
  readonly crossing: Measures | null;
  /** At the threshold given, if one was. */
  readonly atThreshold: Measures | null;
  /** Median distance of matched picks to their true centres, in pixels; null without a match. */
  readonly centringError: number | null;
  /** Mean signed distances (pick minus truth) in pixels; null without a match. */
  readonly meanOffset: Point | null;
  readonly curve: readonly CurvePoint[];
}

/** The pooled result and those of the micrographs, by name. */
export interface Evaluation extends EvaluationResult {
  readonly micrographs: readonly (EvaluationResult & { readonly name: string })[];
}

/**
 * Evaluates picks against truth.
 *
 * A micrograph without true centres counts: every pick on it is false.
 */
export function evaluate(micrographs: readonly EvaluatedMicrograph[], options: EvaluateOptions): Evaluation {
  const matched = micrographs.map((micrograph) => {
    const { truth, picks } = withoutEdge(micrograph, options.edge);
    return { name: micrograph.name, truth, matches: matchPicks(truth, picks, options.radius) };
  });
  return {
    ...summarise(matched, options.threshold),
    micrographs: matched.map((one) => ({ name: one.name, ...summarise([one], options.threshold) })),
  };
}

function withoutEdge({ truth, picks, size }: EvaluatedMicrograph, edge: number | undefined) {
  if (!size || edge === undefined) return { truth, picks };
  const inside = (point: Point) => isInside(point, size.width, size.height, edge);
  return { truth: truth.filter(inside), picks: picks.filter(inside) };
}

interface Matched {
  readonly truth: readonly Point[];
  readonly matches: readonly Match[];
}

function summarise(matched: readonly Matched[], threshold: number | undefined): EvaluationResult {
  const truthCount = matched.reduce((sum, { truth }) => sum + truth.length, 0);
  const hits = matched.flatMap(({ matches }) =>
    matches.map(({ pick, truth }) => ({ score: pick.score ?? 1, hit: truth >= 0 })),
  );
  const curve = precisionRecall(hits, truthCount);
  const offsets = matched.flatMap(({ truth, matches }) =>
    matches
      .filter((match) => match.truth >= 0)
      .map(({ pick, truth: i }) => ({ x: pick.x - truth[i].x, y: pick.y - truth[i].y })),
  );
  return {
    truthCount,
    pickCount: hits.length,
    averagePrecision: averagePrecision(curve),
    bestF1: measures(bestPoint(curve, 1)),
    bestF2: measures(bestPoint(curve, 2)),
    crossing: measures(crossing(curve)),
    atThreshold: threshold === undefined ? null : measuresAt(curve, threshold),
    centringError: median(offsets.map(({ x, y }) => Math.hypot(x, y))),
    meanOffset:
      offsets.length === 0 ? null : { x: mean(offsets.map(({ x }) => x)), y: mean(offsets.map(({ y }) => y)) },
    curve,
  };
}

function measures(point: CurvePoint | null): Measures | null {
  if (!point) return null;
  const { threshold, precision, recall } = point;
  return { threshold, precision, recall, f1: fMeasure(point, 1), f2: fMeasure(point, 2) };
}

function measuresAt(curve: readonly CurvePoint[], threshold: number): Measures {
  return measures(pointAt(curve, threshold)) ?? { threshold, precision: 0, recall: 0, f1: 0, f2: 0 };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
