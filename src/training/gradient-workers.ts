/**
 * The gradient of a batch, computed by several worker threads: each takes a fixed part of the batch with one thread of
 * its own, and the parts are added in a fixed order, so that a run can be repeated to the last bit.
 */

import type { Random } from '../core/random.js';
import type { Architecture } from '../network/architecture.js';
import { buildGradientGraph, type GradientGraph, type Loss } from '../network/gradient-graph.js';
import type { Weights } from '../network/parameters.js';
import { type Device, type Engine, type Session, startEngine, type Tensor } from '../runtime/engine.js';

/** Patches of a batch with how much each of their positions counts. */
export interface Batch {
  /** Patches. */
  readonly count: number;
  /** [n, 1, P, P]. */
  readonly patches: Float32Array;
  /** [n, k * k]: weight of a position as a particle. */
  readonly positiveWeights: Float32Array;
  /** [n, k * k]: weight of a position as none. */
  readonly negativeWeights: Float32Array;
}

/** The result of one batch. */
export interface BatchGradient {
  /** Weighted loss of the batch. */
  readonly loss: number;
  /** Its gradient. */
  readonly gradient: Float32Array;
  /** Batch means and variances of the batch normalisation layers, averaged over the parts; empty without such layers. */
  readonly statistics: Float32Array;
}

/** Worker threads that compute gradients of one architecture. */
export interface GradientWorkers {
  /** Computes loss and gradient. `random` draws the dropout masks. */
  compute(weights: Weights, batch: Batch, random: Random): Promise<BatchGradient>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** What the workers are set up for. */
export interface GradientWorkersOptions {
  readonly architecture: Architecture;
  readonly loss: Loss;
  /** Patches in every batch. */
  readonly batch: number;
  /** Positions along a patch's side; 1 by default: patches are boxes. */
  readonly positions?: number;
  /** Worker threads at the most. */
  readonly threads: number;
  /** What computes; the CPU by default. A card takes the whole batch at once. */
  readonly device?: Device;
}

/** A part smaller than this is not worth a thread. */
const SMALLEST_PART = 8;

/** Starts the worker threads. */
export async function startGradientWorkers(options: GradientWorkersOptions): Promise<GradientWorkers> {
  const { architecture, batch, loss, positions = 1, device = 'cpu' } = options;
  const threads = device === 'cpu' ? options.threads : 1;
  const most = Math.max(1, Math.min(threads, Math.floor((batch * positions) / SMALLEST_PART), batch));
  const size = Math.ceil(batch / most);
  const parts = Math.ceil(batch / size);
  const graph = buildGradientGraph(architecture, size, loss, positions);
  const engines = Array.from({ length: parts }, () => startEngine(1, device));
  const close = async () => {
    await Promise.all(engines.map((engine) => engine.close()));
  };
  const sessions = await loadAll(engines, graph.model, close);
  return {
    async compute(weights, batch, random) {
      const feeds = sessions.map((_, part) => feedsOf(graph, weights, batch, part * size, size, random));
      const results = await Promise.all(sessions.map((session: Session, part) => session.run(feeds[part])));
      const gradient = new Float32Array(graph.layout.size);
      const statistics = new Float32Array(graph.layout.statisticsSize);
      let total = 0;
      for (const result of results) {
        total += result.loss.data[0];
        addTo(gradient, result.gradient.data, 1);
        if (statistics.length > 0) addTo(statistics, result.statistics.data, 1 / parts);
      }
      return { loss: total, gradient, statistics };
    },
    close,
  };
}

/** Loads the graph in every engine; if one fails all are closed, so that no thread is left behind. */
async function loadAll(engines: readonly Engine[], model: Uint8Array, close: () => Promise<void>): Promise<Session[]> {
  try {
    return await Promise.all(engines.map((engine) => engine.load(model)));
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Inputs of one part. Where the batch does not fill it, its first patches come again with weight 0: they change neither loss
 * nor gradient, and look like any other to batch normalisation.
 */
function feedsOf(
  graph: GradientGraph,
  weights: Weights,
  batch: Batch,
  from: number,
  size: number,
  random: Random,
): Record<string, Tensor> {
  const { side, positions } = graph;
  const area = side ** 2;
  const perPatch = positions ** 2;
  const patches = new Float32Array(size * area);
  const positiveWeights = new Float32Array(size * perPatch);
  const negativeWeights = new Float32Array(size * perPatch);
  for (let i = 0; i < size; i++) {
    const at = (from + i) % batch.count;
    patches.set(batch.patches.subarray(at * area, (at + 1) * area), i * area);
    if (from + i >= batch.count) continue;
    positiveWeights.set(batch.positiveWeights.subarray(at * perPatch, (at + 1) * perPatch), i * perPatch);
    negativeWeights.set(batch.negativeWeights.subarray(at * perPatch, (at + 1) * perPatch), i * perPatch);
  }
  const masks = graph.masks.map(({ name, rate, size: length, dims }) => {
    const data = Float32Array.from({ length }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
    return [name, { dims, data }] as const;
  });
  return {
    patches: { dims: [size, 1, side, side], data: patches },
    positive_weights: { dims: [size, perPatch], data: positiveWeights },
    negative_weights: { dims: [size, perPatch], data: negativeWeights },
    parameters: { dims: [weights.values.length], data: weights.values },
    ...Object.fromEntries(masks),
  };
}

function addTo(sum: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * values[i];
}
