/** What `pick` and `watch` do with each micrograph: pick it, write its files, and write down what became of it. */

import { FileError, messageOf } from '../../core/errors.js';
import { counted } from '../../core/words.js';
import type { Model } from '../../network/model.js';
import { openDevice } from '../../picking/device.js';
import { openPicker } from '../../picking/pick.js';
import { threadCount } from '../../runtime/cpus.js';
import { watchMemory } from '../../storage/heavy.js';
import { type InputMicrograph, listedName } from '../../storage/inputs.js';
import { openMasks } from '../../storage/masks.js';
import { type PreparedFile, type Preparer, startPreparer } from '../../storage/preparer.js';
import { type OpenRun, openRun } from '../../storage/run.js';
import { runFolder } from '../../storage/run-history.js';
import { openPicksWriter } from '../../storage/write-picks.js';
import { tellDevice } from '../device.js';
import type { Tell } from '../events.js';
import { note, warn } from '../tell.js';
import { type FirstLooks, openFirstLooks, type PrepareAt, preparedFor } from './first-looks.js';
import { planRun } from './memory-plan.js';
import { chooseModel } from './model.js';
import { type PickTools, pickOne, runProvenance } from './one.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { assertReplacesNothing, whatIsInTheWay } from './result-files.js';
import { runParameters } from './run-parameters.js';
import { scoutRun } from './scouting.js';
import { type PickSettings, pickOptionsOf, type SizedSettings } from './settings.js';
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
export async function openSession(
  inputs: readonly InputMicrograph[],
  given: PickSettings,
  tell: Tell,
): Promise<PickSession> {
  const settings = await withDiameter(inputs, given, tell);
  return new OpenSession(await openTools(inputs, settings, tell), settings, tell);
}

/** What a session works with. */
interface SessionTools extends PickTools {
  readonly run: OpenRun;
  readonly heavy: Awaited<ReturnType<typeof watchMemory>>;
  readonly first: FirstLooks;
  readonly prepareAt: Preparation;
  /** Whether the next micrograph is read while one is scored. */
  readonly readsAhead: boolean;
  close(): Promise<void>;
}

async function openTools(
  inputs: readonly InputMicrograph[],
  settings: SizedSettings,
  tell: Tell,
): Promise<SessionTools> {
  const chosen = await chooseModel(inputs, settings, tell);
  const plan = await planRun(inputs, chosen, settings, tell);
  const masks = settings.masks === undefined ? null : await openMasks(settings.masks, inputs);
  if (masks) note(tell, `masks: ${masks.count} of ${counted(inputs.length, 'micrograph')} have one`);
  const run = await openRun(settings.out, await runParameters(settings, chosen, masks), settings.force);
  const { engine, device, reasons } = await openDevice(chosen, settings.device, threadCount(settings.threads));
  if (settings.device !== 'cpu') await tellDevice(tell, 'scoring', { device, reasons });
  const heavy = await watchMemory(runFolder(settings.out), plan.bytes);
  const preparer = startPreparer({ keepsMemory: plan.ahead });
  const prepareAt = preparationOf(preparer, chosen, settings);
  const open = (model: Model) => openPicker(engine, model, plan.mapBytes);
  const picker = open(await scouted(inputs, chosen, open, { settings, prepareAt, tell }));
  const turns = settings.turns ? { turns: settings.turns } : {};
  const first = openFirstLooks(picker, (input, times) => prepareAt(input, times, true), turns, tell);
  return {
    ...{ run, heavy, first, prepareAt, picker, masks, readsAhead: plan.ahead },
    writer: openPicksWriter(settings.out, settings.formats),
    async close() {
      await heavy.close();
      await preparer.close();
      await engine.close();
    },
  };
}

class OpenSession implements PickSession {
  readonly run: OpenRun;
  readonly #ahead = new Map<InputMicrograph, Promise<PreparedFile>>();

  constructor(
    readonly tools: SessionTools,
    readonly settings: SizedSettings,
    readonly tell: Tell,
  ) {
    this.run = tools.run;
  }

  readAhead(input: InputMicrograph): void {
    const { readsAhead, heavy } = this.tools;
    if (!readsAhead || heavy.reason(input.path) !== null) return;
    this.#ahead.set(input, this.#prepare(input));
  }

