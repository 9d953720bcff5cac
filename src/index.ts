/**
 * The library: read micrographs, train, pick, evaluate. Every export is listed here; a test snapshots the names.
 *
 * @packageDocumentation
 */

export { ArchitectureError, DeepemError, FileError, LabelError, ModelError, UsageError } from './core/errors.js';
export type { Image, Micrograph } from './core/micrograph.js';
export type { Particle, Point } from './core/particle.js';
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
export { histogramThreshold } from './evaluation/histogram.js';
export type {
  CoordinateFormat,
  CoordinateRecord,
  PickedMicrograph,
  RunEntry,
  WriteContext,
} from './formats/coordinate-format.js';
export { COORDINATE_FORMATS, formatNamed, parseCoordinates } from './formats/coordinates.js';
export { readMrc, writeMrc } from './formats/mrc.js';
export type { Architecture, Layer } from './network/architecture.js';
export { layerShapes, parseArchitecture } from './network/architecture.js';
export type { Model, ModelMetadata } from './network/model.js';
export { decodeModel, encodeModel } from './network/model.js';
export { PRESETS } from './network/presets.js';
export { blobModel } from './picking/blob.js';
export type { DeviationRange } from './picking/deviation.js';
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
export type { Inspection } from './storage/inspect.js';
export { inspectFile } from './storage/inspect.js';
export { GENERAL_MODEL_FILE, loadModel, saveModel } from './storage/model-file.js';
export type { MrcStack } from './storage/mrc-stack.js';
export { openMrcStack, writeMrcStack } from './storage/mrc-stack.js';
export { readMicrograph } from './storage/read-micrograph.js';
export type { Confirmed, Labels } from './training/confirmed.js';
export { addConfirmed } from './training/confirmed.js';
export type { LabelledMicrograph } from './training/labelled.js';
export type { OptimiserSettings } from './training/optimisers.js';
export { ADAM, startOptimiser, updateWeights } from './training/optimisers.js';
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
