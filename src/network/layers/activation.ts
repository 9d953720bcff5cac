/** Functions of each value: the same nodes in every graph. */

import { z } from 'zod';
import { EACH_VALUE, type GradientContext, type GradientLayer, layerType } from '../layer-type.js';
import type { GraphBuilder } from '../onnx.js';

const leaky = (graph: GraphBuilder, value: string, slope: number) =>
  graph.node('LeakyRelu', [value], { alpha: { float: slope } });

export const sigmoid = layerType({
  ...EACH_VALUE,
  schema: z.strictObject({ type: z.literal('sigmoid') }),
  box: (_, { graph, value }) => graph.node('Sigmoid', [value]),
  dense: (_, { graph, value }) => graph.node('Sigmoid', [value]),
  gradient(_, value, { graph }) {
    const output = graph.node('Sigmoid', [value]);
    return {
      value: output,
      backward: (gradient) => ({
        weights: {},
        input: () => {
          const slope = graph.node('Mul', [output, graph.node('Sub', [graph.scalar(1), output])]);
          return graph.node('Mul', [gradient, slope]);
        },
      }),
    };
  },
});

export const relu = layerType({
  ...EACH_VALUE,
  schema: z.strictObject({ type: z.literal('relu') }),
  box: (_, { graph, value }) => graph.node('Relu', [value]),
  dense: (_, { graph, value }) => graph.node('Relu', [value]),
  gradient: (_, value, context) => rectifiedGradient(value, context.graph.node('Relu', [value]), 0, context),
});

export const leakyRelu = layerType({
  ...EACH_VALUE,
  schema: z.strictObject({ type: z.literal('leaky-relu'), slope: z.number().gt(0).lt(1) }),
  box: ({ slope }, { graph, value }) => leaky(graph, value, slope),
  dense: ({ slope }, { graph, value }) => leaky(graph, value, slope),
  gradient: ({ slope }, value, context) => rectifiedGradient(value, leaky(context.graph, value, slope), slope, context),
});

/** 1 where the input is above 0, else the slope. */
function rectifiedGradient(value: string, output: string, slope: number, { graph }: GradientContext): GradientLayer {
  return {
    value: output,
    backward: (gradient) => ({
      weights: {},
      input: () => {
        const positive = graph.node('Cast', [graph.node('Greater', [value, graph.scalar(0)])], { to: 1 });
        if (slope === 0) return graph.node('Mul', [gradient, positive]);
        const factor = graph.node('Add', [graph.node('Mul', [positive, graph.scalar(1 - slope)]), graph.scalar(slope)]);
        return graph.node('Mul', [gradient, factor]);
      },
    }),
  };
}