  assertReplacesNothing(some: readonly InputMicrograph[]): Promise<void> {
    return assertReplacesNothing(some, this.#results());
  }

  async pick(input: InputMicrograph): Promise<Outcome> {
    const { run, heavy, first } = this.tools;
    const inTheWay = this.settings.overwrite ? null : await whatIsInTheWay(input, this.#results());
    if (inTheWay !== null) {
      run.release(input.path);
      return { micrograph: input.path, error: inTheWay };
    }
    const reason = heavy.reason(input.path);
    const preparing = reason ? refused(reason) : (this.#ahead.get(input) ?? this.#prepare(input));
    this.#ahead.delete(input);
    const { record, outcome, first: look } = await pickOne(input, preparing, this.tools, this.settings);
    heavy.end(input.path);
    await run.add(record).catch((error: unknown) => {
      const what = `what became of ${input.path} could not be written down, so it will be picked again`;
      warn(this.tell, `${what}: ${messageOf(error)}`);
    });
    await first.add(input, look);
    return outcome;
  }

  async earlier(input: InputMicrograph): Promise<Outcome | undefined> {
    const record = await this.run.finished(input.path);
    return record && outcomeOf(input, record);
  }

  async finish(written: readonly InputMicrograph[]): Promise<void> {
    await this.tools.first.end();
    await writeLists(written, this.tools, { run: this.run, settings: this.settings, tell: this.tell });
  }

  close(): Promise<void> {
    return this.tools.close();
  }

  #results() {
    return { run: this.run, writer: this.tools.writer, settings: this.settings };
  }

  #prepare(input: InputMicrograph): Promise<PreparedFile> {
    const { heavy, prepareAt, first } = this.tools;
    heavy.begin(input.path);
    const preparing = prepareAt(input, 1, first.wantsNext());
    // Whoever waits for it sees why it failed; nobody may be waiting yet.
    preparing.catch(() => {});
    return preparing;
  }
}

/** Prepares a micrograph as if the particle were so many times as large, perhaps with its power spectrum. */
type Preparation = (input: InputMicrograph, times: number, spectrum: boolean) => ReturnType<PrepareAt>;

function preparationOf(preparer: Preparer, model: Model, settings: PickSettings): Preparation {
  const { unevennessLimit } = settings;
  const uneven = unevennessLimit === 'auto' ? model.metadata.unevennessLimit !== null : unevennessLimit !== 'off';
  return ({ path, pixelSize }, times, spectrum) =>
    preparer.prepare({
      ...{ path, pixelSize: settings.pixelSize ?? pixelSize ?? null, model: preparedFor(model, times) },
      ...{ uneven, spectrum },
    });
}

/** The general model, once it knows these micrographs; any other model as it is. */
async function scouted(
  inputs: readonly InputMicrograph[],
  model: Model,
  open: (model: Model) => ReturnType<typeof openPicker>,
  {
    settings,
    prepareAt,
    tell,
  }: { readonly settings: SizedSettings; readonly prepareAt: Preparation; readonly tell: Tell },
): Promise<Model> {
  if (settings.with.kind !== 'general') return model;
  return scoutRun(inputs, model, open, {
    ...{ out: settings.out, prepare: (input) => prepareAt(input, 1, false), tell },
    threshold: typeof settings.threshold === 'number' ? settings.threshold : null,
    pickOptions: (pixelSize) => pickOptionsOf(settings, pixelSize),
  });
}

/** Writes the lists of all micrographs. */
async function writeLists(
  written: readonly InputMicrograph[],
  { writer, picker }: PickTools,
  { run, settings, tell }: { readonly run: OpenRun; readonly settings: PickSettings; readonly tell: Tell },
): Promise<void> {
  const micrographs = written.map((input) => ({ name: listedName(input), folder: input.folder }));
  // Before, so that a run that is killed here knows them; and after, with what was written.
  if (writer.lists.length > 0) await run.addLists([...writer.lists]);
  const warnings = await writer.finish(micrographs, runProvenance(settings, picker.model));
  if (writer.lists.length > 0) await run.addLists([...writer.lists]);
  for (const warning of warnings) warn(tell, warning);
}

/** A file that is not read. */
function refused(reason: string): Promise<PreparedFile> {
  const refusal = Promise.reject(new FileError({ what: reason }));
  refusal.catch(() => {});
  return refusal;
}
