/**
 * The network as data: a list of layers, with one function that checks it and computes every shape.
 * Axis order is [batch, map, y, x] throughout. The score is the sigmoid of the last layer's one unit (the logit).
 */

import { z } from 'zod';
import { ArchitectureError } from '../core/errors.js';
import type { Shape } from './layer-type.js';
import { LAST_LAYER } from './layers/add.js';
import { behaviourOf, type Layer, layerSchema, windowKind } from './layers.js';

export type { Shape } from './layer-type.js';
export type { Layer } from './layers.js';

const LARGEST_BOX = 1024;

/** Schema of an architecture, as in preset files and model metadata. */
export const architectureSchema = z.strictObject({
  name: z.string().min(1).max(80),
  box: z.int().min(4).max(LARGEST_BOX),
  layers: z.array(layerSchema).min(1).max(LAST_LAYER),
});

/** A network: `box` is the side of its input in prepared pixels. */
export type Architecture = z.infer<typeof architectureSchema>;

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
  return architecture.layers.reduce((stride, layer) => stride * coarsening(layer), 1);
}

/** Side in prepared pixels of a patch with so many positions along its side. */
export function patchSide(architecture: Architecture, positions: number): number {
  return architecture.box + (positions - 1) * positionStride(architecture);
}

/** Shapes of the maps before the first layer and after each, for a patch with so many positions along its side. */
export function patchShapes(architecture: Architecture, positions: number): Shape[] {
  const boxShapes = layerShapes(architecture);
  const shapes: Shape[] = [{ maps: 1, side: patchSide(architecture, positions) }];
  architecture.layers.forEach((layer, index) => {
    const output = isWhole(layer)
      ? { maps: boxShapes[index + 1].maps, side: positions }
      : outputShape(architecture.layers, index, shapes);
    if (typeof output === 'string') throw new Error(`a patch of ${positions} positions does not fit: ${output}`);
    shapes.push(output);
  });
  return shapes;
}

/** How many times coarser a layer makes its maps: 1 where it is no pool. */
export function coarsening(layer: Layer): number {
  const window = behaviourOf(layer).window(layer, 1);
  return window?.kind === 'pool' ? window.size : 1;
}

/** True for a layer that sees all of its maps at once. */
export function isWhole(layer: Layer): boolean {
  return windowKind(layer) === 'whole';
}

/** The output's shape of one layer, or what is wrong. `shapes` holds those before it, input first. */
function outputShape(layers: readonly Layer[], index: number, shapes: readonly Shape[]): Shape | string {
  const layer = layers[index];
  const behaviour = behaviourOf(layer);
  const kind = windowKind(layer);
  const isFlat = layers.slice(0, index).some(isWhole);
  if (isFlat && (kind === 'kernel' || kind === 'pool')) return 'a layer without rows and columns';
  return behaviour.outputShape(layer, shapes[index], {
    count: index,
    shapes,
    breakAfter: (n) => layers.slice(n, index).find((one) => isWhole(one) || coarsening(one) > 1)?.type ?? null,
  });
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
