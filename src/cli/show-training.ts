/** Shows a training: it can be stopped at any time, and says what is kept. */

import type { RunEvent } from '../app/events.js';
import type { Ended } from '../app/tell.js';
import { defined } from '../core/defined.js';
import { show } from './show.js';

/** @param json - a JSON line an event, instead of words */
export async function showTraining(
  start: (signal: AbortSignal) => AsyncGenerator<RunEvent, Ended, void>,
  json?: boolean,
): Promise<void> {
  let kept = 'nothing was kept, because no epoch was finished';
  await show(start, {
    ...defined({ json }),
    stopping: 'Stopping: the best model so far will be saved. Ctrl-C again ends at once.',
    kept: () => kept,
    sees(event) {
      if (event.kind !== 'checkpoint') return;
      const { file, epoch } = event;
      kept = `${file} is kept, and the same command goes on after epoch ${epoch}; no model was saved`;
    },
  });
}
