/** Optimisers as two pure functions, `start` and `update`: all their state can be stored. */

import { z } from 'zod';

const share = z.number().min(0).max(1);

/** Which optimiser, with its settings. */
export const optimiserSchema = z.union([
  z.strictObject({ kind: z.literal('gradient-descent') }),
  z.strictObject({
    kind: z.literal('adamw'),
    beta1: share,
    beta2: share,
    epsilon: z.number().gt(0),
    /** Decoupled weight decay (Loshchilov & Hutter 2019); 0 gives Adam. */
    weightDecay: z.number().min(0),
  }),
]);

/** Which optimiser, with its settings. */
export type OptimiserSettings = Readonly<z.infer<typeof optimiserSchema>>;

/** Adam's usual settings. */
export const ADAM = {
  kind: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
} as const satisfies OptimiserSettings;

/** What an optimiser remembers between steps. */
export interface OptimiserState {
  /** Steps made. */
  readonly step: number;
  /** Running mean of the gradient; empty for plain gradient descent. */
  readonly mean: Float32Array;
  /** Running mean of its square; empty for plain gradient descent. */
  readonly square: Float32Array;
}

/** The state before the first step. */
export function startOptimiser(settings: OptimiserSettings, size: number): OptimiserState {
  const length = settings.kind === 'adamw' ? size : 0;
  return { step: 0, mean: new Float32Array(length), square: new Float32Array(length) };
}

/**
 * One step; nothing is changed in place.
 *
 * @returns the new weights and the new state
 */
export function updateWeights(
  settings: OptimiserSettings,
  state: OptimiserState,
  weights: Float32Array,
  gradient: Float32Array,
  learningRate: number,
): { weights: Float32Array; state: OptimiserState } {
  const step = state.step + 1;
  if (settings.kind === 'gradient-descent') {
    return { weights: weights.map((weight, i) => weight - learningRate * gradient[i]), state: { ...state, step } };
  }
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const mean = state.mean.map((value, i) => beta1 * value + (1 - beta1) * gradient[i]);
  const square = state.square.map((value, i) => beta2 * value + (1 - beta2) * gradient[i] ** 2);
  const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
  const updated = weights.map((weight, i) => {
    const direction = mean[i] / correction1 / (Math.sqrt(square[i] / correction2) + epsilon);
    return weight - learningRate * (direction + weightDecay * weight);
  });
  return { weights: updated, state: { step, mean, square } };
}
