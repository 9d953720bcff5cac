/** Messages between the thread that asks and the worker thread that computes. */

/** A float tensor: axis lengths, and values with the last axis fastest. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** What computes: the processor, or a graphics card through Vulkan (WebGPU) or CUDA. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** What the worker is asked. */
export type Request =
  | { readonly kind: 'load'; readonly model: Uint8Array; readonly threads: number; readonly device: Device }
  | { readonly kind: 'run'; readonly session: number; readonly feeds: Tensors }
  | { readonly kind: 'release'; readonly session: number };

/** What the worker answers: a session's number, tensors, or that it is done. */
export type Answer =
  | { readonly kind: 'loaded'; readonly session: number }
  | { readonly kind: 'result'; readonly tensors: Tensors }
  | { readonly kind: 'released' };
