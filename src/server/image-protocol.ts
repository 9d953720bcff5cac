/** What the server asks of its image thread. */

import type { Point } from '../core/particle.js';

/** A picture that is wanted. Lengths are full-size pixels. */
export type ImageRequest =
  | {
      readonly kind: 'tile';
      readonly path: string;
      readonly level: number;
      readonly x: number;
      readonly y: number;
    }
  | {
      readonly kind: 'thumbnail';
      readonly path: string /** Folder where thumbnails are kept. */;
      readonly cache: string;
    }
  | { readonly kind: 'crop'; readonly path: string; readonly centre: Point; readonly side: number }
  | { readonly kind: 'scores'; readonly path: string }
  /** One image of a stack, from 0. */
  | { readonly kind: 'section'; readonly path: string; readonly index: number }
  | {
      readonly kind: 'averages';
      readonly diameter: number;
      /** The averages, each of some places on some micrographs. */
      readonly groups: readonly (readonly { readonly path: string; readonly points: readonly Point[] }[])[];
      readonly labels: readonly string[];
    };

/** A picture, compressed. */
export interface Picture {
  readonly data: Uint8Array;
  /** As in the header Content-Type. */
  readonly type: string;
}
