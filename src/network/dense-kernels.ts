/** The weights of a stage of the dense graph: kernels in all turns, and what does not turn once for each. */

import { rotatePlanes } from '../imaging/rotate.js';
import type { Architecture, Shape } from './architecture.js';
import type { GraphBuilder } from './onnx.js';
import { type ParameterGroup, type ParameterLayout, parameterLayout, type Weights } from './parameters.js';

/** Quarter turns of a circle. */
export const QUARTERS = 4;

/** Stores weights in a graph. */
export class DenseWeights {
  readonly #layout: ParameterLayout;

  constructor(
    readonly graph: GraphBuilder,
    architecture: Architecture,
    readonly shapes: readonly Shape[],
    readonly weights: Weights,
  ) {
    this.#layout = parameterLayout(architecture);
  }

  /** Running mean and variance, once for each turn. */
  statistics(index: number, value: string, turns: readonly number[]): string[] {
    const layout = this.#layout.statistics.find(({ layer }) => layer === index);
    if (!layout) throw new Error(`layer ${index} has no statistics`);
    return [layout.mean, layout.variance].map((offset, i) => {
      const values = repeat(this.weights.statistics.subarray(offset, offset + layout.maps), turns.length);
      return this.graph.initializer(`${value}_statistics_${i}`, [values.length], values);
    });
  }

  #group(index: number, role: string): ParameterGroup {
    const group = this.#layout.groups.find((one) => one.layer === index && one.role === role);
    if (group) return group;
    throw new Error(`layer ${index} has no ${role}`);
  }

  #values(group: ParameterGroup): Float32Array {
    return this.weights.values.subarray(group.offset, group.offset + group.size);
  }

  /** The turned kernels of a layer, one after the other. */
  turned(index: number, turns: readonly number[]): Float32Array {
    const group = this.#group(index, 'kernel');
    const values = this.#values(group);
    const turned = new Float32Array(turns.length * values.length);
    const side = group.shape.length === 4 ? group.shape[2] : this.shapes[index].side;
    for (const [i, turn] of turns.entries()) {
      turned.set(rotatePlanes(values, side, (QUARTERS - turn) % QUARTERS), i * values.length);
    }
    return turned;
  }

  kernel(index: number, turns: readonly number[], fillers: number): string {
    const { shape } = this.#group(index, 'kernel');
    const { side } = this.shapes[index];
    const [outputs, inputs, kernel] = shape.length === 4 ? shape : [shape[0], shape[1] / side ** 2, side];
    const name = `layer_${index + 1}_kernel_${turns.join('_')}`;
    const dims = [turns.length * outputs + fillers, inputs, kernel, kernel];
    const values = new Float32Array(dims.reduce((product, n) => product * n));
    values.set(this.turned(index, turns));
    return this.graph.initializer(name, dims, values);
  }

  /** Weights that do not turn, once for each turn. */
  repeated(index: number, role: string, turns: readonly number[], fillers = 0): string {
    const values = repeat(this.#values(this.#group(index, role)), turns.length, fillers);
    return this.graph.initializer(`layer_${index + 1}_${role}_${turns.join('_')}`, [values.length], values);
  }
}

/** Kernels [group, maps, row, column] -> [group, row, maps, column]. */
export function transposeRows(kernels: Float32Array, groups: number, maps: number, side: number): Float32Array {
  const result = new Float32Array(kernels.length);
  for (let group = 0; group < groups; group++) {
    for (let map = 0; map < maps; map++) {
      for (let row = 0; row < side; row++) {
        const from = ((group * maps + map) * side + row) * side;
        result.set(kernels.subarray(from, from + side), ((group * side + row) * maps + map) * side);
      }
    }
  }
  return result;
}

/** @param more - zeros behind the copies */
function repeat(values: Float32Array, copies: number, more = 0): Float32Array {
  const repeated = new Float32Array(copies * values.length + more);
  for (let copy = 0; copy < copies; copy++) repeated.set(values, copy * values.length);
  return repeated;
}
