/** Layers that work on each value alone: the same nodes in every graph. */

import type { Layer } from './architecture.js';
import type { GraphBuilder } from './onnx.js';

/** Adds an activation; other layers give their input back. */
export function addActivation(graph: GraphBuilder, layer: Layer, input: string): string {
  switch (layer.type) {
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
