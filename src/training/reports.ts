/** What training reports while it runs. */

import type { Evaluation } from '../evaluation/evaluate.js';
import type { Architecture } from '../network/architecture.js';
import type { Model, ModelMetadata } from '../network/model.js';
import type { Device } from '../runtime/engine.js';
import type { Checkpoint } from './checkpoint.js';
import type { SureLoss } from './earlier.js';
import type { StartKind } from './start.js';

/** What the network is trained on. */
export interface DataReport {
  readonly kind: 'data';
  readonly labels: ModelMetadata['labels'];
  readonly architecture: Architecture;
  /** Full-size pixels per prepared pixel. */
  readonly factor: number;
  /** Which weights the network starts from. */
  readonly start: StartKind;
  /** Steps that the training takes in all. */
  readonly steps: number;
  readonly warnings: readonly string[];
  /** Held-out micrographs, with the first and last full-size column that is held out (all of them, or a part of the only one). */
  readonly heldOut: readonly { readonly name: string; readonly columns: readonly [number, number] }[];
}

/** What computes the gradients, where another device than the CPU was asked for. */
export interface DeviceReport {
  readonly kind: 'device';
  readonly device: Device;
  /** Why `auto` did not take others. */
  readonly reasons: readonly string[];
}

/** The state after some steps of an epoch. */
export interface StepReport {
  readonly kind: 'step';
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** The state after an epoch. */
export interface EpochReport {
  readonly kind: 'epoch';
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of the epoch's batches. */
  readonly loss: number;
  /** Share of held-out boxes on the right side of 0.5; null without held-out boxes. */
  readonly accuracy: number | null;
  /** The accuracy of the guess that all are of the larger class; null without held-out boxes. */
  readonly chance: number | null;
}

/** How unlabelled places are taken, after the first epoch. */
export interface ObjectiveReport {
  readonly kind: 'objective';
  readonly objective: ModelMetadata['objective'];
  /** Candidates that score at least as high as the better half of the labels, in some micrographs. */
  readonly found: number;
  /** Of these, labelled. */
  readonly labelled: number;
}

/** The state after a whole epoch: a training that is killed goes on from it. */
export interface CheckpointReport {
  readonly kind: 'checkpoint';
  readonly checkpoint: Checkpoint;
}

/** The end. */
export interface DoneReport {
  readonly kind: 'done';
  readonly model: Model;
  /** True where the signal ended the training early. */
  readonly interrupted: boolean;
  /** Epoch of the weights in the model. */
  readonly epoch: number;
  /** The model on what is held out; null where nothing is, or where labels are incomplete. */
  readonly heldOut: Evaluation | null;
  /** The earlier model on the same, where one was given that had not been trained on it. */
  readonly before: Evaluation | null;
  /** True where `model` is the earlier one, because the new one is not surely better on what is held out, or loses too much that it was sure of. */
  readonly kept: boolean;
  /** What the new one loses of what the earlier one was sure of; null where there was none. */
  readonly loss: SureLoss | null;
}

/** What training reports, in this order: data, then steps and epochs (and the objective after the first), then done. */
export type TrainReport =
  | DataReport
  | DeviceReport
  | StepReport
  | EpochReport
  | ObjectiveReport
  | CheckpointReport
  | DoneReport;
