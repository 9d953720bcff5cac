/** Units that see all of their maps; in the dense graph a kernel as large as the map. */

import { z } from 'zod';
import { type GradientContext, type GradientLayer, layerType } from '../layer-type.js';
import { convolutionGradient } from './convolution.js';

export const fullyConnected = layerType({
  schema: z.strictObject({ type: z.literal('fully-connected'), units: z.int().min(1).max(4096) }),
  window: (_, side) => ({ kind: 'whole', size: side, dilation: 1 }),
  outputShape: ({ units }) => ({ maps: units, side: 1 }),
  parameters: ({ units }, { maps, side }) => [
    ['kernel', [units, maps * side * side]],
    ['bias', [units]],
  ],
  keepsStatistics: false,
  box(_, { graph, value, tensor }) {
    const flat = graph.node('Flatten', [value], { axis: 1 });
    return graph.node('Gemm', [flat, tensor('kernel'), tensor('bias')], { transB: 1 });
  },
  dense: ({ units }, { input, isShared, scoreByRows, convolution }) =>
    units === 1 && input.side > 1 && !isShared ? scoreByRows() : convolution(),
  gradient: (_, value, context) =>
    context.output.side === 1 ? atOnePosition(value, context) : sliding(value, context),
});

function atOnePosition(value: string, context: GradientContext): GradientLayer {
  const { graph, batch, input, output } = context;
  const flat = graph.node('Flatten', [value], { axis: 1 });
  const product = graph.node('Gemm', [flat, context.tensor('kernel'), context.tensor('bias')], { transB: 1 });
  return {
    value: graph.node('Reshape', [product, graph.integers([batch, output.maps, 1, 1])]),
    backward: (gradient) => {
      const rows = graph.node('Reshape', [gradient, graph.integers([batch, output.maps])]);
      return {
        weights: {
          kernel: graph.node('Gemm', [rows, flat], { transA: 1 }),
          bias: graph.node('ReduceSum', [rows, graph.integers([0])], { keepdims: 0 }),
        },
        input: () => {
          const product = graph.node('MatMul', [rows, context.tensor('kernel')]);
          return graph.node('Reshape', [product, graph.integers([batch, input.maps, input.side, input.side])]);
        },
      };
    },
  };
}

/** At every position of a patch: a convolution whose kernel is as wide as the box's maps. */
function sliding(value: string, context: GradientContext): GradientLayer {
  const { graph, input, output, boxSide } = context;
  const shape = graph.integers([output.maps, input.maps, boxSide, boxSide]);
  return convolutionGradient(value, context, graph.node('Reshape', [context.tensor('kernel'), shape]));
}
