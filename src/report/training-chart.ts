/** Loss and accuracy of a training. */

import { drawCharts } from './chart.js';

/** An epoch, as the chart needs it. */
export interface ChartedEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number | null;
  readonly chance: number | null;
}

/** Draws loss and accuracy over epochs, as SVG. */
export function drawTraining(epochs: readonly ChartedEpoch[]): string {
  const curve = (key: 'accuracy' | 'chance') =>
    epochs.flatMap(({ epoch, [key]: y }) => (y === null ? [] : [{ x: epoch, y }]));
  return drawCharts([
    {
      title: 'Loss',
      x: 'epoch',
      y: 'mean loss',
      series: [{ label: 'training', points: epochs.map(({ epoch, loss }) => ({ x: epoch, y: loss })) }],
    },
    {
      title: 'Accuracy at 0.5',
      x: 'epoch',
      y: 'share right',
      series: [
        { label: 'held out', points: curve('accuracy') },
        { label: 'by chance', points: curve('chance') },
      ],
    },
  ]);
}
