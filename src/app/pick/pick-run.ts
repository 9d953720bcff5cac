/** A pick run: all micrographs into one folder, beside other processes that may be at work on the same. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve, sep } from 'node:path';
import { FileError } from '../../core/errors.js';
import { counted } from '../../core/words.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { assertDistinctNames, assertOutputsApart, SCORES } from '../../storage/outputs.js';
import { forgetRun } from '../../storage/run.js';
import type { RunEvent } from '../events.js';
import { micrographsOf } from '../inputs.js';
import { type Ended, eventsOf, note, startProgress, type Work } from '../tell.js';
import { type Outcome, outcomeOf, summaryOf } from './outcome.js';
import { openSession, type PickSession } from './session.js';
import type { PickSettings } from './settings.js';

/** One part of several. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** A pick run. */
export interface PickRunSettings extends PickSettings {
  /** Files, folders, globs, `@LIST`, or a `micrographs.star`. */
  readonly micrographs: readonly string[];
  /** The results repeat the folders below this one; the common folder of the inputs by default. */
  readonly root?: string;
  /** Only a part of the micrographs; another process without it writes the lists of the run. */
  readonly shard?: Shard;
}

/**
 * Picks micrographs into a folder, and goes on where an earlier run with the same settings stopped.
 *
 * @param signal - ends the run after the micrograph that is being picked
 * @returns what becomes of each micrograph, then a summary; a micrograph that cannot be picked ends nothing
 * @throws UsageError, FileError, ModelError if nothing can be picked like this
 */
