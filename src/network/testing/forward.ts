/** The slow, obvious twin of the box graph: plain loops that anyone can check against the paper. Used by tests only. */

import {
  type Architecture,
  BATCH_NORM_EPSILON,
  type Convolution,
  type Layer,
  layerShapes,
  type Shape,
} from '../architecture.js';
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
    outputs.push(
      layer.type === 'add'
        ? addMiddle(outputs[index], to, outputs[layer.layer], shapes[layer.layer])
        : forward(layer, outputs[index], from, to, group, running ?? new Float32Array(0)),
    );
  });
  return sigmoid(outputs[outputs.length - 1][0]);
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

function forward(
  layer: Exclude<Layer, { type: 'add' }>,
  input: Float64Array,
  from: Shape,
  to: Shape,
  group: (role: ParameterRole) => Float32Array,
  running: Float32Array,
): Float64Array<ArrayBuffer> {
  switch (layer.type) {
    case 'convolution':
      return convolve(input, from, to, layer, group('kernel'), group('bias'));
    case 'fully-connected':
      return Float64Array.from(group('bias'), (bias, unit) => {
        return input.reduce((sum, value, i) => sum + value * group('kernel')[unit * input.length + i], bias);
      });
    case 'mean-pool':
      return pool(input, from, to, layer.size, (values) => values.reduce((a, b) => a + b) / values.length);
    case 'max-pool':
      return pool(input, from, to, layer.size, (values) => Math.max(...values));
    case 'batch-normalisation':
      return Float64Array.from(input, (value, i) => {
        const map = Math.floor(i / from.side ** 2);
        const normalised = (value - running[map]) / Math.sqrt(running[from.maps + map] + BATCH_NORM_EPSILON);
        return normalised * group('scale')[map] + group('shift')[map];
      });
    case 'dropout':
      return Float64Array.from(input);
    case 'sigmoid':
      return Float64Array.from(input, sigmoid);
    case 'relu':
      return Float64Array.from(input, (value) => Math.max(0, value));
    case 'leaky-relu':
      return Float64Array.from(input, (value) => (value > 0 ? value : layer.slope * value));
  }
}

/** A residual connection: the middle of earlier maps is added. */
function addMiddle(input: Float64Array, { side }: Shape, earlier: Float64Array, { side: larger }: Shape) {
  const crop = (larger - side) / 2;
  return input.map((value, i) => {
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
