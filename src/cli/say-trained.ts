/** The end of a training, in words. */

import type { RunEvent } from '../app/events.js';
import { counted, describeAccuracy, duration } from '../core/words.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { print } from './console.js';
import { describeThresholds } from './info.js';
import { describeOffset } from './label-offset.js';

type Done = Extract<RunEvent, { kind: 'done' }>;

/** The paper's acceptance: this share of a test set right at 0.5. */
const ACCEPTED = 0.95;

/** Shows what a training came to. */
export function sayTrained(done: Done): void {
  const { model, epoch, heldOut } = done;
  const { accuracy, chance, threshold, thresholdFrom, thresholds, calibrationError, diameter } = model;
  if (accuracy !== null) {
    const verdict = accuracy >= ACCEPTED ? 'met' : 'not met';
    print(
      `accuracy on held-out boxes at 0.5 after epoch ${epoch}: ${describeAccuracy(accuracy, chance)} (the paper's 95 %: ${verdict})`,
    );
  }
  print(`threshold ${threshold.toFixed(3)}: ${thresholdFrom}`);
  if (thresholds) print(`  ${describeThresholds(thresholds)}`);
  if (calibrationError !== null) {
    print(`scores are probabilities, on held-out picks wrong by ${(100 * calibrationError).toFixed(1)} % on average`);
  }
  const offset = heldOut && describeOffset(heldOut, diameter);
  if (offset) print(offset);
  if (done.again) sayGain(done);
  print(`model ${done.output} in ${duration(done.seconds)}; trained on: ${done.record}`);
}

/** What a training again has gained. */
function sayGain({ before, heldOut, loss, kept }: Done): void {
  print(
    before
      ? describeGain(before, heldOut)
      : 'what was gained cannot be shown: nothing is held out that the earlier model had not seen',
  );
  if (loss && loss.lost > 0) {
    print(
      `of ${counted(loss.sure, 'pick')} that the earlier model was sure of, the new one does not find ${loss.lost}`,
    );
  }
  if (!kept) return;
  const why = loss?.isTooMuch ? 'loses too many of them' : 'is not surely better on what is held out';
  print(`the new model ${why}: the earlier one was kept, and is what was written`);
}

/** Before and after, on the same held-out labels. */
function describeGain(before: Evaluation, after: Evaluation | null): string {
  const words = (result: Evaluation) =>
    `average precision ${result.averagePrecision.toFixed(3)}, best F1 ${(result.bestF1?.f1 ?? 0).toFixed(3)}`;
  const now = after ? words(after) : 'not judged: labels are missing';
  return `on ${counted(before.truthCount, 'held-out label')}, before: ${words(before)}; after: ${now}`;
}
