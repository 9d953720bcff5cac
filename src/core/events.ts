/**
 * What long commands say on their way, a JSON line each (`--json`): the command line writes it, the server and other programs read it.
 */

import { z } from 'zod';

const count = z.number();
const counts = z.record(z.string(), z.number().optional());

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
});

/** The end of a pick run. */
const summarySchema = z.object({
  kind: z.literal('summary'),
  micrographs: count,
  /** Micrographs that earlier processes had picked. */
  before: count,
  particles: count,
  removed: counts,
  unusual: count,
  failed: z.array(z.object({ micrograph: z.string(), reason: z.string() })),
  unfinished: count,
  seconds: count,
});

/** The end of a training. `model` is what the model says of itself, `heldOut` an evaluation. */
const doneSchema = z.object({
  kind: z.literal('done'),
  epoch: count,
  interrupted: z.boolean(),
  kept: z.boolean(),
  model: z.unknown(),
  heldOut: z.unknown(),
  before: z.unknown(),
});

/** Events of `pick`, `watch`, `train` and `retrain`. */
export const runEventSchema = z.discriminatedUnion('kind', [
  micrographSchema,
  summarySchema,
  /** A set of labels that belongs to no micrograph. */
  z.object({ kind: z.literal('left-over'), what: z.string(), names: z.array(z.string()).readonly() }),
  z.object({ kind: z.literal('data'), steps: count }),
  z.object({ kind: z.literal('device'), device: z.string() }),
  z.object({ kind: z.literal('step'), step: count, steps: count, loss: count }),
  z.object({
    ...{ kind: z.literal('epoch'), epoch: count, epochs: count, loss: count },
    ...{ accuracy: count.nullable(), chance: count.nullable() },
  }),
  z.object({ kind: z.literal('objective'), objective: z.string() }),
  doneSchema,
]);

/** An event of `pick`, `watch`, `train` or `retrain`. */
export type RunEvent = z.infer<typeof runEventSchema>;

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
