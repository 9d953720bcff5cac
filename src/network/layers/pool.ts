/** Pools: the mean or the largest value of squares that do not overlap. */

import { z } from 'zod';
import { layerType, type Shape } from '../layer-type.js';

const size = z.int().min(2).max(64);

/** What both pools have in common. */
const POOL = {
  window: ({ size }: { readonly size: number }) => ({ kind: 'pool', size, dilation: 1 }) as const,
  outputShape({ size }: { readonly size: number }, { maps, side }: Shape): Shape | string {
    if (side % size !== 0) return `a pool of ${size} on a map of ${side}x${side}, which does not divide`;
    return { maps, side: side / size };
  },
  parameters: () => [],
  keepsStatistics: false,
} as const;

export const meanPool = layerType({
  ...POOL,
  schema: z.strictObject({ type: z.literal('mean-pool'), size }),
  box: ({ size }, { graph, value }) => graph.node('AveragePool', [value], squares(size)),
  dense: (_, { graph, value, windowAttributes }) => graph.node('AveragePool', [value], windowAttributes()),
  gradient: ({ size }, value, { graph }) => ({
    value: graph.node('AveragePool', [value], squares(size)),
    backward: (gradient) => ({
      weights: {},
      input: () => {
        const share = graph.node('Mul', [gradient, graph.scalar(1 / size ** 2)]);
        const scales = graph.initializer(`scales_${share}`, [4], Float32Array.of(1, 1, size, size));
        return graph.node('Resize', [share, '', scales], {
          mode: 'nearest',
          nearest_mode: 'floor',
          coordinate_transformation_mode: 'asymmetric',
        });
      },
    }),
  }),
});

export const maxPool = layerType({
  ...POOL,
  schema: z.strictObject({ type: z.literal('max-pool'), size }),
  box: ({ size }, { graph, value }) => graph.node('MaxPool', [value], squares(size)),
  dense: (_, { graph, value, windowAttributes }) => graph.node('MaxPool', [value], windowAttributes()),
  gradient({ size }, value, { graph, batch, input }) {
    const [largest, indices] = graph.nodeWithOutputs('MaxPool', [value], 2, squares(size));
    const dims = [batch, input.maps, input.side, input.side];
    return {
      value: largest,
      backward: (gradient) => ({
        weights: {},
        input: () => {
          const flat = (tensor: string) => graph.node('Reshape', [tensor, graph.integers([-1])]);
          const zeros = graph.node('ConstantOfShape', [graph.integers([dims.reduce((a, b) => a * b)])]);
          const scattered = graph.node('ScatterElements', [zeros, flat(indices), flat(gradient)]);
          return graph.node('Reshape', [scattered, graph.integers(dims)]);
        },
      }),
    };
  },
});

function squares(size: number) {
  return { kernel_shape: [size, size], strides: [size, size] };
}
