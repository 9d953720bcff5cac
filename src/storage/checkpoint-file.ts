/** The checkpoint of a training, beside the model that it will write. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf } from '../core/errors.js';
import { PROGRAM } from '../core/version.js';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../training/checkpoint.js';
import type { EpochReport } from '../training/reports.js';
import { readText, writeWhole } from './files.js';

/** The file beside a model to be. */
export function checkpointOf(model: string): string {
  return `${model}.checkpoint.json`;
}

/** Keeps the state of one training. */
export interface CheckpointKeeper {
  readonly file: string;
  /** The state of the same training, where there is one. */
  readonly found: Checkpoint | null;
  /** What was reported of the epochs before it: for the curves. */
  readonly earlier: readonly EpochReport[];
  /** The epoch after which the training goes on, or null. */
  last(): number | null;
  /** Writes the state. A state that cannot be written (a full disk) is no reason to lose the training: the reason is given back. */
  keep(checkpoint: Checkpoint, epochs: readonly EpochReport[]): Promise<string | null>;
  forget(): Promise<void>;
}

/**
 * Looks for the checkpoint of a training.
 *
 * @param model - the file that the training will write
 * @param training - everything that decides its result, as JSON; a checkpoint of anything else is not used
 */
export async function openCheckpoint(model: string, training: unknown): Promise<CheckpointKeeper> {
  const file = checkpointOf(model);
  const identity = createHash('sha256')
    .update(JSON.stringify([PROGRAM, training]))
    .digest('hex');
  const { found, earlier } = existsSync(file) ? stateOf(await readText(file), identity) : NOTHING;
  let last = found?.epoch ?? null;
  return {
    ...{ file, found, earlier, last: () => last },
    async keep(checkpoint, epochs) {
      try {
        const state = { training: identity, checkpoint: encodeCheckpoint(checkpoint), epochs };
        await writeWhole(file, JSON.stringify(state));
        last = checkpoint.epoch;
        return null;
      } catch (error) {
        return messageOf(error);
      }
    },
    forget: () => rm(file, { force: true }),
  };
}

const epochSchema = z.object({
  kind: z.literal('epoch'),
  epoch: z.number(),
  epochs: z.number(),
  loss: z.number(),
  accuracy: z.number().nullable(),
  chance: z.number().nullable().default(null),
});
const stateSchema = z.object({
  training: z.string(),
  checkpoint: z.unknown(),
  epochs: z.array(epochSchema).default([]),
});

/** What is known of a training before it. */
type State = Pick<CheckpointKeeper, 'found' | 'earlier'>;
const NOTHING: State = { found: null, earlier: [] };

function stateOf(text: string, identity: string): State {
  try {
    const { training, checkpoint, epochs } = stateSchema.parse(JSON.parse(text));
    const found = training === identity ? decodeCheckpoint(checkpoint) : null;
    return found ? { found, earlier: epochs.filter(({ epoch }) => epoch <= found.epoch) } : NOTHING;
  } catch {
    return NOTHING;
  }
}
