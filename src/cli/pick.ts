/** `deepem pick` */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { docsPage } from '../core/docs.js';
import { FileError, UsageError } from '../core/errors.js';
import { counted } from '../core/words.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { assertDistinctNames, assertOutputsApart, SCORES } from '../storage/outputs.js';
import { forgetRun } from '../storage/run.js';
import { note, onInterrupt, startProgress } from './console.js';
import { micrographsOf } from './inputs.js';
import { addPickOptions, FORMATS_HELP, type PickArguments } from './pick-arguments.js';
import { type Outcome, report, summarise } from './pick-report.js';
import { openSession, outcomeOf, type PickSession } from './pick-session.js';
import { addClusterOptions, type ClusterArguments, submit } from './submit.js';

/** One part of several. */
interface Shard {
  readonly index: number;
  readonly count: number;
}

interface PickCommandArguments extends PickArguments, ClusterArguments {
  root?: string;
  shard?: Shard;
}

const HELP = `
Examples:
  deepem pick micrographs/ --diameter 190A --out picks/                      the general model: no labels, no training
  deepem pick micrographs/ --model model.onnx --out picks/                   a model of your own
  deepem pick micrographs.star --model model.onnx --out picks/ --format star,csv --threshold 0.5
  deepem pick @list.txt --model model.onnx --out picks/ --shard 3/8

One file a micrograph and format, in the folders of the micrographs (for a micrographs.star: the folders below its RELION job):
${FORMATS_HELP}
Where a format cannot hold a comment, NAME.provenance.json says what the picks were made from. The step of the original program: --step 20 --edge half a box.
The first three micrographs are held against those that the model was trained on; what does not fit is said, with its likely cause. Micrographs whose count
or scores are unusual are counted at the end.
A micrograph that cannot be read is listed at the end with its reason; the exit code is then 3. Started again with the same folder, only what is missing, has
failed or has changed is picked (deepem status OUT shows the state); with other parameters the folder is refused.
--cluster slurm submits the same run as jobs: ${docsPage('cluster')}.`;

export function configure(command: Command): void {
  const withPicking = addPickOptions(
    command.argument('<micrographs...>', 'files, folders, globs, @LIST with one path a line, or a micrographs.star'),
  );
  addClusterOptions(withPicking)
    .option(
      '--root <folder>',
      'the results repeat the folders below this one (default: the common folder of the inputs)',
    )
    .option(
      '--shard <i/n>',
      'only the i-th of n parts, for use with a scheduler; the same command without it writes the lists of the run',
      parseShard,
    )
    .addHelpText('after', HELP)
    .action((args: string[], options: PickCommandArguments) =>
      options.cluster ? submit(process.argv.slice(2), options.out, options) : runPick(args, options),
    );
}

function parseShard(text: string): Shard {
  const [index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError({
    what: 'Wrong value of --shard',
    received: `"${text}"`,
    expected: 'i/n with i from 1 to n, such as 3/8',
  });
}

async function runPick(args: readonly string[], options: PickCommandArguments): Promise<void> {
  const all = withoutOutputs(await micrographsOf(args, options.root), options.out);
  assertOutputsApart(all, options.out);
  const bare = options.format.find(({ bareNames }) => bareNames);
  if (bare)
    assertDistinctNames(
      all.map(({ path }) => path),
      bare.name,
    );
  const { shard } = options;
  const inputs = shard ? all.filter((_, i) => i % shard.count === shard.index - 1) : all;
  assertSomeExist(inputs);
  const session = await openSession(inputs, options);
  const interruption = onInterrupt(
    'Stopping after this micrograph; the same command goes on. Ctrl-C again ends at once.',
  );
  const started = performance.now();
  const outcomes: Outcome[] = [];
  try {
    const { before, todo } = await divide(inputs, session);
    await assertFreeOrForget(session, todo, options.out);
    await session.run.begin(inputs.length, before.length, shard ? `${shard.index}/${shard.count}` : null);
    if (before.length > 0) note(`picked before: ${counted(before.length, 'micrograph')}`);
    const done = new Set(before.map(({ input }) => input));
    const progress = startProgress(todo.length, 'picking');
    const took = (input: InputMicrograph, outcome: Outcome) => {
      const { files: _, warnings: __, ...kept } = outcome;
      outcomes.push(kept);
      if (outcome.error === undefined) done.add(input);
      progress.update(outcomes.length, input.path);
      report(outcome, outcomes.length, todo.length, options.json ?? false);
    };
    try {
      await pickShared(todo, session, interruption.signal, took);
    } finally {
      progress.stop();
    }
    const earlier = before.map(({ outcome }) => outcome);
    summarise({ earlier, outcomes, total: inputs.length }, (performance.now() - started) / 1000, options);
    if (!shard) await session.finish(inputs.filter((input) => done.has(input)));
  } finally {
    interruption.dispose();
    await session.close();
  }
  const failed = outcomes.some(({ error }) => error !== undefined);
  process.exitCode = interruption.exitCode() || (failed ? 3 : 0);
}

/**
 * Picks what no other process on the folder is picking, then waits for what others are at work on, and picks that where they ended.
 *
 * @param took - gets every micrograph with what became of it
 */
async function pickShared(
  todo: readonly InputMicrograph[],
  session: PickSession,
  signal: AbortSignal,
  took: (input: InputMicrograph, outcome: Outcome) => void,
): Promise<void> {
  const { run } = session;
  const elsewhere: InputMicrograph[] = [];
  const waiting = [...todo];
  const next = async (): Promise<InputMicrograph | undefined> => {
    for (let input = waiting.shift(); input && !signal.aborted; input = waiting.shift()) {
      const claim = await run.claim(input.path);
      if (claim === 'claimed') return input;
      if (claim === 'busy') elsewhere.push(input);
      else took(input, outcomeOf(input, claim));
    }
    return undefined;
  };
  const pickAll = async () => {
    for (let input = await next(); input; ) {
      const picking = session.pick(input);
      const following = await next();
      if (following) session.readAhead(following);
      took(input, await picking);
      if (!signal.aborted) input = following;
      else {
        if (following) run.release(following.path);
        return;
      }
    }
  };
  await pickAll();
  if (elsewhere.length > 0 && !signal.aborted)
    note(`with other processes on this folder: ${counted(elsewhere.length, 'micrograph')}`);
  for (let input = elsewhere.shift(); input && !signal.aborted; input = elsewhere.shift()) {
    const record = await run.waitFor(input.path, signal);
    if (record) took(input, outcomeOf(input, record));
    else if (!signal.aborted) {
      waiting.push(input);
      await pickAll();
    }
  }
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
