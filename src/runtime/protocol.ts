/** Messages between the thread that asks and the worker thread that computes. */

import type { Image } from '../core/micrograph.js';

/** A float tensor: axis lengths, and values with the last axis fastest. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** What computes: the processor, or a graphics card through Vulkan (WebGPU) or CUDA. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** A graph that works on rows: one row of its output is made of `extent` rows of its input, the next of those `stride` further down. */
export interface BandStage {
  readonly extent: number;
  readonly stride: number;
  /** Rows of its output that it makes at a time, 1 or more. */
  readonly rows: number;
}

/** Pixels by which an image is reflected beyond its first and its last rows and columns. */
export interface Margins {
  readonly before: number;
  readonly after: number;
}

/** What the worker is asked. */
export type Request =
  | {
      readonly kind: 'load';
      readonly model: Uint8Array;
      readonly threads: number;
      readonly device: Device;
      readonly keepsMemory: boolean;
    }
  | { readonly kind: 'run'; readonly session: number; readonly feeds: Tensors }
  | {
      readonly kind: 'run-in-bands';
      readonly stages: readonly (BandStage & { readonly session: number })[];
      readonly image: Image;
      readonly margins: Margins;
    }
  | { readonly kind: 'release'; readonly session: number };

/** What the worker answers: a session's number, tensors, an image, or that it is done. */
export type Answer =
  | { readonly kind: 'loaded'; readonly session: number }
  | { readonly kind: 'result'; readonly tensors: Tensors }
  | { readonly kind: 'image'; readonly image: Image }
  | { readonly kind: 'released' };
