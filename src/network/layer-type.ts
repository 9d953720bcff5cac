/**
 * What a layer type is: one record with everything that graphs and shapes need of it. Each is a file in `layers/` and two lines in `layers.ts`.
 * Maps are [batch, map, y, x] throughout.
 */

import type { z } from 'zod';
import type { GraphBuilder } from './onnx.js';

/** Maps and side of a layer's output; the side is 1 after a fully connected layer. */
export interface Shape {
  readonly maps: number;
  readonly side: number;
}

/** What a group of weights is. */
export type ParameterRole = 'kernel' | 'bias' | 'scale' | 'shift';

/** How a layer moves over its map: with kernels, as a pool that makes it coarser, or over all of it at once. */
export interface LayerWindow {
  readonly kind: 'kernel' | 'pool' | 'whole';
  readonly size: number;
  /** Pixels of the map between neighbours. */
  readonly dilation: number;
}

/** The layers before one. */
export interface Before {
  /** How many there are. */
  readonly count: number;
  /** Shapes: of the input, then of each layer's output. */
  readonly shapes: readonly Shape[];
  /** Type of a layer after the n-th that makes maps coarser or flat; null where there is none. */
  readonly breakAfter: (n: number) => string | null;
}

/** The output of a layer in a graph. */
export interface EarlierOutput {
  readonly value: string;
  readonly shape: Shape;
}

/** What the box graph gives a layer. */
export interface BoxContext {
  readonly graph: GraphBuilder;
  /** The input. */
  readonly value: string;
  readonly input: Shape;
  /** A stored tensor of the layer: a group of weights, or `mean` and `variance`. */
  readonly tensor: (role: string) => string;
  /** The output of an earlier layer, counted from 1. */
  readonly earlier: (layer: number) => EarlierOutput;
}

/** What the dense graph gives a layer: its turned copies side by side, on a grid that no pool makes coarser. */
export interface DenseContext {
  readonly graph: GraphBuilder;
  /** The input. */
  readonly value: string;
  readonly input: Shape;
  /** Whether no layer before had kernels: all turns then share one input. */
  readonly isShared: boolean;
  /** Attributes of a window on this grid. */
  readonly windowAttributes: () => Record<string, number[]>;
  /** A convolution with the turned kernels; of a fully connected layer a kernel as large as its map. */
  readonly convolution: () => string;
  /** A fully connected layer with one unit, by the rows of its kernel. */
  readonly scoreByRows: () => string;
  readonly batchNormalisation: () => string;
  /** Adds the middle of an earlier layer's output, counted from 1. */
  readonly addEarlier: (layer: number) => string;
}

/** What the gradient graph gives a layer. */
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
  readonly earlier: (layer: number) => EarlierOutput;
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

/** What a layer type does. */
export interface LayerBehaviour<Layer> {
  /** Null where it works on each value alone. */
  window(layer: Layer, side: number): LayerWindow | null;
  /** The output's shape, or what is wrong, as in "received ...". */
  outputShape(layer: Layer, input: Shape, before: Before): Shape | string;
  /** Groups of weights with their shapes. */
  parameters(layer: Layer, input: Shape): readonly (readonly [ParameterRole, readonly number[]])[];
  /** Whether it keeps a running mean and variance of each map. */
  readonly keepsStatistics: boolean;
  /** Adds its nodes to the box graph. */
  box(layer: Layer, context: BoxContext): string;
  /** Adds its nodes to the dense graph. */
  dense(layer: Layer, context: DenseContext): string;
  /**
   * Adds its forward nodes to the gradient graph. The inference build of ONNX Runtime has no gradient operators, so each layer writes its own from
   * ordinary ones; which ones are fast was measured (docs/architecture.md).
   */
  gradient(layer: Layer, value: string, context: GradientContext): GradientLayer;
}

/** A layer type: its schema, and what it does. */
export type LayerType<Schema extends z.ZodObject> = { readonly schema: Schema } & LayerBehaviour<z.infer<Schema>>;

/** Names the schema's type in the record. */
export function layerType<Schema extends z.ZodObject>(type: LayerType<Schema>): LayerType<Schema> {
  return type;
}

/** What layers have in common that work on each value alone and have no weights. */
export const EACH_VALUE = {
  window: () => null,
  outputShape: (_: unknown, input: Shape) => input,
  parameters: () => [],
  keepsStatistics: false,
} as const;

/** Added in batch normalisation's square root, as in PyTorch. */
export const BATCH_NORM_EPSILON = 1e-5;

/** Sums a gradient over all but the maps. */
export function sumOverMaps({ graph }: GradientContext, value: string): string {
  return graph.node('ReduceSum', [value, graph.integers([0, 2, 3])], { keepdims: 0 });
}
