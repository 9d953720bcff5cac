/** Every layer type. A new one is a file in `layers/` and two lines here; tests and the compiler say what else is missing. */

import { z } from 'zod';
import type { LayerBehaviour, LayerWindow } from './layer-type.js';
import { leakyRelu, relu, sigmoid } from './layers/activation.js';
import { add } from './layers/add.js';
import { batchNormalisation } from './layers/batch-normalisation.js';
import { convolution } from './layers/convolution.js';
import { dropout } from './layers/dropout.js';
import { fullyConnected } from './layers/fully-connected.js';
import { maxPool, meanPool } from './layers/pool.js';

/** Schema of a layer. */
export const layerSchema = z.discriminatedUnion('type', [
  convolution.schema,
  add.schema,
  meanPool.schema,
  maxPool.schema,
  batchNormalisation.schema,
  dropout.schema,
  sigmoid.schema,
  relu.schema,
  leakyRelu.schema,
  fullyConnected.schema,
]);

/** One layer. */
export type Layer = z.infer<typeof layerSchema>;

const LAYER_TYPES: { readonly [Type in Layer['type']]: LayerBehaviour<Extract<Layer, { type: Type }>> } = {
  convolution,
  add,
  'mean-pool': meanPool,
  'max-pool': maxPool,
  'batch-normalisation': batchNormalisation,
  dropout,
  sigmoid,
  relu,
  'leaky-relu': leakyRelu,
  'fully-connected': fullyConnected,
};

/** What the type of a layer does. */
export function behaviourOf(layer: Layer): LayerBehaviour<Layer> {
  return LAYER_TYPES[layer.type] as LayerBehaviour<Layer>;
}

/** How a layer moves over its map, whatever its side; undefined where it works on each value alone. */
export function windowKind(layer: Layer): LayerWindow['kind'] | undefined {
  return behaviourOf(layer).window(layer, 1)?.kind;
}
