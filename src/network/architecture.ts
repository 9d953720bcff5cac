/**
 * The network as data: a list of layers, with one function that checks it and computes every shape.
 * Axis order is [batch, map, y, x] throughout. The score is the sigmoid of the last layer's one unit (the logit).
 */

import { z } from 'zod';
import { ArchitectureError } from '../core/errors.js';

const LAST_LAYER = 64;

const layerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('convolution'),
    maps: z.int().min(1).max(1024),
    kernel: z.int().min(1).max(512),
    /** Pixels of the map between neighbours of the kernel; 1 by default. */
    dilation: z.int().min(1).max(64).optional(),
  }),
  /** Adds the middle of an earlier layer's output (layers count from 1): a residual connection (He et al. 2016). */
  z.strictObject({ type: z.literal('add'), layer: z.int().min(1).max(LAST_LAYER) }),
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
  layers: z.array(layerSchema).min(1).max(LAST_LAYER),
});

/** One layer. */
export type Layer = z.infer<typeof layerSchema>;
/** A layer of kernels. */
export type Convolution = Extract<Layer, { type: 'convolution' }>;
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
    const output = outputShape(architecture.layers, index, shapes);
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
  const shapes: Shape[] = [{ maps: 1, side: patchSide(architecture, positions) }];
  architecture.layers.forEach((layer, index) => {
    const output =
      layer.type === 'fully-connected'
        ? { maps: layer.units, side: positions }
        : outputShape(architecture.layers, index, shapes);
    if (typeof output === 'string') throw new Error(`a patch of ${positions} positions does not fit: ${output}`);
    shapes.push(output);
  });
  return shapes;
}

/** True for a layer that needs rows and columns. */
export function isSpatial(layer: Layer): boolean {
  return layer.type === 'convolution' || isPool(layer);
}

/** True for a layer that makes its maps coarser. */
export function isPool(layer: Layer): layer is Extract<Layer, { type: 'mean-pool' | 'max-pool' }> {
  return layer.type === 'mean-pool' || layer.type === 'max-pool';
}

/** Pixels of its map from the first to the last that a convolution's kernel looks at. */
export function kernelExtent({ kernel, dilation = 1 }: Pick<Convolution, 'kernel' | 'dilation'>): number {
  return (kernel - 1) * dilation + 1;
}

/** The output's shape of one layer, or what is wrong. `shapes` holds those before it, input first. */
function outputShape(layers: readonly Layer[], index: number, shapes: readonly Shape[]): Shape | string {
  const layer = layers[index];
  const { maps, side } = shapes[index];
  const isFlat = layers.slice(0, index).some(({ type }) => type === 'fully-connected');
  if (isFlat && isSpatial(layer)) return 'a layer without rows and columns';
  switch (layer.type) {
    case 'convolution': {
      const extent = kernelExtent(layer);
      if (extent > side) return `a kernel of ${extent} on a map of ${side}x${side}`;
      return { maps: layer.maps, side: side - extent + 1 };
    }
    case 'add':
      return objectionToAdd(layers, index, shapes) ?? { maps, side };
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

/** Why an `add` layer cannot be; null where it can. */
function objectionToAdd(layers: readonly Layer[], index: number, shapes: readonly Shape[]): string | null {
  const { layer: number } = layers[index] as Extract<Layer, { type: 'add' }>;
  if (number > index) return `layer ${number}, which is no earlier one`;
  const between = layers.slice(number, index).find((layer) => isPool(layer) || layer.type === 'fully-connected');
  if (between) return `layer ${number}, with a ${between.type} in between`;
  const [earlier, input] = [shapes[number], shapes[index]];
  if (earlier.maps !== input.maps) return `layer ${number} with ${earlier.maps} maps, to ${input.maps}`;
  return cropAtEachSide(earlier, input) % 1 === 0 ? null : `layer ${number} with an odd number of pixels more`;
}

/** Pixels that are cut off at each side of an earlier map before it is added to a later one. */
export function cropAtEachSide(earlier: Shape, later: Shape): number {
  return (earlier.side - later.side) / 2;
}

function isValid(architecture: Architecture): boolean {
  const shapes: Shape[] = [{ maps: 1, side: architecture.box }];
  return architecture.layers.every((_, index) => {
    const output = outputShape(architecture.layers, index, shapes);
    if (typeof output === 'string') return false;
    shapes.push(output);
    return true;
  });
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
