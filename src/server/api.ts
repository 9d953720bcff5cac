/** What the server and the browser tell each other: types only. Coordinates are full-size pixels, the first stored row is y = 0. */

import type { Region } from '../core/regions.js';
import type { Filter } from '../core/words.js';

/** A place on a micrograph. */
export interface ApiPoint {
  readonly x: number;
  readonly y: number;
}

/** A pick; `filter` names what left a candidate out. */
export interface ApiPick extends ApiPoint {
  readonly score: number;
  readonly filter?: Filter;
  readonly decision: Decision;
  /** It counts as a particle at thresholds up to here: its score; 1 where it was accepted, -1 where it was rejected. */
  readonly counts: number;
}

/** The two kinds of label that a person gives. */
export type LabelKind = 'particle' | 'negative';

/** A micrograph in the list. */
export interface ApiMicrograph {
  /** Folder and name below the project, without the ending. */
  readonly id: string;
  readonly path: string;
  readonly labels: number;
  readonly negatives: number;
  /** A person has looked at all of it. */
  readonly checked: boolean;
  /** It is left out of counts, averages, classes and exports. */
  readonly excluded: boolean;
  /** Why it, or its labels, could not be read, or why it could not be picked; or null. */
  readonly failed: string | null;
}

/** Everything about one micrograph. */
export interface ApiMicrographDetail {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Angstroms per pixel, or null where unknown. */
  readonly pixelSize: number | null;
  /** Halvings until the whole fits into one tile. */
  readonly levels: number;
  /** Side of a tile in pixels of its level. */
  readonly tile: number;
}

/** The labels of one micrograph. */
export interface ApiLabels {
  readonly id: string;
  readonly particles: readonly ApiPoint[];
  readonly negatives: readonly ApiPoint[];
}

/** The regions of a micrograph in which nothing counts as a particle. */
export interface ApiMask {
  readonly id: string;
  readonly regions: readonly Region[];
}

/** A change of labels. Places are removed first; two within half a pixel are the same. */
export interface ApiLabelChange {
  readonly id: string;
  readonly kind: LabelKind;
  readonly add: readonly ApiPoint[];
  readonly remove: readonly ApiPoint[];
}

/** A model of the project. */
export interface ApiModel {
  readonly name: string;
  readonly diameter: number;
  readonly threshold: number;
  readonly thresholdFrom: string;
  readonly thresholds: Readonly<Record<'f1' | 'f2', { threshold: number; low: number; high: number }>> | null;
  readonly accuracy: number | null;
  /** The accuracy of a guess. */
  readonly chance: number | null;
  readonly calibrationError: number | null;
  readonly objective: 'positive-negative' | 'positive-unlabelled' | 'labelled-unlabelled';
  readonly recipe: string;
  readonly network: string;
  readonly binning: number;
  readonly epochs: number;
  readonly labels: {
    readonly positives: number;
    readonly negatives: number;
    readonly heldOutPositives: number;
    readonly micrographs: number;
    readonly heldOutMicrographs: number;
  };
}

/** Picks of the project: of a model of its own, or of the general one. */
export interface ApiPickSet {
  readonly name: string;
  /** Threshold that a person chose, else the model's. */
  readonly threshold: number;
  readonly micrographs: number;
  readonly particles: number;
}

/** The project as the page shows it. */
export interface ApiProject {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
  /** In full-size pixels, or null while unknown. */
  readonly diameter: number | null;
  /** Side of the box that files get unless another is asked for, in full-size pixels; null without a diameter. */
  readonly box: number | null;
  /** Angstroms per pixel, or null where unknown. */
  readonly pixelSize: number | null;
  readonly micrographs: readonly ApiMicrograph[];
  readonly models: readonly ApiModel[];
  readonly pickSets: readonly ApiPickSet[];
  readonly jobs: readonly ApiJob[];
  /** Trainings whose end this server did not see. */
  readonly cutOff: readonly ApiCutOff[];
  /** What a person should know about the start: labels that were taken over, or not. */
  readonly notices: readonly string[];
  /** Names of the formats that picks can be written in. */
  readonly formats: readonly { readonly name: string; readonly summary: string }[];
  /** Endings of the files that labels are read from, each with its dot. */
  readonly labelEndings: readonly string[];
}

/** A training that was started by a server that has ended. */
export interface ApiCutOff {
  /** Of the model that it makes. */
  readonly name: string;
  /** Whether it runs still. */
  readonly running: boolean;
}