export function runPick(settings: PickRunSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Ended, void> {
  return eventsOf((work) => pickAll(settings, work), signal);
}

async function pickAll(settings: PickRunSettings, work: Work): Promise<Ended> {
  const { tell } = work;
  const inputs = await inputsOf(settings, work);
  const session = await openSession(inputs, settings, tell);
  const started = performance.now();
  try {
    const { before, todo } = await divide(inputs, session);
    await assertFreeOrForget(session, todo, settings.out);
    await session.run.begin(inputs.length, before.length, nameOf(settings.shard));
    if (before.length > 0) note(tell, `picked before: ${counted(before.length, 'micrograph')}`);
    const { outcomes, done } = await pickShared(todo, session, work);
    const earlier = before.map(({ outcome }) => outcome);
    tell(summaryOf({ earlier, outcomes, total: inputs.length }, (performance.now() - started) / 1000, settings.out));
    for (const { input } of before) done.add(input);
    if (!settings.shard) await session.finish(inputs.filter((input) => done.has(input)));
    return { failed: outcomes.flatMap(({ error }) => error ?? []) };
  } finally {
    await session.close();
  }
}

function nameOf(shard: Shard | undefined): string | null {
  return shard ? `${shard.index}/${shard.count}` : null;
}

/** The micrographs of this process. */
async function inputsOf(settings: PickRunSettings, { tell }: Work): Promise<InputMicrograph[]> {
  const { out, shard, formats } = settings;
  const all = withoutOutputs(await micrographsOf(settings.micrographs, tell, settings.root), out);
  assertOutputsApart(all, out);
  const bare = formats.find(({ bareNames }) => bareNames);
  if (bare)
    assertDistinctNames(
      all.map(({ path }) => path),
      bare.name,
    );
  const own = shard ? all.filter((_, i) => i % shard.count === shard.index - 1) : all;
  assertSomeExist(own);
  return own;
}

/** What this process did. */
interface Picked {
  readonly outcomes: readonly Outcome[];
  /** Micrographs that are picked now. */
  readonly done: Set<InputMicrograph>;
}

/** Picks what no other process on the folder is picking, then waits for what others are at work on, and picks that where they ended. */
async function pickShared(
  todo: readonly InputMicrograph[],
  session: PickSession,
  { tell, signal }: Work,
): Promise<Picked> {
  const outcomes: Outcome[] = [];
  const done = new Set<InputMicrograph>();
  const progress = startProgress(tell, 'picking', todo.length);
  const took = (input: InputMicrograph, outcome: Outcome) => {
    const { files: _, warnings: __, ...kept } = outcome;
    outcomes.push(kept);
    if (outcome.error === undefined) done.add(input);
    progress(outcomes.length, input.path);
    tell({ kind: 'micrograph', ...outcome, done: outcomes.length, total: todo.length });
  };
  const elsewhere = await pickFree(todo, session, signal, took);
  if (elsewhere.length > 0 && !signal.aborted)
    note(tell, `with other processes on this folder: ${counted(elsewhere.length, 'micrograph')}`);
  for (let input = elsewhere.shift(); input && !signal.aborted; input = elsewhere.shift()) {
    const record = await session.run.waitFor(input.path, signal);
    if (record) took(input, outcomeOf(input, record));
    else if (!signal.aborted) elsewhere.push(...(await pickFree([input], session, signal, took)));
  }
  return { outcomes, done };
}

/**
 * Picks what no other process is picking; while one micrograph is scored the next one is read.
 *
 * @param took - gets every micrograph with what became of it
 * @returns what others are at work on
 */
async function pickFree(
  inputs: readonly InputMicrograph[],
  session: PickSession,
  signal: AbortSignal,
  took: (input: InputMicrograph, outcome: Outcome) => void,
): Promise<InputMicrograph[]> {
  const { run } = session;
  const elsewhere: InputMicrograph[] = [];
  const waiting = [...inputs];
  const next = async (): Promise<InputMicrograph | undefined> => {
    for (let input = waiting.shift(); input && !signal.aborted; input = waiting.shift()) {
      const claim = await run.claim(input.path);
      if (claim === 'claimed') return input;
      if (claim === 'busy') elsewhere.push(input);
      else took(input, outcomeOf(input, claim));
    }
    return undefined;
  };
  for (let input = await next(); input; ) {
    const picking = session.pick(input);
    const following = await next();
    if (following) session.readAhead(following);
    took(input, await picking);
    if (signal.aborted && following) run.release(following.path);
    input = signal.aborted ? undefined : following;
  }
  return elsewhere;
}

/** Micrographs that were picked before, with what became of them, and those that are still to be picked. */
async function divide(inputs: readonly InputMicrograph[], session: PickSession) {
  const before: { input: InputMicrograph; outcome: Outcome }[] = [];
  const todo: InputMicrograph[] = [];
  for (const input of inputs) {
    const outcome = await session.earlier(input);
    if (outcome) before.push({ input, outcome });
    else todo.push(input);
  }
  return { before, todo };
}

/** @throws UsageError if something would be replaced; a run that was not begun before then leaves nothing behind */
async function assertFreeOrForget(session: PickSession, todo: readonly InputMicrograph[], out: string): Promise<void> {
  try {
    await session.assertReplacesNothing(todo);
  } catch (error) {
    const { starts, records } = session.run.history;
    if (starts.length + records.size === 0) await forgetRun(out);
    throw error;
  }
}

/** @throws FileError if none is there: the folder is not mounted, or the paths are wrong */
function assertSomeExist(inputs: readonly InputMicrograph[]): void {
  if (inputs.length === 0 || inputs.some(({ path }) => existsSync(path))) return;
  throw new FileError({
    what: inputs.length === 1 ? 'The micrograph is not there' : `None of ${inputs.length} micrographs is there`,
    received: `for example ${inputs[0].path}, seen from ${process.cwd()} on ${hostname()}`,
    expected: 'files',
    hint: 'Is their folder mounted on this machine?',
  });
}

/** Leaves out the score maps of earlier runs. */
function withoutOutputs(inputs: readonly InputMicrograph[], out: string): InputMicrograph[] {
  const folder = resolve(out);
  return inputs.filter(({ path }) => !(resolve(path).startsWith(folder + sep) && path.endsWith(SCORES)));
}
