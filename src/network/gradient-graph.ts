/** The gradient graph: patches, weights of their positions and the flat weight vector -> loss and its flat gradient. */

import { type Architecture, layerShapes, patchShapes, patchSide } from './architecture.js';
import type { GradientLayer } from './layer-type.js';
import { behaviourOf } from './layers.js';
import { GraphBuilder } from './onnx.js';
import { type ParameterLayout, type ParameterRole, parameterLayout } from './parameters.js';

/** What is minimised: the paper's squared error on scores, or cross-entropy on logits. */
export type Loss = 'squared-error' | 'cross-entropy';

/** Shape of one dropout mask: [n, maps, side, side] of the layer it belongs to. */
export interface MaskInput {
  readonly name: string;
  readonly rate: number;
  readonly size: number;
  readonly dims: readonly number[];
}

/** A gradient graph with what is needed to feed it. */
export interface GradientGraph {
  /** The ONNX bytes. */
  readonly model: Uint8Array;
  readonly layout: ParameterLayout;
  /** Side of a patch. */
  readonly side: number;
  /** Positions along it. */
  readonly positions: number;
  /** Dropout masks to be fed, one a dropout layer. */
  readonly masks: readonly MaskInput[];
}

/**
 * Builds the gradient graph for a fixed number of patches. A patch is a square with k x k positions of the network's box,
 * one total pooling stride apart; one position is a box.
 *
 * Inputs: `patches` [n, 1, P, P] with P as `patchSide`; `positive_weights` and `negative_weights` [n, k * k]: how much each
 * position counts as a particle and as none; `parameters` [W]; one `mask_k` a dropout layer. Outputs: `loss` [];
 * `gradient` [W]; `logits` [n, k * k]; `statistics` [S]: batch means and (biased) variances.
 *
 * With the score y of a position, the loss is the sum of positive weight * (1 - y)^2 / 2 + negative weight * y^2 / 2, or of
 * -positive weight * log y - negative weight * log(1 - y).
 *
 * @param positions - k; 1 by default
 */
export function buildGradientGraph(
  architecture: Architecture,
  batch: number,
  loss: Loss,
  positions = 1,
): GradientGraph {
  const graph = new GraphBuilder();
  const boxShapes = layerShapes(architecture);
  const shapes = patchShapes(architecture, positions);
  const layout = parameterLayout(architecture);
  const tensors = splitParameters(graph, layout);
  const masks: MaskInput[] = [];
  const statistics: string[] = [];
  const layers: GradientLayer[] = [];
  const side = patchSide(architecture, positions);
  let value = graph.input('patches', [batch, 1, side, side]);
  const perPosition = [batch, positions ** 2];
  const positiveWeights = graph.input('positive_weights', perPosition);
  const negativeWeights = graph.input('negative_weights', perPosition);
  architecture.layers.forEach((layer, index) => {
    const [input, output] = [shapes[index], shapes[index + 1]];
    const added = behaviourOf(layer).gradient(layer, value, {
      graph,
      batch,
      input,
      output,
      boxSide: boxShapes[index].side,
      tensor: (role) => tensors.get(`${index} ${role}`) ?? '',
      mask: () => {
        const dims = [batch, input.maps, input.side, input.side];
        const rate = layer.type === 'dropout' ? layer.rate : 0;
        masks.push({ name: `mask_${index}`, rate, size: dims.reduce((a, b) => a * b), dims });
        return graph.input(`mask_${index}`, dims);
      },
      earlier: (number) => ({ value: layers[number - 1].value, shape: shapes[number] }),
      keepStatistics: (mean, variance) => statistics.push(mean, variance),
    });
    layers.push(added);
    value = added.value;
  });
  const logits = graph.node('Reshape', [value, graph.integers(perPosition)]);
  const { total, gradient } = addLoss(graph, loss, logits, positiveWeights, negativeWeights);
  const seed = graph.node('Reshape', [gradient, graph.integers([batch, 1, positions, positions])]);
  const gradients = backward(graph, layers, seed);
  const flat = (tensor: string) => graph.node('Reshape', [tensor, graph.integers([-1])]);
  graph.output('loss', total, []);
  const ordered = layout.groups.map(({ layer, role }) => flat(gradients.get(`${layer} ${role}`) ?? ''));
  graph.output('gradient', graph.node('Concat', ordered, { axis: 0 }), [layout.size]);
  graph.output('logits', logits, perPosition);
  if (statistics.length > 0) {
    graph.output('statistics', graph.node('Concat', statistics.map(flat), { axis: 0 }), [layout.statisticsSize]);
  }
  return { model: graph.build(`deepem gradient graph ${architecture.name}`), layout, side, positions, masks };
}

