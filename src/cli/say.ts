/** What work tells, in words. */

import type { RunEvent, Words } from '../app/events.js';
import { describeRemoved } from '../app/pick/outcome.js';
import { accuracyWords, counted, duration } from '../core/words.js';
import { note, print } from './console.js';
import { sayTrained } from './say-trained.js';

type Event<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>;

/** A kind of event that is no word already. */
type Kind = Exclude<RunEvent, Words>['kind'];

const nothing = () => {};
const SAY: { readonly [K in Kind]: (event: Event<K>) => void } = {
  micrograph: sayMicrograph,
  summary: saySummary,
  data: sayData,
  device: sayDevice,
  epoch: sayEpoch,
  choosing: ({ heldOut }) =>
    note(heldOut ? 'choosing distance, filters and thresholds on what is held out' : 'choosing the threshold'),
  objective: (event) => note(describeObjective(event)),
  done: sayTrained,
  // A warning came before it.
  'left-over': nothing,
  // A bar shows it.
  step: nothing,
  // An interruption tells it.
  checkpoint: nothing,
};

/** Shows an event that is no word already. */
export function sayEvent(event: Event<Kind>): void {
  const say = SAY[event.kind] as (event: Event<Kind>) => void;
  say(event);
}

function sayDevice({ reasons, work, device, card }: Event<'device'>): void {
  for (const reason of reasons) note(`not taken, ${reason}`);
  note(`${work} on ${card === null ? 'the CPU' : `${device}: ${card}`}`);
}

function sayMicrograph({ micrograph, warnings = [], error, particles, done, total }: Event<'micrograph'>): void {
  for (const warning of warnings) note(`warning: ${micrograph}: ${warning}`);
  if (error === undefined && !process.stderr.isTTY)
    print(`${done}/${total} ${micrograph}: ${counted(particles ?? 0, 'particle')}`);
}

function saySummary(event: Event<'summary'>): void {
  const { micrographs, particles, removed, unusual, unusualExamples, failed, unfinished, seconds, out } = event;
  print(
    `${counted(particles, 'particle')} in ${counted(micrographs, 'micrograph')} in ${duration(seconds)}, written to ${out}`,
  );
  print(`candidates left out: ${describeRemoved(removed)}`);
  if (unusual > 0) {
    print(`unusual in count or scores: ${unusual} of ${counted(micrographs, 'micrograph')}, for example`);
    for (const { micrograph, words } of unusualExamples) print(`  ${micrograph}: ${words}`);
    print(`deepem status ${out} lists them`);
  }
  if (unfinished > 0) print(`not reached: ${counted(unfinished, 'micrograph')}; the same command goes on`);
  if (failed.length > 0) print(`could not be picked: ${counted(failed.length, 'micrograph')}`);
  for (const { reason } of failed) print(`  ${reason}`);
}

function sayData({ warnings, labels, architecture, factor, start }: Event<'data'>): void {
  for (const warning of warnings) note(`warning: ${warning}`);
  const starts = {
    general: 'the general model',
    earlier: 'the earlier model',
    simulated: 'weights that know simulated particles',
    random: 'random weights',
  };
  note(
    `network ${architecture.name} from ${starts[start]}, box ${architecture.box}, micrographs binned ${Number(factor.toFixed(3))} times`,
  );
  const negatives = labels.negatives > 0 ? ` and ${counted(labels.negatives, 'place')} without` : '';
  note(`${counted(labels.positives, 'particle')}${negatives} of ${counted(labels.micrographs, 'micrograph')}`);
  note(
    labels.heldOutMicrographs > 0
      ? `held out to judge: ${counted(labels.heldOutPositives, 'particle')} of ${counted(labels.heldOutMicrographs, 'micrograph')}`
      : 'nothing is held out to judge by',
  );
}

/** On a terminal the bar says as much. */
function sayEpoch(event: Event<'epoch'>): void {
  if (process.stderr.isTTY) return;
  const { epoch, epochs, loss, secondsLeft } = event;
  note(`epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}${accuracyWords(event)}, ${duration(secondsLeft)} left`);
}

function describeObjective({ objective, found, labelled }: Event<'objective'>): string {
  if (found === 0) return 'cannot tell whether labels are complete: the network finds no candidates yet';
  const counts = `${labelled} of the ${found} best candidates are labelled`;
  switch (objective) {
    case 'positive-negative':
      return `labels look complete (${counts}): other places count as no particles`;
    case 'positive-unlabelled':
      return `labels look incomplete (${counts}): other places count as unlabelled, not as no particles`;
    case 'labelled-unlabelled':
      return `labels are few and look incomplete (${counts}): labelled places are told from all others, by a training too short to learn the others by heart`;
  }
}
