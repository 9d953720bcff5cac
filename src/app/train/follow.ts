/** Tells what a training reports, and keeps each epoch on disk. */

import { accuracyWords } from '../../core/words.js';
import type { CheckpointKeeper } from '../../storage/checkpoint-file.js';
import type { DataReport, DoneReport, EpochReport, TrainReport } from '../../training/reports.js';
import { tellDevice } from '../device.js';
import type { Tell } from '../events.js';
import { startProgress, warn } from '../tell.js';

/** What a training came to. */
export interface Followed {
  /** Undefined where it was interrupted before it had trained at all. */
  readonly done: DoneReport | undefined;
  /** Also those before it was resumed. */
  readonly epochs: readonly EpochReport[];
  /** Held-out columns, by micrograph. */
  readonly heldOut: ReadonlyMap<string, [number, number]>;
}

/** Tells the reports as they come. */
export async function followTraining(
  reports: AsyncIterable<TrainReport>,
  keeper: CheckpointKeeper,
  tell: Tell,
): Promise<Followed> {
  const epochs: EpochReport[] = [...keeper.earlier];
  let data: DataReport | undefined;
  let done: DoneReport | undefined;
  let started = performance.now();
  let progress = (_done: number, _at: string) => {};
  for await (const report of reports) {
    switch (report.kind) {
      case 'data':
        data = report;
        tell(report);
        progress = startProgress(tell, 'training', report.steps);
        started = performance.now();
        break;
      case 'device':
        await tellDevice(tell, 'computing gradients', report);
        break;
      case 'step':
        tell(report);
        progress(report.step, `loss ${report.loss.toFixed(4)}${accuracyWords(epochs.at(-1))}`);
        break;
      case 'epoch': {
        epochs.push(report);
        const here = report.epoch - (keeper.found?.epoch ?? 0);
        const each = (performance.now() - started) / 1000 / here;
        tell({ ...report, secondsLeft: each * (report.epochs - report.epoch) });
        if (report.epoch === report.epochs) tell({ kind: 'choosing', heldOut: (data?.heldOut.length ?? 0) > 0 });
        break;
      }
      case 'objective':
        tell(report);
        break;
      case 'checkpoint':
        await keep(keeper, report.checkpoint, epochs, tell);
        break;
      case 'done':
        done = report;
    }
  }
  return { done, epochs, heldOut: new Map(data?.heldOut.map(({ name, columns }) => [name, [...columns]])) };
}

async function keep(
  keeper: CheckpointKeeper,
  checkpoint: Parameters<CheckpointKeeper['keep']>[0],
  epochs: readonly EpochReport[],
  tell: Tell,
): Promise<void> {
  const failure = await keeper.keep(checkpoint, epochs);
  if (failure === null) tell({ kind: 'checkpoint', epoch: checkpoint.epoch, file: keeper.file });
  else warn(tell, `the training goes on, but could not be resumed from here: ${failure}`);
}
