/** Batch normalisation (Ioffe & Szegedy 2015): batch statistics in training, running ones afterwards. */

import { z } from 'zod';
import {
  BATCH_NORM_EPSILON,
  EACH_VALUE,
  type GradientContext,
  type GradientLayer,
  layerType,
  sumOverMaps,
} from '../layer-type.js';

export const batchNormalisation = layerType({
  ...EACH_VALUE,
  schema: z.strictObject({ type: z.literal('batch-normalisation') }),
  parameters: (_, { maps }) => [
    ['scale', [maps]],
    ['shift', [maps]],
  ],
  keepsStatistics: true,
  box: (_, { graph, value, tensor }) =>
    graph.node('BatchNormalization', [value, tensor('scale'), tensor('shift'), tensor('mean'), tensor('variance')], {
      epsilon: { float: BATCH_NORM_EPSILON },
    }),
  dense: (_, context) => context.batchNormalisation(),
  gradient: (_, value, context) => gradientOf(value, context),
});

/** The variance is made in a second pass over the deviations. */
function gradientOf(value: string, context: GradientContext): GradientLayer {
  const { graph, batch, input } = context;
  const axes = graph.integers([0, 2, 3]);
  const perMap = (tensor: string) => graph.node('Reshape', [tensor, graph.integers([1, input.maps, 1, 1])]);
  const mean = graph.node('ReduceMean', [value, axes], { keepdims: 1 });
  const deviation = graph.node('Sub', [value, mean]);
  const variance = graph.node('ReduceMean', [graph.node('Mul', [deviation, deviation]), axes], { keepdims: 1 });
  context.keepStatistics(mean, variance);
  const root = graph.node('Sqrt', [graph.node('Add', [variance, graph.scalar(BATCH_NORM_EPSILON)])]);
  const normalised = graph.node('Div', [deviation, root]);
  const scale = perMap(context.tensor('scale'));
  const count = graph.scalar(batch * input.side ** 2);
  return {
    value: graph.node('Add', [graph.node('Mul', [normalised, scale]), perMap(context.tensor('shift'))]),
    backward: (gradient) => {
      const shiftGradient = sumOverMaps(context, gradient);
      const scaleGradient = sumOverMaps(context, graph.node('Mul', [gradient, normalised]));
      return {
        weights: { scale: scaleGradient, shift: shiftGradient },
        input: () => {
          const meanGradient = graph.node('Div', [perMap(shiftGradient), count]);
          const along = graph.node('Mul', [normalised, graph.node('Div', [perMap(scaleGradient), count])]);
          const centred = graph.node('Sub', [graph.node('Sub', [gradient, meanGradient]), along]);
          return graph.node('Mul', [centred, graph.node('Div', [scale, root])]);
        },
      };
    },
  };
}
