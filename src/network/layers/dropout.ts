/** Dropout: in training a share of the values is 0; afterwards it does nothing. */

import { z } from 'zod';
import { EACH_VALUE, layerType } from '../layer-type.js';

export const dropout = layerType({
  ...EACH_VALUE,
  schema: z.strictObject({ type: z.literal('dropout'), rate: z.number().gt(0).lt(1) }),
  box: (_, { value }) => value,
  dense: (_, { value }) => value,
  gradient(_, value, { graph, mask }) {
    const factors = mask();
    return {
      value: graph.node('Mul', [value, factors]),
      backward: (gradient) => ({ weights: {}, input: () => graph.node('Mul', [gradient, factors]) }),
    };
  },
});
