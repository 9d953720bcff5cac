/** The checkpoint of a training, beside the model that it will write. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../training/checkpoint.js';
import { PROGRAM } from '../version.js';
import { readText, writeWhole } from './files.js';

/** Ending of the file. */
const CHECKPOINT = '.checkpoint.json';

/** Keeps the state of one training. */
export interface CheckpointKeeper {
  readonly file: string;
  /** The state of the same training, where there is one. */
  readonly found: Checkpoint | null;
  keep(checkpoint: Checkpoint): Promise<void>;
  forget(): Promise<void>;
}

/**
 * Looks for the checkpoint of a training.
 *
 * @param model - the file that the training will write
 * @param training - everything that decides its result, as JSON; a checkpoint of anything else is not used
 */
export async function openCheckpoint(model: string, training: unknown): Promise<CheckpointKeeper> {
  const file = `${model}${CHECKPOINT}`;
  const identity = createHash('sha256')
    .update(JSON.stringify([PROGRAM, training]))
    .digest('hex');
  return {
    file,
    found: existsSync(file) ? checkpointOf(await readText(file), identity) : null,
    keep: (checkpoint) =>
      writeWhole(file, JSON.stringify({ training: identity, checkpoint: encodeCheckpoint(checkpoint) })),
    forget: () => rm(file, { force: true }),
  };
}

function checkpointOf(text: string, identity: string): Checkpoint | null {
  try {
    const { training, checkpoint } = JSON.parse(text);
    return training === identity ? decodeCheckpoint(checkpoint) : null;
  } catch {
    return null;
  }
}