/** A point of a training's curves. */
export interface ApiEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number | null;
  /** The accuracy of a guess. */
  readonly chance: number | null;
}

/** Long work: a command of this program that the server runs. */
export interface ApiJob {
  readonly id: number;
  readonly kind: 'train' | 'pick' | 'classes' | 'export';
  /** The commands, as they can be typed in the project's folder. */
  readonly commands: readonly string[];
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** 0..1. */
  readonly progress: number;
  readonly secondsLeft: number | null;
  /** What it is doing, or why it failed. */
  readonly message: string;
  /** Losses of a training, evenly over its steps, and its epochs. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly epochs: readonly ApiEpoch[];
  /** What it made: a model, a set of picks, files. */
  readonly result: string | null;
}

/** Long work that the page can ask for. */
export type ApiJobRequest =
  | {
      readonly kind: 'train';
      readonly labels: 'auto' | 'complete' | 'incomplete';
      readonly epochs: number | null;
      /** general: from the general model also with many labels, because some may be wrong. */
      readonly start: 'auto' | 'general';
      /** Whether all micrographs are picked with the new model. */
      readonly thenPick: boolean;
    }
  /** `again`: also what was picked before, as it must be once the model or the pixel size is another. */
  | { readonly kind: 'pick'; readonly model: string; readonly again: boolean }
  /** The general model on one micrograph, or on all. */
  | { readonly kind: 'general'; readonly micrograph: string | null }
  | { readonly kind: 'classes'; readonly set: string; readonly classes: number }
  | {
      readonly kind: 'export';
      readonly set: string;
      readonly formats: readonly string[];
      /** Particle stacks, or null for none. */
      readonly particles: {
        readonly box: number;
        readonly scaleTo: number | null;
        readonly invert: boolean;
        readonly normalize: boolean;
      } | null;
    };

/** The scores of a set of picks. */
export interface ApiScores {
  readonly name: string;
  /** Threshold of bin i is i / 100. */
  readonly histogram: readonly number[];
  /** For each micrograph, how many picks reach each hundredth, from 0 to 100. */
  readonly kept: Readonly<Record<string, readonly number[]>>;
}

/** What became of a pick. */
export type Decision = 'accepted' | 'rejected' | null;

/** A pick of the gallery. */
export interface ApiGalleryItem extends ApiPick {
  readonly id: string;
}

/** Part of all picks, in some order. */
export interface ApiGallery {
  readonly total: number;
  /** Of the first item. */
  readonly offset: number;
  readonly items: readonly ApiGalleryItem[];
}

/** The session as a table: a row for each micrograph, and what is known of it, by column; null where it is not known. */
export interface ApiTable {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly id: string; readonly values: readonly (number | null)[] }[];
}

/** A class of a 2D classification, with what a person decided about its members. */
export interface ApiClass {
  /** From 1: the largest class. */
  readonly number: number;
  readonly particles: number;
  /** Mean correlation of a member with the average of the others. */
  readonly agreement: number;
  /** Mean score of its members; null where they have none. */
  readonly score: number | null;
  readonly accepted: number;
  readonly rejected: number;
}

/** Labels of some micrographs before and after a decision about many picks at once. */
export interface ApiDecided {
  readonly before: readonly ApiLabels[];
  readonly after: readonly ApiLabels[];
  readonly accepted: number;
  readonly rejected: number;
}

/** A micrograph that is worth a look. */
export interface ApiWorst {
  readonly id: string;
  /** Picks whose scores lie close to the threshold. */
  readonly doubtful: number;
  readonly picks: number;
}

/** A point of a precision-recall curve. */
export interface ApiCurvePoint {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly f2: number;
}

/** How good picks are where there is truth. */
export interface ApiEvaluation {
  readonly name: string;
  /** What the picks were held against, in words. */
  readonly truth: string;
  readonly truthCount: number;
  readonly averagePrecision: number;
  readonly bestF1: number;
  readonly curve: readonly ApiCurvePoint[];
}

/** What the server tells all open pages. */
export type ApiEvent =
  | { readonly kind: 'project' }
  | { readonly kind: 'labels'; readonly labels: ApiLabels }
  | { readonly kind: 'mask'; readonly mask: ApiMask }
  | { readonly kind: 'picks'; readonly name: string }
  | { readonly kind: 'job'; readonly job: ApiJob };
