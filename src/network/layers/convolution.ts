/** Kernels over valid positions: maps shrink, and nothing is padded. */

import { z } from 'zod';
import { type GradientContext, type GradientLayer, layerType, sumOverMaps } from '../layer-type.js';

const schema = z.strictObject({
  type: z.literal('convolution'),
  maps: z.int().min(1).max(1024),
  kernel: z.int().min(1).max(512),
  /** Pixels of the map between neighbours of the kernel; 1 by default. */
  dilation: z.int().min(1).max(64).optional(),
});

/** A layer of kernels. */
export type Convolution = z.infer<typeof schema>;

export const convolution = layerType({
  schema,
  window: ({ kernel, dilation = 1 }) => ({ kind: 'kernel', size: kernel, dilation }),
  outputShape(layer, { side }) {
    const extent = kernelExtent(layer);
    if (extent > side) return `a kernel of ${extent} on a map of ${side}x${side}`;
    return { maps: layer.maps, side: side - extent + 1 };
  },
  parameters: ({ maps, kernel }, input) => [
    ['kernel', [maps, input.maps, kernel, kernel]],
    ['bias', [maps]],
  ],
  keepsStatistics: false,
  box: (layer, { graph, value, tensor }) =>
    graph.node('Conv', [value, tensor('kernel'), tensor('bias')], dilations(layer)),
  dense: (_, context) => context.convolution(),
  gradient: ({ dilation }, value, context) => convolutionGradient(value, context, context.tensor('kernel'), dilation),
});

/** Pixels of its map from the first to the last that a convolution's kernel looks at. */
function kernelExtent({ kernel, dilation = 1 }: Pick<Convolution, 'kernel' | 'dilation'>): number {
  return (kernel - 1) * dilation + 1;
}

/** Attributes of a convolution that is dilated; none where it is not. */
function dilations({ dilation = 1 }: Pick<Convolution, 'dilation'>): Record<string, number[]> {
  return dilation === 1 ? {} : { dilations: [dilation, dilation] };
}

/** dW is a convolution of input and gradient with batch and maps exchanged; dx is a transposed convolution. */
export function convolutionGradient(
  value: string,
  context: GradientContext,
  weights: string,
  dilation = 1,
): GradientLayer {
  const { graph } = context;
  const exchange = (tensor: string) => graph.node('Transpose', [tensor], { perm: [1, 0, 2, 3] });
  const strides = dilation === 1 ? {} : { strides: [dilation, dilation] };
  return {
    value: graph.node('Conv', [value, weights, context.tensor('bias')], dilations({ dilation })),
    backward: (gradient) => ({
      weights: {
        kernel: exchange(graph.node('Conv', [exchange(value), exchange(gradient)], strides)),
        bias: sumOverMaps(context, gradient),
      },
      input: () => graph.node('ConvTranspose', [gradient, weights], dilations({ dilation })),
    }),
  };
}
