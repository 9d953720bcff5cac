/** What `pick` and `watch` do with each micrograph: pick it, write its files, and write down what became of it. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FileError, messageOf } from '../core/errors.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import type { Model } from '../network/model.js';
import { openDevice } from '../picking/device.js';
import { openPicker } from '../picking/pick.js';
import { threadCount } from '../runtime/cpus.js';
import { hashFile } from '../storage/files.js';
import { watchMemory } from '../storage/heavy.js';
import { type InputMicrograph, listedName } from '../storage/inputs.js';
import { type Masks, openMasks } from '../storage/masks.js';
import { assertFree, LEFT_OUT, outputStem, SCORES } from '../storage/outputs.js';
import { type PreparedFile, startPreparer } from '../storage/preparer.js';
import { formatRank } from '../storage/read-micrograph.js';
import { type OpenRun, openRun, type RunParameters, type RunRecord, runFolder } from '../storage/run.js';
import { openPicksWriter, type PicksWriter } from '../storage/write-picks.js';
import { note } from './console.js';
import { announceDevice } from './device.js';
import { openFirstLooks, preparedFor } from './first-looks.js';
import { planRun } from './memory.js';
import { type PickArguments, pickOptions, type SizedArguments } from './pick-arguments.js';
import { assertModelOrDiameter, chooseModel, isGeneral, modelFile } from './pick-model.js';
import { pickOne, runProvenance } from './pick-one.js';
import type { Outcome } from './pick-report.js';
import { scoutRun } from './scouting.js';
import { withDiameter } from './unknown-diameter.js';

/** Picking into one output folder. */
export interface PickSession {
  readonly run: OpenRun;
  /** Begins to read and prepare a micrograph that is picked next, while another one is scored; not where memory is short. */
  readAhead(input: InputMicrograph): void;
  /** Picks one micrograph and writes everything down; a micrograph that cannot be picked is an outcome like any other. */
  pick(input: InputMicrograph): Promise<Outcome>;
  /**
   * Checks that picking replaces nothing but results of this run.
   *
   * @throws UsageError naming what would be replaced
   */
  assertReplacesNothing(inputs: readonly InputMicrograph[]): Promise<void>;
  /** What became of a micrograph that an earlier process picked, where nothing has changed since; else undefined. */
  earlier(input: InputMicrograph): Promise<Outcome | undefined>;
  /** Writes the lists of the run. */
  finish(inputs: readonly InputMicrograph[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads the model, opens the run of the output folder, and makes the picker ready.
 *
 * @param inputs - the first one that says it gives the pixel size for lengths in angstroms
 * @throws UsageError, FileError, ModelError
 */
export async function openSession(inputs: readonly InputMicrograph[], given: PickArguments): Promise<PickSession> {
  assertModelOrDiameter(given);
  const options = await withDiameter(inputs, given);
  const chosen = await chooseModel(inputs, options);
  const plan = await planRun(inputs, chosen, options);
  const masks = options.mask === undefined ? null : await openMasks(options.mask, inputs);
  if (masks) note(`masks: ${masks.count} of ${counted(inputs.length, 'micrograph')} have one`);
  const run = await openRun(options.out, await parametersOf(options, chosen, masks), options.force ?? false);
  const { engine, device, reasons } = await openDevice(chosen, options.device, threadCount(options.threads));
  if (options.device !== 'cpu') await announceDevice('scoring', { device, reasons });
  const writer = openPicksWriter(options.out, options.format);
  const heavy = await watchMemory(runFolder(options.out), plan.bytes);
  const ahead = new Map<InputMicrograph, Promise<PreparedFile>>();
  const preparer = startPreparer({ keepsMemory: plan.ahead });
  const request = ({ path, pixelSize }: InputMicrograph, times: number, spectrum: boolean) =>
    preparer.prepare({
      path,
      pixelSize: options.pixelSize ?? pixelSize ?? null,
      model: preparedFor(chosen, times),
      uneven: options.ground === 'auto' ? chosen.metadata.unevennessLimit !== null : options.ground !== 'off',
      spectrum,
    });
  const open = (model: Model) => openPicker(engine, model, plan.mapBytes);
  const model = isGeneral(options)
    ? await scoutRun(inputs, chosen, open, {
        ...{ out: options.out, prepare: (input) => request(input, 1, false) },
        threshold: typeof options.threshold === 'number' ? options.threshold : null,
        pickOptions: (pixelSize) => pickOptions(options, pixelSize),
      })
    : chosen;
  const tools = { picker: open(model), writer, masks };
  const first = openFirstLooks(tools.picker, (input, times) => request(input, times, true), {
    ...(options.turns && { turns: options.turns }),
  });
  const prepare = (input: InputMicrograph) => {
    heavy.begin(input.path);
    const preparing = request(input, 1, first.wantsNext());
    // Whoever waits for it sees why it failed; nobody may be waiting yet.
    preparing.catch(() => {});
    return preparing;
  };
  return {
    run,
    readAhead(input) {
      if (!plan.ahead || heavy.reason(input.path) !== null) return;
      ahead.set(input, prepare(input));
    },
    async assertReplacesNothing(some) {
      const lists = (await Promise.all(writer.lists.map((file) => isForeign(file, run, options.out)))).map(
        (foreign, i) => (foreign ? [writer.lists[i]] : []),
      );
      const files: string[] = [];
      for (const input of some) files.push(...(await foreignFiles(input, run, writer, options)));
      assertFree(
        [...lists.flat(), ...files].map((file) => join(options.out, file)),
        options.overwrite,
      );
    },
    async pick(input) {
      const inTheWay = options.overwrite ? null : await whatIsInTheWay(input, run, writer, options);
      if (inTheWay) {
        run.release(input.path);
        return inTheWay;
      }
      const reason = heavy.reason(input.path);
      const preparing = reason ? refused(reason) : (ahead.get(input) ?? prepare(input));
      ahead.delete(input);
      const { record, outcome, first: look } = await pickOne(input, preparing, tools, options);
      heavy.end(input.path);
      try {
        await run.add(record);
      } catch (error) {
        note(
          `warning: what became of ${input.path} could not be written down, so it will be picked again: ${messageOf(error)}`,
        );
      }
      await first.add(input, look);
      return outcome;
    },
    async earlier(input) {
      const record = await run.finished(input.path);
      return record && outcomeOf(input, record);
    },
    async finish(written) {
      await first.end();
      const micrographs = written.map((input) => ({ name: listedName(input), folder: input.folder }));
      // Before, so that a run that is killed here knows them; and after, with what was written.
      if (writer.lists.length > 0) await run.addLists([...writer.lists]);
      const warnings = await writer.finish(micrographs, runProvenance(options, model));
      if (writer.lists.length > 0) await run.addLists([...writer.lists]);
      for (const warning of warnings) note(`warning: ${warning}`);
    },
    async close() {
      await heavy.close();
      await preparer.close();
      await engine.close();
    },
  };
}

/** A file that is not read. */
function refused(reason: string): Promise<PreparedFile> {
  const refusal = Promise.reject(new FileError({ what: reason }));
  refusal.catch(() => {});
  return refusal;
}

/** What became of a micrograph that another process picked. */
export function outcomeOf({ path }: InputMicrograph, record: RunRecord): Outcome {
  const { particles, removed, state, reason, unusual } = record;
  if (state === 'failed') return { micrograph: path, error: reason ?? 'unknown' };
  return { micrograph: path, particles: particles ?? 0, removed: removed ?? {}, unusual };
}

/** Files of a micrograph that no run of this folder wrote. */
async function foreignFiles(
  input: InputMicrograph,
  run: OpenRun,
  writer: PicksWriter,
  options: PickArguments,
): Promise<string[]> {
  if (run.wasBegun(input.path)) return [];
  const files: string[] = [];
  for (const file of filesOf(input, writer, options)) if (await isForeign(file, run, options.out)) files.push(file);
  return files;
}

/** Whether a file is there that no run of this folder wrote, or that somebody changed since. */
async function isForeign(file: string, run: OpenRun, out: string): Promise<boolean> {
  if (!existsSync(join(out, file))) return false;
  return run.ownerOf(file) === undefined || !(await run.isUnchanged(file));
}

/** All files that a micrograph gets, below the output folder. */
function filesOf(input: InputMicrograph, writer: PicksWriter, { saveScores, saveLeftOut }: PickArguments): string[] {
  return [
    ...writer.filesOf({ name: listedName(input), folder: input.folder }),
    ...(saveScores ? [`${outputStem(input)}${SCORES}`] : []),
    ...(saveLeftOut ? [`${outputStem(input)}${LEFT_OUT}`] : []),
  ];
}

/** Why the results of a micrograph cannot be written: a file that this run did not write, or the results of another micrograph. */
async function whatIsInTheWay(
  input: InputMicrograph,
  run: OpenRun,
  writer: PicksWriter,
  options: PickArguments,
): Promise<Outcome | null> {
  const { out } = options;
  const failed = (error: string): Outcome => ({ micrograph: input.path, error });
  const [foreign] = await foreignFiles(input, run, writer, options);
  if (foreign) {
    return failed(
      `${input.path}: ${join(out, foreign)} would be replaced, which this run did not write, or which was changed since; --overwrite replaces it`,
    );
  }
  const own = resolve(input.path);
  const others = filesOf(input, writer, options).map((file) => run.ownerOf(file));
  const other = others.find((owner) => typeof owner === 'string' && owner !== own && existsSync(owner));
  if (!other || formatRank(input.path) < formatRank(other)) return null;
  return failed(`${input.path}: its results would replace those of ${other}, which has the same name`);
}

/** A threshold that is read off the scores is kept elsewhere: it is found once the run is open. */
function thresholdOf(options: PickArguments, { threshold }: Model['metadata']): number | string {
  return isGeneral(options) ? 'from the scores' : threshold;
}

/** What decides the results. Threads and the place of the model do not. */
async function parametersOf(options: SizedArguments, { metadata }: Model, masks: Masks | null): Promise<RunParameters> {
  const { step, turns, minDistance, stdRange, ground, keepScores, overlap, edge, pixelSize, diameter } = options;
  const { saveScores, saveLeftOut } = options;
  const file = modelFile(options);
  const parameters = {
    program: PROGRAM,
    model: file === null ? 'blob' : await hashFile(file),
    threshold: typeof options.threshold === 'number' ? options.threshold : thresholdOf(options, metadata),
    formats: options.format.map(({ name }) => name),
    ...{ step, turns, minDistance, stdRange, ground, keepScores, overlap, edge, pixelSize, diameter },
    ...{ saveScores, saveLeftOut, masks: masks?.hash },
  };
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}
