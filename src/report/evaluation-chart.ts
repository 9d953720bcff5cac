/** The two curves of the paper's Fig. 3e-f: precision and recall, and F2 over the threshold. */

import { type CurvePoint, fMeasure } from '../evaluation/curve.js';
import type { EvaluationResult } from '../evaluation/evaluate.js';
import { drawCharts } from './chart.js';

/** Points drawn at the most. */
const POINTS = 400;

/** Draws an evaluation as SVG. */
export function drawEvaluation(result: EvaluationResult): string {
  const curve = thin(result.curve);
  const best = result.bestF2;
  return drawCharts([
    {
      title: `Precision and recall (AP ${result.averagePrecision.toFixed(3)})`,
      x: 'recall',
      y: 'precision',
      xDomain: [0, 1],
      yDomain: [0, 1],
      series: [{ label: 'precision', points: curve.map(({ recall, precision }) => ({ x: recall, y: precision })) }],
    },
    {
      title: best ? `F2 ${best.f2.toFixed(3)} at threshold ${best.threshold.toFixed(3)}` : 'no picks',
      x: 'threshold',
      y: 'measure',
      xDomain: [0, 1],
      yDomain: [0, 1],
      series: [
        { label: 'F2', points: curve.map((point) => ({ x: point.threshold, y: fMeasure(point, 2) })) },
        { label: 'precision', points: curve.map(({ threshold, precision }) => ({ x: threshold, y: precision })) },
        { label: 'recall', points: curve.map(({ threshold, recall }) => ({ x: threshold, y: recall })) },
      ],
      ...(best && { mark: { x: best.threshold, label: 'best F2' } }),
    },
  ]);
}

function thin(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  const stride = Math.ceil(curve.length / POINTS);
  return curve.filter((_, i) => i % stride === 0 || i === curve.length - 1);
}
