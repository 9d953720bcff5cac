/** Networks know dark particles; bright ones, as in negative stain, are dark in the negative. */

import type { Architecture } from './architecture.js';
import { parameterLayout, type Weights } from './parameters.js';

/** The weights with which a network says of an image what it said of its negative. */
export function forBrightParticles({ values, statistics }: Weights, architecture: Architecture): Weights {
  const first = parameterLayout(architecture).groups.find(({ role }) => role === 'kernel');
  const end = (first?.offset ?? 0) + (first?.size ?? 0);
  return { values: values.map((value, i) => (first && i >= first.offset && i < end ? -value : value)), statistics };
}
