/** The box graph: boxes [n, 1, B, B] -> scores [n, 1]. It is the model file that a user gets. */

import { addActivation } from './activation.js';
import { type Architecture, BATCH_NORM_EPSILON, cropAtEachSide, type Layer, layerShapes } from './architecture.js';
import { addMiddle, dilations } from './convolution.js';
import { GraphBuilder } from './onnx.js';
import { parameterLayout, type Weights } from './parameters.js';

/** Operator set of the model file, low enough for older readers. */
const MODEL_OPSET = 17;

/** What may be asked of the box graph. */
export interface BoxGraphOptions {
  /** Text stored beside the graph. */
  metadata?: Readonly<Record<string, string>>;
  /** Also give each layer's output, as `layer_1`, `layer_2`, ...: for pictures of feature maps. */
  everyLayer?: boolean;
}

/** Name of a stored tensor of a layer (counted from 1). */
export function tensorName(layer: number, role: string): string {
  return `layer_${layer + 1}_${role}`;
}

/**
 * Builds the box graph.
 *
 * Input `boxes` [n, 1, B, B], prepared pixels; output `scores` [n, 1], 0..1.
 */
export function buildBoxGraph(architecture: Architecture, weights: Weights, options: BoxGraphOptions = {}): Uint8Array {
  const graph = new GraphBuilder();
  const shapes = layerShapes(architecture);
  const stored = storeWeights(graph, architecture, weights);
  const values = [graph.input('boxes', ['n', 1, architecture.box, architecture.box])];
  architecture.layers.forEach((layer, index) => {
    const value =
      layer.type === 'add'
        ? addMiddle(graph, values[index], values[layer.layer], cropAtEachSide(shapes[layer.layer], shapes[index]))
        : addLayer(graph, layer, values[index], (role) => stored.get(tensorName(index, role)) ?? '');
    values.push(value);
    const { maps, side } = shapes[index + 1];
    if (options.everyLayer) {
      graph.output(
        `layer_${index + 1}`,
        value,
        layer.type === 'fully-connected' ? ['n', maps] : ['n', maps, side, side],
      );
    }
  });
  graph.output('scores', graph.node('Sigmoid', [values[values.length - 1]]), ['n', 1]);
  return graph.build(`deepem box graph ${architecture.name}`, options.metadata, MODEL_OPSET);
}

function storeWeights(graph: GraphBuilder, architecture: Architecture, weights: Weights): Map<string, string> {
  const layout = parameterLayout(architecture);
  const stored = new Map<string, string>();
  for (const { layer, role, shape, offset, size } of layout.groups) {
    const name = tensorName(layer, role);
    stored.set(name, graph.initializer(name, shape, weights.values.subarray(offset, offset + size)));
  }
  for (const { layer, mean, variance, maps } of layout.statistics) {
    const [meanName, varianceName] = [tensorName(layer, 'mean'), tensorName(layer, 'variance')];
    stored.set(meanName, graph.initializer(meanName, [maps], weights.statistics.subarray(mean, mean + maps)));
    stored.set(
      varianceName,
      graph.initializer(varianceName, [maps], weights.statistics.subarray(variance, variance + maps)),
    );
  }
  return stored;
}

function addLayer(
  graph: GraphBuilder,
  layer: Exclude<Layer, { type: 'add' }>,
  input: string,
  tensor: (role: string) => string,
): string {
  switch (layer.type) {
    case 'convolution':
      return graph.node('Conv', [input, tensor('kernel'), tensor('bias')], dilations(layer));
    case 'mean-pool':
      return graph.node('AveragePool', [input], pool(layer.size));
    case 'max-pool':
      return graph.node('MaxPool', [input], pool(layer.size));
    case 'batch-normalisation':
      return graph.node(
        'BatchNormalization',
        [input, tensor('scale'), tensor('shift'), tensor('mean'), tensor('variance')],
        { epsilon: { float: BATCH_NORM_EPSILON } },
      );
    case 'fully-connected': {
      const flat = graph.node('Flatten', [input], { axis: 1 });
      return graph.node('Gemm', [flat, tensor('kernel'), tensor('bias')], { transB: 1 });
    }
    case 'dropout':
      return input;
    case 'sigmoid':
    case 'relu':
    case 'leaky-relu':
      return addActivation(graph, layer, input);
  }
}

function pool(size: number) {
  return { kernel_shape: [size, size], strides: [size, size] };
}
