/** The gradient graph: boxes, targets, example weights and the flat weight vector -> loss and its flat gradient. */

import { type Architecture, layerShapes } from './architecture.js';
import { addGradientLayer, type GradientLayer } from './gradient-layers.js';
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
  /** Dropout masks to be fed, one a dropout layer. */
  readonly masks: readonly MaskInput[];
}

/**
 * Builds the gradient graph for a fixed number of boxes.
 *
 * Inputs: `boxes` [n, 1, B, B]; `targets` [n, 1] (0..1); `example_weights` [n, 1]; `parameters` [P]; one `mask_k` a dropout
 * layer. Outputs: `loss` []; `gradient` [P]; `logits` [n, 1]; `statistics` [S]: batch means and (biased) variances.
 *
 * The loss is the sum over examples of weight * (t - y)^2 / 2, or of weight * cross-entropy: weights 1/N give the mean.
 */
export function buildGradientGraph(architecture: Architecture, batch: number, loss: Loss): GradientGraph {
  const graph = new GraphBuilder();
  const shapes = layerShapes(architecture);
  const layout = parameterLayout(architecture);
  const tensors = splitParameters(graph, layout);
  const masks: MaskInput[] = [];
  const statistics: string[] = [];
  const layers: GradientLayer[] = [];
  let value = graph.input('boxes', [batch, 1, architecture.box, architecture.box]);
  const targets = graph.input('targets', [batch, 1]);
  const exampleWeights = graph.input('example_weights', [batch, 1]);
  architecture.layers.forEach((layer, index) => {
    const [input, output] = [shapes[index], shapes[index + 1]];
    const added = addGradientLayer(layer, value, {
      graph,
      batch,
      input,
      output,
      tensor: (role) => tensors.get(`${index} ${role}`) ?? '',
      mask: () => {
        const dims = [batch, input.maps, input.side, input.side];
        const rate = layer.type === 'dropout' ? layer.rate : 0;
        masks.push({ name: `mask_${index}`, rate, size: dims.reduce((a, b) => a * b), dims });
        return graph.input(`mask_${index}`, dims);
      },
      keepStatistics: (mean, variance) => statistics.push(mean, variance),
    });
    layers.push(added);
    value = added.value;
  });
  const logits = graph.node('Reshape', [value, graph.integers([batch, 1])]);
  const { total, gradient } = addLoss(graph, loss, logits, targets, exampleWeights);
  const seed = graph.node('Reshape', [gradient, graph.integers([batch, 1, 1, 1])]);
  const gradients = backward(layers, seed);
  const flat = (tensor: string) => graph.node('Reshape', [tensor, graph.integers([-1])]);
  graph.output('loss', total, []);
  const ordered = layout.groups.map(({ layer, role }) => flat(gradients.get(`${layer} ${role}`) ?? ''));
  graph.output('gradient', graph.node('Concat', ordered, { axis: 0 }), [layout.size]);
  graph.output('logits', logits, [batch, 1]);
  if (statistics.length > 0) {
    graph.output('statistics', graph.node('Concat', statistics.map(flat), { axis: 0 }), [layout.statisticsSize]);
  }
  return { model: graph.build(`deepem gradient graph ${architecture.name}`), layout, masks };
}

function splitParameters(graph: GraphBuilder, layout: ParameterLayout): Map<string, string> {
  const parameters = graph.input('parameters', [layout.size]);
  const sizes = graph.integers(layout.groups.map(({ size }) => size));
  const parts = graph.nodeWithOutputs('Split', [parameters, sizes], layout.groups.length, { axis: 0 });
  return new Map(
    layout.groups.map(({ layer, role, shape }, i) => [
      `${layer} ${role}`,
      graph.node('Reshape', [parts[i], graph.integers(shape)]),
    ]),
  );
}

/** From the last layer to the first; the gradient of the boxes themselves is never made. */
function backward(layers: readonly GradientLayer[], seed: string): Map<string, string> {
  const gradients = new Map<string, string>();
  let gradient = seed;
  for (let index = layers.length - 1; index >= 0; index--) {
    const { weights, input } = layers[index].backward(gradient);
    for (const [role, tensor] of Object.entries(weights) as [ParameterRole, string][])
      gradients.set(`${index} ${role}`, tensor);
    if (index > 0) gradient = input();
  }
  return gradients;
}

/** The loss and its gradient by the logits. The score is made from `Exp`: the CPU's `Sigmoid` is coarse in its far tail. */
function addLoss(graph: GraphBuilder, loss: Loss, logits: string, targets: string, weights: string) {
  const one = graph.scalar(1);
  const exponential = graph.node('Exp', [graph.node('Neg', [logits])]);
  const score = graph.node('Div', [one, graph.node('Add', [one, exponential])]);
  const error = graph.node('Sub', [score, targets]);
  const weighted = graph.node('Mul', [error, weights]);
  const sum = (values: string) => graph.node('ReduceSum', [values, graph.integers([0, 1])], { keepdims: 0 });
  if (loss === 'squared-error') {
    const half = graph.node('Mul', [graph.node('Mul', [weighted, error]), graph.scalar(0.5)]);
    const slope = graph.node('Mul', [score, graph.node('Sub', [one, score])]);
    return { total: sum(half), gradient: graph.node('Mul', [weighted, slope]) };
  }
  const softplus = graph.node('Log', [
    graph.node('Add', [one, graph.node('Exp', [graph.node('Neg', [graph.node('Abs', [logits])])])]),
  ]);
  const linear = graph.node('Sub', [graph.node('Relu', [logits]), graph.node('Mul', [targets, logits])]);
  return { total: sum(graph.node('Mul', [graph.node('Add', [linear, softplus]), weights])), gradient: weighted };
}
