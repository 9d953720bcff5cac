/** Adds the middle of an earlier layer's output: a residual connection (He et al. 2016). */

import { z } from 'zod';
import { EACH_VALUE, layerType, type Shape } from '../layer-type.js';
import type { GraphBuilder } from '../onnx.js';

/** Layers that an architecture may have. */
export const LAST_LAYER = 64;

const schema = z.strictObject({
  type: z.literal('add'),
  /** Counted from 1. */
  layer: z.int().min(1).max(LAST_LAYER),
});

export const add = layerType({
  ...EACH_VALUE,
  schema,
  outputShape({ layer }, input, { count, shapes, breakAfter }) {
    if (layer > count) return `layer ${layer}, which is no earlier one`;
    const between = breakAfter(layer);
    if (between !== null) return `layer ${layer}, with a ${between} in between`;
    const earlier = shapes[layer];
    if (earlier.maps !== input.maps) return `layer ${layer} with ${earlier.maps} maps, to ${input.maps}`;
    return cropAtEachSide(earlier, input) % 1 === 0 ? input : `layer ${layer} with an odd number of pixels more`;
  },
  box({ layer }, { graph, value, input, earlier }) {
    const other = earlier(layer);
    return addMiddle(graph, value, other.value, cropAtEachSide(other.shape, input));
  },
  dense: ({ layer }, { addEarlier }) => addEarlier(layer),
  /** The gradient of the earlier output is that of the sum, with zeros around it. */
  gradient({ layer }, value, { graph, output, earlier }) {
    const other = earlier(layer);
    const crop = cropAtEachSide(other.shape, output);
    return {
      value: addMiddle(graph, value, other.value, crop),
      backward: (gradient) => {
        const pads = graph.integers([0, 0, crop, crop, 0, 0, crop, crop]);
        return {
          weights: {},
          input: () => gradient,
          added: { layer, gradient: crop === 0 ? gradient : graph.node('Pad', [gradient, pads]) },
        };
      },
    };
  },
});

/** Pixels that are cut off at each side of an earlier map before it is added to a later one. */
export function cropAtEachSide(earlier: Shape, later: Shape): number {
  return (earlier.side - later.side) / 2;
}

/**
 * The sum of maps and the middle of earlier ones.
 *
 * @param crop - pixels that the earlier maps have more at each side
 */
export function addMiddle(graph: GraphBuilder, value: string, earlier: string, crop: number): string {
  if (crop === 0) return graph.node('Add', [value, earlier]);
  const [starts, ends, axes] = [
    [crop, crop],
    [-crop, -crop],
    [2, 3],
  ].map((list) => graph.integers(list));
  return graph.node('Add', [value, graph.node('Slice', [earlier, starts, ends, axes])]);
}
