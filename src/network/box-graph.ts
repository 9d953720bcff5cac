/** The box graph: boxes [n, 1, B, B] -> scores [n, 1]. It is the model file that a user gets. */

import { type Architecture, isWhole, layerShapes } from './architecture.js';
import { behaviourOf } from './layers.js';
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
    const value = behaviourOf(layer).box(layer, {
      ...{ graph, value: values[index], input: shapes[index] },
      tensor: (role) => stored.get(tensorName(index, role)) ?? '',
      earlier: (number) => ({ value: values[number], shape: shapes[number] }),
    });
    values.push(value);
    const { maps, side } = shapes[index + 1];
    if (options.everyLayer) {
      const isFlat = architecture.layers.slice(0, index + 1).some(isWhole);
      graph.output(`layer_${index + 1}`, value, isFlat ? ['n', maps] : ['n', maps, side, side]);
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
