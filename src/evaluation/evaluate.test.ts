import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { averagePrecision, bestPoint, crossing, fMeasure, precisionRecall } from './curve.js';
import { evaluate } from './evaluate.js';
import { matchPicks } from './match.js';

interface Golden {
  radius: number;
  size: [number, number];
  threshold: number;
  truth: Record<string, [number, number][]>;
  picks: Record<string, [number, number, number][]>;
  cases: { edge: number; result: Record<string, string | number> }[];
}

const GOLDEN: Golden = JSON.parse(readFileSync('test/fixtures/evaluation.json', 'utf8'));

describe.each(GOLDEN.cases)('evaluate agrees with the independent scorer, edge $edge', ({ edge, result }) => {
  const [width, height] = GOLDEN.size;
  const micrographs = Object.entries(GOLDEN.truth).map(([name, truth]) => ({
    name,
    truth: truth.map(([x, y]) => ({ x, y })),
    picks: GOLDEN.picks[name].map(([x, y, score]) => ({ x, y, score })),
    size: { width, height },
  }));
  const evaluation = evaluate(micrographs, {
    radius: GOLDEN.radius,
    threshold: GOLDEN.threshold,
    ...(edge > 0 && { edge }),
  });

  it('in counts, average precision, centring error and F1 at a threshold', () => {
    expect(evaluation.truthCount).toBe(result.n_truth);
    expect(evaluation.averagePrecision).toBeCloseTo(result.AP as number, 4);
    expect(evaluation.centringError).toBeCloseTo(result['median centring error'] as number, 2);
    expect(evaluation.atThreshold?.f1).toBeCloseTo(result['F1 at own threshold'] as number, 4);
    expect(evaluation.pickCount).toBe(result.n_picks);
  });

  it('in the best F1 and F2 and the crossing', () => {
    for (const [name, point] of [
      ['F1', evaluation.bestF1],
      ['F2', evaluation.bestF2],
    ] as const) {
      const [, value, precision, recall, threshold] =
        /([\d.]+) \(P ([\d.]+) R ([\d.]+) t ([\d.]+)\)/.exec(String(result[name])) ?? [];
      expect(name === 'F1' ? point?.f1 : point?.f2).toBeCloseTo(Number(value), 4);
      expect(point?.precision).toBeCloseTo(Number(precision), 3);
      expect(point?.recall).toBeCloseTo(Number(recall), 3);
      expect(point?.threshold).toBeCloseTo(Number(threshold), 3);
    }
    expect(evaluation.crossing?.precision).toBeCloseTo(Number(result['P=R']), 3);
  });
});

describe('evaluate', () => {
  it('counts every pick of a micrograph without truth as false', () => {
    const pick = { x: 1, y: 1, score: 1 };
    const { atThreshold, micrographs } = evaluate(
      [
        { name: 'a', truth: [{ x: 1, y: 1 }], picks: [pick] },
        { name: 'b', truth: [], picks: [pick] },
      ],
      { radius: 5, threshold: 0.5 },
    );
    expect(atThreshold).toMatchObject({ precision: 0.5, recall: 1 });
    expect(micrographs.map(({ truthCount, pickCount }) => [truthCount, pickCount])).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });

  it('without picks finds nothing and fails nowhere', () => {
    const result = evaluate([{ name: 'a', truth: [{ x: 1, y: 1 }], picks: [] }], { radius: 5, threshold: 0.5 });
    expect(result).toMatchObject({ averagePrecision: 0, bestF1: null, centringError: null });
    expect(result.atThreshold).toEqual({ threshold: 0.5, precision: 0, recall: 0, f1: 0, f2: 0 });
    expect(evaluate([], { radius: 5 }).curve).toEqual([]);
  });
});

describe('matching', () => {
  it('gives the nearest free centre to the best score first, and each centre once', () => {
    const truth = [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ];
    const picks = [
      { x: 4, y: 0, score: 0.5 },
      { x: 3, y: 0, score: 0.9 },
      { x: 1, y: 0, score: 0.1 },
    ];
    expect(matchPicks(truth, picks, 8).map(({ pick, truth: i }) => [pick.score, i])).toEqual([
      [0.9, 0],
      [0.5, 1],
      [0.1, -1],
    ]);
  });

  it('takes a distance of exactly the radius', () => {
    expect(matchPicks([{ x: 3, y: 4 }], [{ x: 0, y: 0 }], 5)[0].truth).toBe(0);
  });
});

describe('curve', () => {
  it('crosses where something was found, also when the best pick is false', () => {
    const hits = [0.9, 0.8, 0.7].map((score, i) => ({ score, hit: i > 0 }));
    expect(crossing(precisionRecall(hits, 2))?.found).toBe(1);
    expect(crossing(precisionRecall([{ score: 0.9, hit: false }], 1))).toBeNull();
  });

  it('lets picks of equal score enter together', () => {
    const curve = precisionRecall(
      [
        { score: 0.5, hit: false },
        { score: 0.5, hit: true },
      ],
      2,
    );
    expect(curve).toEqual([{ threshold: 0.5, kept: 2, found: 1, precision: 0.5, recall: 0.5 }]);
  });

  it('has area 1 for perfect picks, and F measures as defined', () => {
    expect(
      averagePrecision(
        precisionRecall(
          [
            { score: 1, hit: true },
            { score: 0.5, hit: true },
          ],
          2,
        ),
      ),
    ).toBe(1);
    expect(fMeasure({ precision: 0.5, recall: 1 }, 1)).toBeCloseTo(2 / 3, 12);
    expect(fMeasure({ precision: 0.5, recall: 1 }, 2)).toBeCloseTo((5 * 0.5) / (4 * 0.5 + 1), 12);
    expect(fMeasure({ precision: 0, recall: 0 }, 2)).toBe(0);
    expect(bestPoint([], 1)).toBeNull();
  });
});
