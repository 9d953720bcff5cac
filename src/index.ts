/**
 * The library: read micrographs, train, pick, write, evaluate, simulate. Every export is listed here; a test snapshots the names.
 *
 * @example
 * Labels to a model, and a model to coordinates that RELION reads:
 * ```js
 * import { openPicker, pick, readCoordinates, readMicrograph, startEngine, train, writeCoordinates } from 'deepem';
 *
 * const micrograph = await readMicrograph('labelled.mrc');
 * const labelled = [{ name: 'labelled', micrograph, particles: await readCoordinates('labelled.star') }];
 * let model;
 * for await (const report of train(labelled, { diameter: 180 })) if (report.kind === 'done') model = report.model;
 *
 * const engine = startEngine(4);
 * const other = await readMicrograph('other.mrc');
 * const { particles } = await pick(other, openPicker(engine, model));
 * await writeCoordinates('picks', [{ micrograph: 'other.mrc', ...other, particles }], { formats: 'star' });
 * await engine.close();
 * ```
 *
 * @example
 * A whole run as the command line makes it, with the general model:
 * ```js
 * import { DEFAULT_PICK_SETTINGS, runPick } from 'deepem';
 *
 * const settings = { ...DEFAULT_PICK_SETTINGS, micrographs: ['micrographs/'], diameter: { value: 190, unit: 'A' }, out: 'picks' };
 * for await (const event of runPick(settings)) if (event.kind === 'micrograph') console.log(event.micrograph, event.particles);
 * ```
 *
 * @packageDocumentation
 */

export type { RunEvent } from './app/events.js';
export type { PickRunSettings } from './app/pick/pick-run.js';
export { runPick } from './app/pick/pick-run.js';
export type { NamedThreshold, PickSettings, PickWith } from './app/pick/settings.js';
export { DEFAULT_PICK_SETTINGS } from './app/pick/settings.js';
export type { Ended } from './app/tell.js';
export type { MicrographParticles, WriteCoordinatesOptions } from './app/write-coordinates.js';
export { writeCoordinates } from './app/write-coordinates.js';
export { ArchitectureError, DeepemError, FileError, LabelError, ModelError, UsageError } from './core/errors.js';
export type { Length } from './core/length.js';
export type { Image, Micrograph } from './core/micrograph.js';
export type { Particle, Point } from './core/particle.js';
export type { Provenance } from './core/provenance.js';
export type { Transform } from './core/transform.js';
export { IDENTITY, transform } from './core/transform.js';
export { VERSION } from './core/version.js';
export type {
  EvaluatedMicrograph,
  EvaluateOptions,
  Evaluation,
  EvaluationResult,
  Measures,
} from './evaluation/evaluate.js';
export { evaluate } from './evaluation/evaluate.js';
export type { CoordinateFormat } from './formats/coordinate-format.js';
export { readMrc, writeMrc } from './formats/mrc.js';
export type { Architecture, Layer } from './network/architecture.js';
export type { Turns } from './network/dense-graph.js';
export type { Model, ModelMetadata } from './network/model.js';
export type { Weights } from './network/parameters.js';
export { PRESETS } from './network/presets.js';
export { blobModel } from './picking/blob.js';
export type { DeviationRange } from './picking/deviation.js';
export type { DeviceChoice } from './picking/device.js';
export type { Picker, PickOptions, PickResult } from './picking/pick.js';
export { openPicker, pick } from './picking/pick.js';
export { rescaleModel } from './picking/rescale.js';
export type { ScoreMap } from './picking/score-map.js';
export type { Engine } from './runtime/engine.js';
export { startEngine } from './runtime/engine.js';
export type { SimulatedMicrograph, SimulateOptions } from './simulation/simulate.js';
export { simulate } from './simulation/simulate.js';
export type { Volume } from './simulation/volume.js';
export { asymmetric, barrel, volumeFromMap } from './simulation/volume.js';
export { readCoordinates } from './storage/coordinates.js';
export { GENERAL_MODEL_FILE, loadModel, saveModel } from './storage/model-file.js';
export { readMicrograph } from './storage/read-micrograph.js';
export type { LabelledMicrograph } from './training/labelled.js';
export type { Recipe } from './training/recipe.js';
export { AUTO_RECIPE, DEEPEM_RECIPE, FEW_LABELS_RECIPE } from './training/recipe.js';
export type {
  CheckpointReport,
  DataReport,
  DoneReport,
  EpochReport,
  ObjectiveReport,
  StepReport,
  TrainReport,
} from './training/reports.js';
export type { TrainOptions } from './training/train.js';
export { train } from './training/train.js';
export type { Diagnosis, DoctorOptions, Finding, Patient } from './verification/doctor.js';
export { diagnose } from './verification/doctor.js';
