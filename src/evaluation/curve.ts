/** Precision-recall curves and what is read off them. Definitions: shared data README, "How picks are scored". */

/** The state of things when every pick of at least this score is kept. */
export interface CurvePoint {
  /** The score. */
  readonly threshold: number;
  /** Picks kept. */
  readonly kept: number;
  /** Of these, matched to a true centre. */
  readonly found: number;
  readonly precision: number;
  readonly recall: number;
}

/** A pick's score, and whether it found a true centre. */
export interface ScoredHit {
  readonly score: number;
  readonly hit: boolean;
}

/**
 * One point for each different score, from the highest down; picks of equal score enter together.
 *
 * @param truthCount - true centres in all
 */
export function precisionRecall(hits: readonly ScoredHit[], truthCount: number): CurvePoint[] {
  const ranked = [...hits].sort((a, b) => b.score - a.score);
  const points: CurvePoint[] = [];
  let found = 0;
  ranked.forEach(({ score, hit }, i) => {
    if (hit) found++;
    if (ranked[i + 1]?.score === score) return;
    const kept = i + 1;
    points.push({ threshold: score, kept, found, precision: found / kept, recall: found / Math.max(truthCount, 1) });
  });
  return points;
}

/** F_beta = (1 + b^2) P R / (b^2 P + R); 0 where both are 0. */
export function fMeasure({ precision, recall }: { precision: number; recall: number }, beta: number): number {
  const denominator = beta ** 2 * precision + recall;
  return denominator > 0 ? ((1 + beta ** 2) * precision * recall) / denominator : 0;
}

/** The point of the curve where F_beta peaks, the highest threshold of equals; null for an empty curve. */
export function bestPoint(curve: readonly CurvePoint[], beta: number): CurvePoint | null {
  return curve.reduce<CurvePoint | null>((best, point) => {
    return best === null || fMeasure(point, beta) > fMeasure(best, beta) ? point : best;
  }, null);
}

/** The curve's point when every pick of at least `threshold` is kept; null where none is. */
export function pointAt(curve: readonly CurvePoint[], threshold: number): CurvePoint | null {
  return curve.findLast((point) => point.threshold >= threshold) ?? null;
}

/** Area under the precision envelope (at each recall the best precision at that recall or more). */
export function averagePrecision(curve: readonly CurvePoint[]): number {
  let area = 0;
  let envelope = 0;
  for (let i = curve.length - 1; i >= 0; i--) {
    envelope = Math.max(envelope, curve[i].precision);
    area += envelope * (curve[i].recall - (curve[i - 1]?.recall ?? 0));
  }
  return area;
}

/** The point where precision and recall are closest to each other; null where nothing was found. */
export function crossing(curve: readonly CurvePoint[]): CurvePoint | null {
  const gap = ({ precision, recall }: CurvePoint) => Math.abs(precision - recall);
  return curve
    .filter(({ found }) => found > 0)
    .reduce<CurvePoint | null>((best, point) => (best === null || gap(point) < gap(best) ? point : best), null);
}