function splitParameters(graph: GraphBuilder, layout: ParameterLayout): Map<string, string> {
  const parameters = graph.input('parameters', [layout.size]);
  // One by one: graphics cards bind some eight pieces of memory at a time, and a Split into more fails.
  return new Map(
    layout.groups.map(({ layer, role, shape, offset, size }) => {
      const part = graph.node('Slice', [parameters, graph.integers([offset]), graph.integers([offset + size])]);
      return [`${layer} ${role}`, graph.node('Reshape', [part, graph.integers(shape)])];
    }),
  );
}

/** From the last layer to the first; the gradient of the boxes themselves is never made. */
function backward(graph: GraphBuilder, layers: readonly GradientLayer[], seed: string): Map<string, string> {
  const gradients = new Map<string, string>();
  const added = new Map<number, string>();
  const plus = (a: string, b: string | undefined) => (b === undefined ? a : graph.node('Add', [a, b]));
  let gradient = seed;
  for (let index = layers.length - 1; index >= 0; index--) {
    const made = layers[index].backward(plus(gradient, added.get(index + 1)));
    for (const [role, tensor] of Object.entries(made.weights) as [ParameterRole, string][])
      gradients.set(`${index} ${role}`, tensor);
    if (made.added) added.set(made.added.layer, plus(made.added.gradient, added.get(made.added.layer)));
    if (index > 0) gradient = made.input();
  }
  return gradients;
}

/**
 * The loss and its gradient by the logits. Score and miss (1 - score) are made from `Exp`: the CPU's `Sigmoid` is coarse in
 * its far tail.
 */
function addLoss(graph: GraphBuilder, loss: Loss, logits: string, positive: string, negative: string) {
  const one = graph.scalar(1);
  const sigmoidOf = (value: string) => {
    const exponential = graph.node('Exp', [graph.node('Neg', [value])]);
    return graph.node('Div', [one, graph.node('Add', [one, exponential])]);
  };
  const negated = graph.node('Neg', [logits]);
  const [score, miss] = [sigmoidOf(logits), sigmoidOf(negated)];
  const multiply = (...values: string[]) => values.reduce((a, b) => graph.node('Mul', [a, b]));
  const sum = (value: string) => graph.node('ReduceSum', [value, graph.integers([0, 1])], { keepdims: 0 });
  const finish = (found: string, foundSlope: string, missed: string, missedSlope: string) => {
    const risk = sum(missed);
    const counts = graph.node('Cast', [graph.node('Greater', [risk, graph.scalar(0)])], { to: 1 });
    return {
      total: graph.node('Add', [sum(found), multiply(risk, counts)]),
      gradient: graph.node('Sub', [multiply(missedSlope, counts), foundSlope]),
    };
  };
  if (loss === 'squared-error') {
    const half = graph.scalar(0.5);
    const slope = multiply(score, miss);
    return finish(
      multiply(half, positive, miss, miss),
      multiply(positive, miss, slope),
      multiply(half, negative, score, score),
      multiply(negative, score, slope),
    );
  }
  const magnitude = graph.node('Neg', [graph.node('Abs', [logits])]);
  const tail = graph.node('Log', [graph.node('Add', [one, graph.node('Exp', [magnitude])])]);
  const softplus = (value: string) => graph.node('Add', [graph.node('Relu', [value]), tail]);
  return finish(
    multiply(positive, softplus(negated)),
    multiply(positive, miss),
    multiply(negative, softplus(logits)),
    multiply(negative, score),
  );
}
