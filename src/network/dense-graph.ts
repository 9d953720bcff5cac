/**
 * The dense graph: a whole prepared image -> the score of every position, exactly as its box would get it.
 *
 * A pool of the box graph makes its map coarser; here it becomes a window that moves in smaller steps, and the layers
 * after it are dilated by what the box graph's map would have shrunk. The scores of the four quarter turns of a box are
 * those of four networks with turned kernels, which stand beside each other as groups of one graph.
 *
 * With a step s only some positions are needed: where the box graph's map has a spacing of P pixels, the positions s*i + P*j
 * lie on a grid of gcd(s, P) pixels, and nothing else is computed.
 */

import { rotatePlanes } from '../imaging/rotate.js';
import { type Architecture, BATCH_NORM_EPSILON, type Layer, layerShapes } from './architecture.js';
import { gcd } from './cost.js';
import { GraphBuilder } from './onnx.js';
import { type ParameterGroup, parameterLayout, type Weights } from './parameters.js';

/** Quarter turns whose scores can be averaged: all four, a half turn apart, or none but the first. */
export type Turns = 1 | 2 | 4;

/** Quarter turns of a circle. */
const QUARTERS = 4;

/** The grid on which a layer of the dense graph works. */
interface Grid {
  /** Pixels between neighbours in the map of the box graph. */
  spacing: number;
  /** Pixels between neighbours in the map of the dense graph. */
  step: number;
  /** True until the first layer with kernels: all four groups then share one input. */
  shared: boolean;
  /** Side of the box graph's map. */
  side: number;
}

/** Number of positions along one side of an image: one every `step` pixels from 0 while the box fits. */
export function densePositions(side: number, box: number, step: number): number {
  return side < box ? 0 : Math.floor((side - box) / step) + 1;
}

/**
 * Builds the dense graph.
 *
 * Input `image` [1, 1, H, W], H and W at least the box; output `scores` [1, 1, h, w] with h and w as `densePositions`:
 * entry (i, j) is the mean score of the four quarter turns of the box whose first row is i*step and first column j*step.
 *
 * @param step - prepared pixels between positions, a whole number above 0
 * @param turns - how many quarter turns are averaged; fewer are faster, and less exact
 */
export function buildDenseGraph(
  architecture: Architecture,
  weights: Weights,
  step: number,
  turns: Turns = QUARTERS,
): Uint8Array {
  const graph = new GraphBuilder();
  const shapes = layerShapes(architecture);
  const groups = new Map(parameterLayout(architecture).groups.map((group) => [`${group.layer} ${group.role}`, group]));
  let grid: Grid = { spacing: 1, step: 1, shared: true, side: architecture.box };
  let value = graph.input('image', [1, 1, 'height', 'width']);
  architecture.layers.forEach((layer, index) => {
    const copies = grid.shared && layer.type === 'batch-normalisation' ? 1 : turns;
    const tensor = (role: string) =>
      turnedTensor(graph, weights, groups.get(`${index} ${role}`), shapes[index].side, copies);
    const next = nextGrid(layer, grid, step, shapes[index + 1].side);
    value =
      layer.type === 'batch-normalisation'
        ? addBatchNormalisation(graph, value, runningStatistics(architecture, weights, index), copies, tensor)
        : addLayer(graph, layer, value, grid, next, turns, tensor);
    grid = next;
  });
  const scores = graph.node('Sigmoid', [value]);
  const mean = graph.node('ReduceMean', [scores, graph.integers([1])], { keepdims: 1 });
  graph.output('scores', mean, [1, 1, 'rows', 'columns']);
  return graph.build(`deepem dense graph ${architecture.name}, step ${step}`);
}

function nextGrid(layer: Layer, grid: Grid, step: number, side: number): Grid {
  switch (layer.type) {
    case 'mean-pool':
    case 'max-pool': {
      const spacing = grid.spacing * layer.size;
      return { ...grid, spacing, step: gcd(step, spacing), side };
    }
    case 'convolution':
      return { ...grid, shared: false, side };
    case 'fully-connected':
      return { spacing: step, step, shared: false, side };
    default:
      return grid;
  }
}

function addLayer(
  graph: GraphBuilder,
  layer: Layer,
  input: string,
  grid: Grid,
  next: Grid,
  turns: Turns,
  tensor: (role: string) => string,
): string {
  const dilation = grid.spacing / grid.step;
  const stride = next.step / grid.step;
  const window = (size: number) => ({
    kernel_shape: [size, size],
    dilations: [dilation, dilation],
    strides: [stride, stride],
  });
  const group = grid.shared ? 1 : turns;
  switch (layer.type) {
    case 'convolution':
      return graph.node('Conv', [input, tensor('kernel'), tensor('bias')], { ...window(layer.kernel), group });
    case 'fully-connected':
      return graph.node('Conv', [input, tensor('kernel'), tensor('bias')], { ...window(grid.side), group });
    case 'mean-pool':
      return graph.node('AveragePool', [input], window(layer.size));
    case 'max-pool':
      return graph.node('MaxPool', [input], window(layer.size));
    case 'sigmoid':
      return graph.node('Sigmoid', [input]);
    case 'relu':
      return graph.node('Relu', [input]);
    case 'leaky-relu':
      return graph.node('LeakyRelu', [input], { alpha: { float: layer.slope } });
    default:
      return input;
  }
}

function addBatchNormalisation(
  graph: GraphBuilder,
  input: string,
  statistics: { mean: Float32Array; variance: Float32Array },
  copies: number,
  tensor: (role: string) => string,
): string {
  const stored = Object.entries(statistics).map(([name, values]) => {
    return graph.initializer(`${input}_${name}`, [copies * values.length], repeat(values, copies));
  });
  return graph.node('BatchNormalization', [input, tensor('scale'), tensor('shift'), ...stored], {
    epsilon: { float: BATCH_NORM_EPSILON },
  });
}

/** Running mean and variance of a batch normalisation layer. */
function runningStatistics(architecture: Architecture, weights: Weights, index: number) {
  const layout = parameterLayout(architecture).statistics.find(({ layer }) => layer === index);
  if (!layout) throw new Error(`layer ${index} has no statistics`);
  const part = (offset: number) => weights.statistics.subarray(offset, offset + layout.maps);
  return { mean: part(layout.mean), variance: part(layout.variance) };
}

/** The turned copies of a group of weights as one tensor; a fully connected kernel becomes one of side `side`. */
function turnedTensor(
  graph: GraphBuilder,
  weights: Weights,
  group: ParameterGroup | undefined,
  side: number,
  copies: number,
): string {
  if (!group) throw new Error('the layer has no such weights');
  const values = weights.values.subarray(group.offset, group.offset + group.size);
  const name = `layer_${group.layer + 1}_${group.role}`;
  if (group.role !== 'kernel') return graph.initializer(name, [copies * group.size], repeat(values, copies));
  const [outputs, inputs, kernel] =
    group.shape.length === 4 ? group.shape : [group.shape[0], group.shape[1] / side ** 2, side];
  const turned = new Float32Array(copies * values.length);
  for (let turn = 0; turn < copies; turn++)
    turned.set(rotatePlanes(values, kernel, (QUARTERS - (turn * QUARTERS) / copies) % QUARTERS), turn * values.length);
  return graph.initializer(name, [copies * outputs, inputs, kernel, kernel], turned);
}

function repeat(values: Float32Array, copies: number): Float32Array {
  const repeated = new Float32Array(copies * values.length);
  for (let copy = 0; copy < copies; copy++) repeated.set(values, copy * values.length);
  return repeated;
}
