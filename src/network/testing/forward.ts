/** The slow, obvious twin of the box graph: plain loops that anyone can check against the paper. Used by tests only. */

import { type Architecture, type Layer, layerShapes, type Shape } from '../architecture.js';
import { BATCH_NORM_EPSILON } from '../layer-type.js';
import type { Convolution } from '../layers/convolution.js';
import { type ParameterRole, parameterLayout, type Weights } from '../parameters.js';

/**
 * The score of one box.
 *
 * @param box - `architecture.box` squared prepared pixels, row by row
 * @returns the sigmoid of the last layer's unit, 0..1
 */
export function scoreBox(architecture: Architecture, weights: Weights, box: ArrayLike<number>): number {
  const shapes = layerShapes(architecture);
  const layout = parameterLayout(architecture);
  const outputs = [Float64Array.from(box)];
  architecture.layers.forEach((layer, index) => {
    const group = (role: ParameterRole) => {
      const found = layout.groups.find((candidate) => candidate.layer === index && candidate.role === role);
      return found ? weights.values.subarray(found.offset, found.offset + found.size) : new Float32Array(0);
    };
    const statistics = layout.statistics.find((candidate) => candidate.layer === index);
    const running = statistics && weights.statistics.subarray(statistics.mean, statistics.mean + 2 * statistics.maps);
    const [from, to] = [shapes[index], shapes[index + 1]];
    const plain = PLAIN[layer.type] as (layer: Layer, context: PlainContext) => Float64Array<ArrayBuffer>;
    const context = { input: outputs[index], from, to, group, running: running ?? new Float32Array(0) };
    outputs.push(plain(layer, { ...context, earlier: (n) => ({ values: outputs[n], shape: shapes[n] }) }));
  });
  return sigmoid(outputs[outputs.length - 1][0]);
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

/** What a layer computes with. */
interface PlainContext {
  readonly input: Float64Array;
  readonly from: Shape;
  readonly to: Shape;
  readonly group: (role: ParameterRole) => Float32Array;
  /** Running means, then variances. */
  readonly running: Float32Array;
  /** The output of an earlier layer, counted from 1. */
  readonly earlier: (layer: number) => { readonly values: Float64Array; readonly shape: Shape };
}

const PLAIN: {
  readonly [Type in Layer['type']]: (
    layer: Extract<Layer, { type: Type }>,
    context: PlainContext,
  ) => Float64Array<ArrayBuffer>;
} = {
  convolution: (layer, { input, from, to, group }) => convolve(input, from, to, layer, group('kernel'), group('bias')),
  add({ layer }, { input, to, earlier }) {
    const { values, shape } = earlier(layer);
    return addMiddle(input, to, values, shape);
  },
  'fully-connected': (_, { input, group }) =>
    Float64Array.from(group('bias'), (bias, unit) => {
      return input.reduce((sum, value, i) => sum + value * group('kernel')[unit * input.length + i], bias);
    }),
  'mean-pool': ({ size }, { input, from, to }) =>
    pool(input, from, to, size, (values) => values.reduce((a, b) => a + b) / values.length),
  'max-pool': ({ size }, { input, from, to }) => pool(input, from, to, size, (values) => Math.max(...values)),
  'batch-normalisation': (_, { input, from, running, group }) =>
    Float64Array.from(input, (value, i) => {
      const map = Math.floor(i / from.side ** 2);
      const normalised = (value - running[map]) / Math.sqrt(running[from.maps + map] + BATCH_NORM_EPSILON);
      return normalised * group('scale')[map] + group('shift')[map];
    }),
  dropout: (_, { input }) => Float64Array.from(input),
  sigmoid: (_, { input }) => Float64Array.from(input, sigmoid),
  relu: (_, { input }) => Float64Array.from(input, (value) => Math.max(0, value)),
  'leaky-relu': ({ slope }, { input }) => Float64Array.from(input, (value) => (value > 0 ? value : slope * value)),
};

/** A residual connection: the middle of earlier maps is added. */
function addMiddle(input: Float64Array, { side }: Shape, earlier: Float64Array, { side: larger }: Shape) {
  const crop = (larger - side) / 2;
  return Float64Array.from(input, (value, i) => {
    const [map, y, x] = [Math.floor(i / side ** 2), Math.floor((i % side ** 2) / side), i % side];
    return value + earlier[(map * larger + y + crop) * larger + x + crop];
  });
}

/** X_j = sum_i X_i * W_ij + B_j over valid positions (paper, equation of the convolutional layer). */
function convolve(
  input: Float64Array,
  from: Shape,
  to: Shape,
  { kernel, dilation = 1 }: Convolution,
  weights: Float32Array,
  biases: Float32Array,
) {
  const output = new Float64Array(to.maps * to.side ** 2);
  for (let map = 0; map < to.maps; map++) {
    for (let y = 0; y < to.side; y++) {
      for (let x = 0; x < to.side; x++) {
        let sum = biases[map];
        for (let i = 0; i < from.maps; i++) {
          for (let v = 0; v < kernel; v++) {
            for (let u = 0; u < kernel; u++) {
              const pixel = input[(i * from.side + y + v * dilation) * from.side + x + u * dilation];
              sum += pixel * weights[((map * from.maps + i) * kernel + v) * kernel + u];
            }
          }
        }
        output[(map * to.side + y) * to.side + x] = sum;
      }
    }
  }
  return output;
}

function pool(input: Float64Array, from: Shape, to: Shape, size: number, combine: (values: number[]) => number) {
  const output = new Float64Array(to.maps * to.side ** 2);
  for (let i = 0; i < output.length; i++) {
    const map = Math.floor(i / to.side ** 2);
    const [y, x] = [Math.floor((i % to.side ** 2) / to.side), i % to.side];
    const values: number[] = [];
    for (let v = 0; v < size; v++) {
      for (let u = 0; u < size; u++) values.push(input[(map * from.side + y * size + v) * from.side + x * size + u]);
    }
    output[i] = combine(values);
  }
  return output;
}
