/**
 * The network as data: a list of layers, with one function that checks it and computes every shape.
 * Axis order is [batch, map, y, x] throughout. The score is the sigmoid of the last layer's one unit (the logit).
 */

import { z } from 'zod';
import { ArchitectureError } from '../errors.js';

const layerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('convolution'), maps: z.int().min(1).max(1024), kernel: z.int().min(1).max(512) }),
  z.strictObject({ type: z.literal('mean-pool'), size: z.int().min(2).max(64) }),
  z.strictObject({ type: z.literal('max-pool'), size: z.int().min(2).max(64) }),
  z.strictObject({ type: z.literal('batch-normalisation') }),
  z.strictObject({ type: z.literal('dropout'), rate: z.number().gt(0).lt(1) }),
  z.strictObject({ type: z.literal('sigmoid') }),
  z.strictObject({ type: z.literal('relu') }),
  z.strictObject({ type: z.literal('leaky-relu'), slope: z.number().gt(0).lt(1) }),
  z.strictObject({ type: z.literal('fully-connected'), units: z.int().min(1).max(4096) }),
]);

const LARGEST_BOX = 1024;

/** Schema of an architecture, as in preset files and model metadata. */
export const architectureSchema = z.strictObject({
  name: z.string().min(1).max(80),
  box: z.int().min(4).max(LARGEST_BOX),
  layers: z.array(layerSchema).min(1).max(64),
});

/** One layer. */
export type Layer = z.infer<typeof layerSchema>;
/** A network: `box` is the side of its input in prepared pixels. */
export type Architecture = z.infer<typeof architectureSchema>;

/** Maps and side of a layer's output; the side is 1 after a fully connected layer. */
export interface Shape {
  readonly maps: number;
  readonly side: number;
}

/** Added in batch normalisation's square root, as in PyTorch. */
export const BATCH_NORM_EPSILON = 1e-5;

/**
 * The shape of every layer's output, input first: `layers.length + 1` entries.
 *
 * @throws ArchitectureError naming the layer that cannot be, with the nearest box that can
 */
export function layerShapes(architecture: Architecture): Shape[] {
  const shapes: Shape[] = [{ maps: 1, side: architecture.box }];
  architecture.layers.forEach((layer, index) => {
    const input = shapes[index];
    const flattened = architecture.layers.slice(0, index).some(({ type }) => type === 'fully-connected');
    const output = flattened && isSpatial(layer) ? 'a layer without rows and columns' : outputShape(layer, input);
    if (typeof output === 'string') {
      const nearest = nearestValidBox(architecture);
      throw new ArchitectureError({
        what: `Architecture "${architecture.name}", layer ${index + 1} (${layer.type}) cannot be built`,
        received: output,
        ...(nearest !== null && { hint: `The nearest box that fits is ${nearest} (now ${architecture.box})` }),
      });
    }
    shapes.push(output);
  });
  const last = shapes[shapes.length - 1];
  if (architecture.layers.at(-1)?.type !== 'fully-connected' || last.maps !== 1) {
    throw new ArchitectureError({
      what: `Architecture "${architecture.name}" has no score`,
      received: `a last layer of type ${architecture.layers.at(-1)?.type} with ${last.maps} outputs`,
      expected: 'a fully-connected layer with 1 unit at the end',
    });
  }
  return shapes;
}

/** Prepared pixels between neighbouring positions of a patch: the product of all pools. */
export function positionStride(architecture: Architecture): number {
  return architecture.layers.reduce((stride, layer) => (isPool(layer) ? stride * layer.size : stride), 1);
}

/** Side in prepared pixels of a patch with so many positions along its side. */
export function patchSide(architecture: Architecture, positions: number): number {
  return architecture.box + (positions - 1) * positionStride(architecture);
}

/** Shapes of the maps before the first layer and after each, for a patch with so many positions along its side. */
export function patchShapes(architecture: Architecture, positions: number): Shape[] {
  let shape: Shape = { maps: 1, side: patchSide(architecture, positions) };
  return [
    shape,
    ...architecture.layers.map((layer) => {
      const output =
        layer.type === 'fully-connected' ? { maps: layer.units, side: positions } : outputShape(layer, shape);
      if (typeof output === 'string') throw new Error(`a patch of ${positions} positions does not fit: ${output}`);
      shape = output;
      return shape;
    }),
  ];
}

/** True for a layer that needs rows and columns. */
export function isSpatial(layer: Layer): boolean {
  return layer.type === 'convolution' || isPool(layer);
}

/** True for a layer that makes its maps coarser. */
export function isPool(layer: Layer): layer is Extract<Layer, { type: 'mean-pool' | 'max-pool' }> {
  return layer.type === 'mean-pool' || layer.type === 'max-pool';
}

/** The output's shape, or what is wrong. */
function outputShape(layer: Layer, { maps, side }: Shape): Shape | string {
  switch (layer.type) {
    case 'convolution':
      if (layer.kernel > side) return `a kernel of ${layer.kernel} on a map of ${side}x${side}`;
      return { maps: layer.maps, side: side - layer.kernel + 1 };
    case 'mean-pool':
    case 'max-pool':
      if (side % layer.size !== 0) return `a pool of ${layer.size} on a map of ${side}x${side}, which does not divide`;
      return { maps, side: side / layer.size };
    case 'fully-connected':
      return { maps: layer.units, side: 1 };
    case 'batch-normalisation':
    case 'dropout':
    case 'sigmoid':
    case 'relu':
    case 'leaky-relu':
      return { maps, side };
  }
}

function isValid(architecture: Architecture): boolean {
  let shape: Shape | string = { maps: 1, side: architecture.box };
  let flattened = false;
  for (const layer of architecture.layers) {
    if (flattened && isSpatial(layer)) return false;
    flattened ||= layer.type === 'fully-connected';
    shape = outputShape(layer, shape);
    if (typeof shape === 'string') return false;
  }
  return true;
}

function nearestValidBox(architecture: Architecture): number | null {
  for (let distance = 1; distance <= LARGEST_BOX; distance++) {
    for (const box of [architecture.box + distance, architecture.box - distance]) {
      if (box >= 4 && box <= LARGEST_BOX && isValid({ ...architecture, box })) return box;
    }
  }
  return null;
}

/**
 * Checks data from a file.
 *
 * @param source - where it comes from, for the error
 * @throws ArchitectureError
 */
export function parseArchitecture(data: unknown, source: string): Architecture {
  const parsed = architectureSchema.safeParse(data);
  if (!parsed.success) {
    throw new ArchitectureError({
      what: `${source} is not a network architecture`,
      received: z.prettifyError(parsed.error).replaceAll('\n', ' '),
      expected: '{ "name", "box", "layers": [{ "type": "convolution", "maps": 6, "kernel": 9 }, ...] }',
    });
  }
  layerShapes(parsed.data);
  return parsed.data;
}
