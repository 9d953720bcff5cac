/** One fold of a search: a training that is judged on what it has not seen. */

import { defined } from '../../core/defined.js';
import { LabelError } from '../../core/errors.js';
import type { HeldOutColumns } from '../../training/examples.js';
import { train } from '../../training/train.js';
import type { FoldScore, Trial } from '../../training/tune.js';
import { readLabelled } from '../labels/labelled-inputs.js';
import { startProgress, type Work } from '../tell.js';
import type { TrainingInputs, TrainingSettings } from './training-inputs.js';

/** A fold that is to be judged. */
export interface Fold {
  readonly trial: Trial;
  /** Micrographs that are held out. */
  readonly heldOut: readonly string[];
  readonly found: TrainingInputs;
  readonly settings: TrainingSettings;
}

/** Trains without the micrographs of a fold and judges on them; null where it was interrupted. */
export async function judgeFold(fold: Fold, { tell, signal }: Work): Promise<Omit<FoldScore, 'trial' | 'fold'> | null> {
  const started = performance.now();
  const { found, heldOut } = fold;
  const failed: string[] = [];
  let progress = (_done: number, _at: string) => {};
  try {
    for await (const report of reportsOf(fold, failed, { tell, signal })) {
      if (report.kind === 'data') {
        assertJudged(report.labels.heldOutPositives, heldOut, found.edge);
        progress = startProgress(tell, 'training', report.steps);
      }
      if (report.kind === 'objective') assertComplete(report.objective === 'positive-negative');
      if (report.kind === 'step') progress(report.step, `loss ${report.loss.toFixed(4)}`);
      if (report.kind !== 'done' || report.interrupted) continue;
      const { averagePrecision, bestF1 } = report.heldOut ?? { averagePrecision: 0, bestF1: null };
      return { averagePrecision, bestF1: bestF1?.f1 ?? 0, seconds: (performance.now() - started) / 1000 };
    }
  } finally {
    for (const reason of failed) tell({ kind: 'left-out', reason });
  }
  return null;
}

function reportsOf({ trial, heldOut, found, settings }: Fold, failed: string[], { tell, signal }: Work) {
  const { pixelSize: modelPixelSize, diameter, edge, labels } = found;
  const { architecture, recipe } = trial;
  const columns: HeldOutColumns = new Map(heldOut.map((path) => [path, [0, Number.MAX_SAFE_INTEGER]]));
  const reading = {
    modelPixelSize,
    ...defined({ pixelSize: settings.pixelSize }),
    record: { micrographs: [] },
    failed,
  };
  return train(readLabelled(labels, reading, tell), {
    ...{ diameter, pixelSize: modelPixelSize, architecture, recipe: { ...recipe, architecture }, edge },
    ...{ labels: settings.labels, heldOut: columns, seed: settings.seed, signal, device: settings.device },
    ...defined({ threads: settings.threads }),
  });
}

/** @throws LabelError unless precision can be measured */
export function assertComplete(areComplete: boolean): void {
  if (areComplete) return;
  throw new LabelError({
    what: 'A search compares settings by their picks without a label, and labels are missing',
    received: 'incomplete labels',
    expected: 'micrographs on which every particle is labelled',
    hint: 'Label two or more micrographs completely; --labels complete takes the labels as they are',
  });
}

/** @throws LabelError if a fold has nothing to judge by */
function assertJudged(labels: number, heldOut: readonly string[], edge: number): void {
  if (labels > 0) return;
  throw new LabelError({
    what: 'A fold of the search has no labels to judge by',
    received: `${heldOut.join(', ')}, all labels closer to the edge than ${edge.toFixed(0)} px`,
    expected: 'labels away from the edge on each micrograph',
    hint: 'Leave these micrographs out, or give a smaller --edge',
  });
}
