/**
 * What work tells while it goes on: one list for every face of the program. The command line shows it, `--json` writes it (a JSON line an event, but
 * for words that are for people), the server and other programs read it.
 */

import { z } from 'zod';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { ModelMetadata } from '../network/model.js';
import type { SureLoss } from '../training/earlier.js';
import type { StartKind } from '../training/start.js';

const count = z.number();
const counts = z.record(z.string(), z.number().optional());

/** Words for people: on stderr, never among the JSON lines. */
const noteSchema = z.object({ kind: z.literal('note'), text: z.string() });
const warningSchema = z.object({ kind: z.literal('warning'), text: z.string() });
/** A file that could not be used; the work goes on without it. */
const leftOutSchema = z.object({ kind: z.literal('left-out'), reason: z.string() });
/** How far something is; `at` is what is at hand, such as a file. */
const progressSchema = z.object({
  kind: z.literal('progress'),
  what: z.string(),
  done: count,
  total: count,
  at: z.string(),
});

/** What became of one micrograph of a pick run. */
const micrographSchema = z.object({
  kind: z.literal('micrograph'),
  micrograph: z.string(),
  particles: count.optional(),
  /** Candidates that each filter left out. */
  removed: counts.optional(),
  files: z.array(z.string()).readonly().optional(),
  warnings: z.array(z.string()).readonly().optional(),
  /** What is unusual in the picks, in words. */
  unusual: z.string().nullable().optional(),
  /** Why it could not be picked. */
  error: z.string().optional(),
  /** Micrographs that this process has dealt with, and those that it is to deal with. */
  done: count,
  total: count,
});

/** The end of a pick run. */
const summarySchema = z.object({
  kind: z.literal('summary'),
  out: z.string(),
  micrographs: count,
  /** Micrographs that earlier processes had picked. */
  before: count,
  particles: count,
  removed: counts,
  /** Micrographs that are unusual in count or scores. */
  unusual: count,
  /** Some of these, with what is unusual. */
  unusualExamples: z.array(z.object({ micrograph: z.string(), words: z.string() })).readonly(),
  failed: z.array(z.object({ micrograph: z.string(), reason: z.string() })).readonly(),
  unfinished: count,
  seconds: count,
});

/** What a training is about to do. */
const dataSchema = z.object({
  kind: z.literal('data'),
  labels: z.custom<ModelMetadata['labels']>(),
  architecture: z.object({ name: z.string(), box: count }),
  /** Full-size pixels per prepared pixel. */
  factor: count,
  start: z.custom<StartKind>(),
  steps: count,
  warnings: z.array(z.string()).readonly(),
  heldOut: z.array(z.object({ name: z.string(), columns: z.tuple([count, count]).readonly() })).readonly(),
});

/** The end of a training. */
const doneSchema = z.object({
  kind: z.literal('done'),
  /** Epoch of the weights in the model. */
  epoch: count,
  interrupted: z.boolean(),
  /** Whether the earlier model was kept. */
  kept: z.boolean(),
  /** What the model says of itself. */
  model: z.custom<ModelMetadata>(),
  heldOut: z.custom<Evaluation | null>(),
  before: z.custom<Evaluation | null>(),
  loss: z.custom<SureLoss | null>(),
  /** Whether it went on from an earlier model. */
  again: z.boolean(),
  /** Files of the model, and of what it was trained on. */
  output: z.string(),
  record: z.string(),
  seconds: count,
});

/** Everything that work tells. */
export const runEventSchema = z.discriminatedUnion('kind', [
  noteSchema,
  warningSchema,
  leftOutSchema,
  progressSchema,
  micrographSchema,
  summarySchema,
  /** A set of labels that belongs to no micrograph. */
  z.object({ kind: z.literal('left-over'), what: z.string(), names: z.array(z.string()).readonly() }),
  dataSchema,
  /** What computes, where another device than the CPU was asked for. */
  z.object({
    ...{ kind: z.literal('device'), work: z.string(), device: z.string(), card: z.string().nullable() },
    /** Why others were not taken. */
    reasons: z.array(z.string()).readonly(),
  }),
  z.object({ kind: z.literal('step'), step: count, steps: count, loss: count }),
  z.object({
    ...{ kind: z.literal('epoch'), epoch: count, epochs: count, loss: count },
    ...{ accuracy: count.nullable(), chance: count.nullable() },
    secondsLeft: count,
  }),
  z.object({ kind: z.literal('choosing'), heldOut: z.boolean() }),
  z.object({
    ...{ kind: z.literal('objective'), objective: z.custom<ModelMetadata['objective']>() },
    ...{ found: count, labelled: count },
  }),
  /** An epoch is on disk: a training that ends goes on from it. */
  z.object({ kind: z.literal('checkpoint'), epoch: count, file: z.string() }),
  doneSchema,
]);

/** What work tells. */
export type RunEvent = z.infer<typeof runEventSchema>;

/** Words for people, which are no lines of `--json`. */
export type Words = Extract<RunEvent, { kind: 'note' | 'warning' | 'left-out' | 'progress' }>;

/** Takes what work tells. */
export type Tell = (event: RunEvent) => void;

/** Reads a line; null where it is no event, such as words between the lines. */
export function readEvent(line: string): RunEvent | null {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = runEventSchema.safeParse(data);
  return parsed.success ? parsed.data : null;
}
