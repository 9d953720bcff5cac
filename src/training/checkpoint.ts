/** The state of a training after an epoch: what it goes on from to the same end. */

import { z } from 'zod';
import type { RandomState } from '../core/random.js';
import type { Weights } from '../network/parameters.js';
import type { Best } from './epochs.js';
import { floatsToText, textToFloats } from './float-text.js';
import type { LabelCheck } from './label-check.js';
import type { OptimiserState } from './optimisers.js';

/** Everything that changes from epoch to epoch. */
export interface Checkpoint {
  /** Epochs done. */
  readonly epoch: number;
  readonly weights: Weights;
  readonly optimiser: OptimiserState;
  /** Of the random numbers that draw batches and dropout. */
  readonly random: RandomState;
  readonly best: Omit<Best, 'labelCheck'>;
  readonly labelCheck: LabelCheck | null;
}

const floats = z.base64().transform(textToFloats);
const weightsSchema = z.object({ values: floats, statistics: floats });
const checkpointSchema = z.object({
  epoch: z.int().min(1),
  weights: weightsSchema,
  optimiser: z.object({ step: z.int().min(0), mean: floats, square: floats }),
  random: z.object({ generator: z.array(z.number()), spare: z.number().nullable() }),
  best: z.object({ weights: weightsSchema, epoch: z.int(), accuracy: z.number().nullable() }),
  labelCheck: z
    .object({ complete: z.boolean(), hidden: z.number(), found: z.number(), labelled: z.number() })
    .nullable(),
});

/** A checkpoint as JSON; numbers of the network as base64, to the last bit. */
export function encodeCheckpoint(checkpoint: Checkpoint): unknown {
  const weights = ({ values, statistics }: Weights) => ({
    values: floatsToText(values),
    statistics: floatsToText(statistics),
  });
  const { optimiser, best } = checkpoint;
  return {
    ...checkpoint,
    weights: weights(checkpoint.weights),
    optimiser: { ...optimiser, mean: floatsToText(optimiser.mean), square: floatsToText(optimiser.square) },
    best: { ...best, weights: weights(best.weights) },
  };
}

/** A checkpoint from JSON; null where it is none. */
export function decodeCheckpoint(value: unknown): Checkpoint | null {
  const parsed = checkpointSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
