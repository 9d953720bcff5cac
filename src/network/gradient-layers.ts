/**
 * Forward and backward nodes of each layer type, for the gradient graph. Maps are [n, maps, side, side] throughout, with
 * as many positions as the patch has after a fully connected layer. The inference build of ONNX Runtime has no gradient operators, so each layer
 * writes its own from ordinary ones; which ones are fast was measured (docs/architecture.md).
 */

import { BATCH_NORM_EPSILON, cropAtEachSide, type Layer, type Shape } from './architecture.js';
import { addMiddle, dilations } from './convolution.js';
import type { GraphBuilder } from './onnx.js';
import type { ParameterRole } from './parameters.js';

/** What a layer needs to add its nodes. */
export interface GradientContext {
  readonly graph: GraphBuilder;
  /** Boxes in a batch. */
  readonly batch: number;
  readonly input: Shape;
  readonly output: Shape;
  /** Side of the input where the patch is a single box. */
  readonly boxSide: number;
  /** The tensor of a group of the layer's weights. */
  readonly tensor: (role: ParameterRole) => string;
  /** The dropout mask of this layer: 0, or 1 / (1 - rate). */
  readonly mask: () => string;
  /** The output of an earlier layer, counted from 1. */
  readonly earlier: (layer: number) => { readonly value: string; readonly shape: Shape };
  /** Keeps batch statistics (mean, variance) as results of the graph. */
  readonly keepStatistics: (mean: string, variance: string) => void;
}

/** A layer's output, and how its gradient goes on. */
export interface GradientLayer {
  readonly value: string;
  /**
   * Adds the backward nodes.
   *
   * @param gradient - of the loss with respect to the output
   * @returns gradients of the layer's weights, and of its input (added only when called)
   */
  backward(gradient: string): {
    readonly weights: Partial<Record<ParameterRole, string>>;
    readonly input: () => string;
    /** Of another layer's output (counted from 1) that the layer adds. */
    readonly added?: { readonly layer: number; readonly gradient: string };
  };
}

/** Adds a layer's forward nodes. */
export function addGradientLayer(layer: Layer, value: string, context: GradientContext): GradientLayer {
  switch (layer.type) {
    case 'convolution':
      return convolution(value, context, context.tensor('kernel'), layer.dilation);
    case 'add':
      return add(value, layer.layer, context);
    case 'fully-connected':
      return context.output.side === 1 ? fullyConnected(value, context) : slidingFullyConnected(value, context);
    case 'mean-pool':
      return meanPool(value, layer.size, context);
    case 'max-pool':
      return maxPool(value, layer.size, context);
    case 'batch-normalisation':
      return batchNormalisation(value, context);
    case 'dropout':
      return dropout(value, context);
    case 'sigmoid':
      return sigmoid(value, context);
    case 'relu':
      return leakyRelu(value, 0, context);
    case 'leaky-relu':
      return leakyRelu(value, layer.slope, context);
  }
}

function sumOverMaps({ graph }: GradientContext, value: string): string {
  return graph.node('ReduceSum', [value, graph.integers([0, 2, 3])], { keepdims: 0 });
}

/** dW is a convolution of input and gradient with batch and maps exchanged; dx is a transposed convolution. */
function convolution(value: string, context: GradientContext, weights: string, dilation = 1): GradientLayer {
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

/** The middle of an earlier layer's output is added: its gradient is that of the sum, with zeros around it. */
function add(value: string, layer: number, { graph, output, earlier }: GradientContext): GradientLayer {
  const { value: added, shape } = earlier(layer);
  const crop = cropAtEachSide(shape, output);
  return {
    value: addMiddle(graph, value, added, crop),
    backward: (gradient) => {
      const pads = graph.integers([0, 0, crop, crop, 0, 0, crop, crop]);
      return {
        weights: {},
        input: () => gradient,
        added: { layer, gradient: crop === 0 ? gradient : graph.node('Pad', [gradient, pads]) },
      };
    },
  };
}

function fullyConnected(value: string, context: GradientContext): GradientLayer {
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

/** A fully connected layer at every position of a patch: a convolution whose kernel is as wide as the box's maps. */
function slidingFullyConnected(value: string, context: GradientContext): GradientLayer {
  const { graph, input, output, boxSide } = context;
  const shape = graph.integers([output.maps, input.maps, boxSide, boxSide]);
  return convolution(value, context, graph.node('Reshape', [context.tensor('kernel'), shape]));
}

function window(size: number) {
  return { kernel_shape: [size, size], strides: [size, size] };
}

function meanPool(value: string, size: number, { graph }: GradientContext): GradientLayer {
  return {
    value: graph.node('AveragePool', [value], window(size)),
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
  };
}

function maxPool(value: string, size: number, context: GradientContext): GradientLayer {
  const { graph, batch, input } = context;
  const [largest, indices] = graph.nodeWithOutputs('MaxPool', [value], 2, window(size));
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
}

/** Ioffe & Szegedy (2015), with the variance in a second pass over the deviations. */
function batchNormalisation(value: string, context: GradientContext): GradientLayer {
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

function dropout(value: string, { graph, mask }: GradientContext): GradientLayer {
  const factors = mask();
  return {
    value: graph.node('Mul', [value, factors]),
    backward: (gradient) => ({ weights: {}, input: () => graph.node('Mul', [gradient, factors]) }),
  };
}

function sigmoid(value: string, { graph }: GradientContext): GradientLayer {
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
}

function leakyRelu(value: string, slope: number, { graph }: GradientContext): GradientLayer {
  const output =
    slope === 0 ? graph.node('Relu', [value]) : graph.node('LeakyRelu', [value], { alpha: { float: slope } });
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
