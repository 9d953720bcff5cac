/** What `pick` and `watch` do with each micrograph: pick it, write its files, and write down what became of it. */

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { FileError, messageOf, UsageError } from '../errors.js';
import { writeMrc } from '../formats/mrc.js';
import { toPixels } from '../length.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import { openDevice } from '../picking/device.js';
import { openPicker, type Picker, type PickResult, pickPrepared } from '../picking/pick.js';
import { rescaleModel } from '../picking/rescale.js';
import type { Provenance } from '../provenance.js';
import { threadCount } from '../runtime/cpus.js';

import { evenBox } from '../sizes.js';
import { changedWhileRead, hashFile, writeWhole } from '../storage/files.js';
import { watchMemory } from '../storage/heavy.js';
import { type InputMicrograph, listedName } from '../storage/inputs.js';
import { loadModel } from '../storage/model-file.js';
import { assertFree, LEFT_OUT, outputStem, SCORES } from '../storage/outputs.js';
import { type PreparedFile, startPreparer } from '../storage/preparer.js';
import { formatRank } from '../storage/read-micrograph.js';
import { hashesOf, type OpenRun, openRun, type RunParameters, type RunRecord, runFolder } from '../storage/run.js';
import { openPicksWriter, type PicksWriter } from '../storage/write-picks.js';
import { PROGRAM } from '../version.js';
import { note } from './console.js';
import { announceDevice } from './device.js';
import { firstPixelSize } from './labelled-inputs.js';
import { planRun } from './memory.js';
import { type NamedThreshold, type PickArguments, pickOptions } from './pick-arguments.js';
import type { Outcome } from './pick-report.js';

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
export async function openSession(inputs: readonly InputMicrograph[], options: PickArguments): Promise<PickSession> {
  assertModelOrBlob(options);
  const model = await chooseModel(inputs, options);
  const plan = await planRun(inputs, model, options);
  const run = await openRun(options.out, await parametersOf(options, model), options.force ?? false);
  const { engine, device, reasons } = await openDevice(model, options.device, threadCount(options.threads));
  if (options.device !== 'cpu') await announceDevice('scoring', { device, reasons });
  const writer = openPicksWriter(options.out, options.format);
  const heavy = await watchMemory(runFolder(options.out), plan.bytes);
  const ahead = new Map<InputMicrograph, Promise<PreparedFile>>();
  const tools = { picker: openPicker(engine, model, plan.mapBytes), writer };
  const preparer = startPreparer({ keepsMemory: plan.ahead });
  const { metadata } = model;
  const preparedFor = {
    preparation: metadata.preparation,
    pixelSize: metadata.pixelSize,
    diameter: metadata.diameter,
  };
  const prepare = ({ path, pixelSize }: InputMicrograph) => {
    heavy.begin(path);
    const preparing = preparer.prepare({
      path,
      pixelSize: options.pixelSize ?? pixelSize ?? null,
      model: preparedFor,
      uneven: options.ground === 'auto' ? metadata.unevennessLimit !== null : options.ground !== 'off',
    });
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
      const { record, outcome } = await pickOne(input, preparing, tools, options);
      heavy.end(input.path);
      try {
        await run.add(record);
      } catch (error) {
        note(
          `warning: what became of ${input.path} could not be written down, so it will be picked again: ${messageOf(error)}`,
        );
      }
      return outcome;
    },
    async earlier(input) {
      const record = await run.finished(input.path);
      return record && outcomeOf(input, record);
    },
    async finish(written) {
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
export function outcomeOf({ path }: InputMicrograph, { particles, removed, state, reason }: RunRecord): Outcome {
  if (state === 'failed') return { micrograph: path, error: reason ?? 'unknown' };
  return { micrograph: path, particles: particles ?? 0, removed: removed ?? {} };
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

/** @throws UsageError unless there is either a model or --blob with a diameter */
function assertModelOrBlob({ model, blob, diameter }: PickArguments): void {
  if (blob && !model && diameter) return;
  if (model && !blob) return;
  throw new UsageError({
    what: 'What to pick with is not clear',
    received: [model && '--model', blob && '--blob', diameter && '--diameter'].filter(Boolean).join(', ') || 'nothing',
    expected: 'either --model MODEL.onnx, or --blob with --diameter',
  });
}

async function chooseModel(inputs: readonly InputMicrograph[], options: PickArguments): Promise<Model> {
  const model = options.model ? await loadModel(options.model) : null;
  if (model && !options.diameter) return withThreshold(model, options.threshold);
  const pixelSize = await firstPixelSize(inputs, options.pixelSize);
  const diameter = toPixels(options.diameter ?? { value: 0, unit: 'px' }, pixelSize, '--diameter');
  if (model) return withThreshold(rescaleModel(model, diameter), options.threshold);
  // A diameter in pixels is that of every micrograph, whatever its pixel size.
  return blobModel(diameter, options.diameter?.unit === 'px' ? null : pixelSize);
}

/** @throws UsageError if the model has no such threshold */
function withThreshold(model: Model, name: number | NamedThreshold): Model {
  if (typeof name === 'number' || name === 'auto') return model;
  const { thresholds, thresholdFrom } = model.metadata;
  if (thresholds) return { ...model, metadata: { ...model.metadata, threshold: thresholds[name].threshold } };
  throw new UsageError({
    what: `The model has no threshold ${name}`,
    received: `a threshold from ${thresholdFrom}`,
    expected: 'a model trained with held-out micrographs',
    hint: 'Give a number, or auto',
  });
}

/** What decides the results. Threads and the place of the model do not. */
async function parametersOf(options: PickArguments, { metadata }: Model): Promise<RunParameters> {
  const { step, turns, minDistance, stdRange, ground, keepScores, overlap, edge, pixelSize, diameter } = options;
  const { saveScores, saveLeftOut } = options;
  const parameters = {
    program: PROGRAM,
    model: options.model ? await hashFile(options.model) : 'blob',
    threshold: typeof options.threshold === 'number' ? options.threshold : metadata.threshold,
    formats: options.format.map(({ name }) => name),
    ...{ step, turns, minDistance, stdRange, ground, keepScores, overlap, edge, pixelSize, diameter },
    ...{ saveScores, saveLeftOut },
  };
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}

/** What every micrograph is picked and written with. */
interface Tools {
  readonly picker: Picker;
  readonly writer: PicksWriter;
}

async function pickOne(
  input: InputMicrograph,
  preparing: Promise<PreparedFile>,
  tools: Tools,
  options: PickArguments,
): Promise<{ record: RunRecord; outcome: Outcome }> {
  const started = performance.now();
  const about = () => ({
    micrograph: resolve(input.path),
    seconds: (performance.now() - started) / 1000,
    at: Date.now(),
  });
  const before = await stat(input.path).catch(() => null);
  const file = { size: before?.size ?? null, modified: before?.mtimeMs ?? null };
  try {
    const read = await preparing;
    if (read.modified !== file.modified) {
      throw changedWhileRead(input.path);
    }
    const result = await pickPrepared(read.prepared, tools.picker, pickOptions(options, read.pixelSize));
    const files = await writeResult(input, read, tools, result, options);
    const { particles, removed } = result;
    const written = { particles: particles.length, removed, files };
    const hashes = await hashesOf(options.out, files);
    return {
      record: { ...about(), ...file, sha256: read.sha256, state: 'done', ...written, hashes, reason: null },
      outcome: {
        ...{ micrograph: input.path, ...written, files: files.filter(isResult).map((name) => join(options.out, name)) },
        warnings: read.warnings,
      },
    };
  } catch (error) {
    const nothing = { sha256: null, particles: null, removed: null, files: [], hashes: {} };
    const reason = messageOf(error);
    return {
      record: { ...about(), ...file, ...nothing, state: 'failed', reason },
      outcome: { micrograph: input.path, error: reason },
    };
  }
}

/** What is kept for the run itself is of no interest to others. */
function isResult(file: string): boolean {
  return !file.startsWith('.');
}

/** Writes the files of one micrograph; returns them, below the output folder. */
async function writeResult(
  input: InputMicrograph,
  { prepared: { width, height }, pixelSize, sha256 }: PreparedFile,
  { picker: { model }, writer }: Tools,
  { particles, scoreMap, leftOut }: PickResult,
  options: PickArguments,
): Promise<string[]> {
  const { metadata } = model;
  const scale = metadata.pixelSize && pixelSize ? metadata.pixelSize / pixelSize : 1;
  const box = evenBox(metadata.box * scale);
  const { values = {}, optics = {} } = input.star ?? {};
  const picked = { name: listedName(input), width, height, pixelSize, values, optics, box, particles };
  const files = await writer.write(picked, input.folder, {
    ...runProvenance(options, model),
    ...{ micrograph: input.path, width, height, sha256, pixelSize },
    binning: Number(scoreMap.factor.toFixed(6)),
  });
  const write = async (ending: string, data: string | Uint8Array) => {
    const file = `${join(options.out, outputStem(input))}${ending}`;
    await writeWhole(file, data);
    files.push(relative(options.out, file));
  };
  if (options.saveLeftOut) await write(LEFT_OUT, `${JSON.stringify(leftOut)}\n`);
  const spacing = pixelSize === null ? null : pixelSize * scoreMap.factor * scoreMap.step;
  if (options.saveScores) await write(SCORES, writeMrc(scoreMap, spacing, `${PROGRAM} score map`));
  return files;
}

function runProvenance(options: PickArguments, { metadata }: Model): Provenance {
  const threshold = typeof options.threshold === 'number' ? options.threshold : metadata.threshold;
  return { program: PROGRAM, model: options.model ?? `blobs of ${metadata.diameter} px`, threshold };
}
