/** Layers that work on each value alone: the same nodes in every graph. */

import type { Layer } from './architecture.js';
import type { GraphBuilder } from './onnx.js';

/** A layer that works on each value alone. */
export type Activation = Extract<Layer, { type: 'sigmoid' | 'relu' | 'leaky-relu' }>;

/** Adds an activation. */
export function addActivation(graph: GraphBuilder, layer: Activation, input: string): string {
  switch (layer.type) {
    case 'sigmoid':
      return graph.node('Sigmoid', [input]);
    case 'relu':
      return graph.node('Relu', [input]);
    case 'leaky-relu':
      return graph.node('LeakyRelu', [input], { alpha: { float: layer.slope } });
  }
}
