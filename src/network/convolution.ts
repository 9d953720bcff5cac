/** Nodes that several graphs share: dilated kernels, and the middle of an earlier map. */

import type { Convolution } from './architecture.js';
import type { GraphBuilder } from './onnx.js';

/** Attributes of a convolution that is dilated; none where it is not. */
export function dilations({ dilation = 1 }: Pick<Convolution, 'dilation'>): Record<string, number[]> {
  return dilation === 1 ? {} : { dilations: [dilation, dilation] };
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
