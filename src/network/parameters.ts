/** Where each weight stands in the one flat vector of all weights, and how they start. */

import type { Random } from '../core/random.js';
import { type Architecture, layerShapes } from './architecture.js';
import type { ParameterRole } from './layer-type.js';
import { behaviourOf } from './layers.js';

export type { ParameterRole } from './layer-type.js';

/** A group of weights of one layer: `values[offset .. offset + size]` in the flat vector. */
export interface ParameterGroup {
  /** Index of the layer in the architecture. */
  readonly layer: number;
  readonly role: ParameterRole;
  /** Kernel [out, in, y, x]; fully connected kernel [units, features]; others [maps]. */
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** Layout of the flat vectors of an architecture. */
export interface ParameterLayout {
  /** Trained weights, in order. */
  readonly groups: readonly ParameterGroup[];
  /** Length of the weight vector. */
  readonly size: number;
  /** Batch normalisation layers: offsets of mean and variance in the vector of running statistics. */
  readonly statistics: readonly { layer: number; mean: number; variance: number; maps: number }[];
  /** Length of the vector of running statistics. */
  readonly statisticsSize: number;
}

/** Everything that training changes. */
export interface Weights {
  /** The trained weights, laid out by `parameterLayout`. */
  readonly values: Float32Array;
  /** Running mean and variance of each batch normalisation layer. */
  readonly statistics: Float32Array;
}

/** Lays out the weights of an architecture. */
export function parameterLayout(architecture: Architecture): ParameterLayout {
  const shapes = layerShapes(architecture);
  const groups: ParameterGroup[] = [];
  const statistics: { layer: number; mean: number; variance: number; maps: number }[] = [];
  let size = 0;
  let statisticsSize = 0;
  architecture.layers.forEach((layer, index) => {
    const { parameters, keepsStatistics } = behaviourOf(layer);
    for (const [role, shape] of parameters(layer, shapes[index])) {
      const length = shape.reduce((product, side) => product * side, 1);
      groups.push({ layer: index, role, shape, offset: size, size: length });
      size += length;
    }
    if (keepsStatistics) {
      const { maps } = shapes[index];
      statistics.push({ layer: index, mean: statisticsSize, variance: statisticsSize + maps, maps });
      statisticsSize += 2 * maps;
    }
  });
  return { groups, size, statistics, statisticsSize };
}

/**
 * Starting weights as in DeepEM's program: kernels uniform within sqrt(6 / (fan in + fan out)), biases 0
 * (Zhu, Ouyang & Mao 2017, Methods, Training); batch normalisation starts as the identity.
 */
export function initialWeights(architecture: Architecture, random: Random): Weights {
  const layout = parameterLayout(architecture);
  const values = new Float32Array(layout.size);
  for (const group of layout.groups) {
    const bound = initialBound(group);
    for (let i = 0; i < group.size; i++) {
      values[group.offset + i] = group.role === 'scale' ? 1 : bound === 0 ? 0 : (2 * random.uniform() - 1) * bound;
    }
  }
  const statistics = new Float32Array(layout.statisticsSize);
  for (const { variance, maps } of layout.statistics) statistics.fill(1, variance, variance + maps);
  return { values, statistics };
}

function initialBound({ role, shape }: ParameterGroup): number {
  if (role !== 'kernel') return 0;
  const [outputs, inputs, height = 1, width = 1] = shape;
  return Math.sqrt(6 / ((outputs + inputs) * height * width));
}

/** The mean of two sets of weights of one network; `share` is that of the second. */
export function meanOfWeights(a: Weights, b: Weights, share: number): Weights {
  const mean = (own: Float32Array, other: Float32Array) =>
    own.map((value, i) => (1 - share) * value + share * other[i]);
  return { values: mean(a.values, b.values), statistics: mean(a.statistics, b.statistics) };
}
