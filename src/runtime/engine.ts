/**
 * ONNX Runtime in a worker thread: a session blocks the thread that runs it, so it never runs on the main one.
 * It knows devices and threads, not what the graphs mean.
 */

import { messageOf } from '../core/errors.js';
import type { Image } from '../core/micrograph.js';
import type { Answer, BandStage, Device, Margins, Request, Tensors } from './protocol.js';
import { compiledWorker, openThread } from './thread.js';

export type { Device, Tensor, Tensors } from './protocol.js';

/** A graph that is ready to run. */
export interface Session {
  /** Its number in the engine. */
  readonly id: number;
  /** Runs the graph; feeds and results are copied between the threads. */
  run(feeds: Tensors): Promise<Tensors>;
  /** Frees its memory. */
  release(): Promise<void>;
}

/** A graph with input `maps` and output `result` that works on rows. */
export type LoadedStage = BandStage & { readonly session: Session };

/** A worker thread with ONNX Runtime. */
export interface Engine {
  /**
   * Makes a session of a graph (ONNX bytes).
   *
   * @param keepsMemory - between runs: up to a third faster, and up to three times the memory; true by default
   */
  load(model: Uint8Array, keepsMemory?: boolean): Promise<Session>;
  /**
   * Runs an image through stages, the output of one being the input of the next, in bands of rows: no row is computed twice, and
   * only the rows that are needed at a time are kept.
   *
   * @param give - true: the image's memory goes to the thread, and the image is empty afterwards; false: it is copied
   */
  runInBands(stages: readonly LoadedStage[], image: Image, margins: Margins, give: boolean): Promise<Image>;
  /** Ends the worker thread and its sessions. */
  close(): Promise<void>;
}

/**
 * Starts a worker thread.
 *
 * @param threads - threads that ONNX Runtime uses for one graph, 1 or more
 * @param device - what computes; whether it can is seen when a graph is loaded
 */
export function startEngine(threads: number, device: Device = 'cpu'): Engine {
  const thread = openThread<Request, Answer>({
    file: compiledWorker('#engine-worker'),
    name: "engine's",
    restarts: false,
  });
  const ask = (request: Request, transfer?: ArrayBuffer[]) =>
    thread.ask(request, transfer).catch((error) => {
      throw new Error(`The engine failed: ${messageOf(error)}`);
    });
  return {
    async load(model, keepsMemory = true) {
      const loaded = await ask({ kind: 'load', model, threads, device, keepsMemory });
      if (loaded.kind !== 'loaded') throw new Error(`The engine answered "${loaded.kind}" to "load"`);
      const { session } = loaded;
      return {
        id: session,
        async run(feeds) {
          const result = await ask({ kind: 'run', session, feeds });
          if (result.kind !== 'result') throw new Error(`The engine answered "${result.kind}" to "run"`);
          return result.tensors;
        },
        async release() {
          await ask({ kind: 'release', session });
        },
      };
    },
    async runInBands(loaded, { pixels, width, height }, margins, give) {
      const stages = loaded.map(({ session, extent, stride, rows }) => ({ session: session.id, extent, stride, rows }));
      const transfer = give ? [pixels.buffer as ArrayBuffer] : [];
      const answer = await ask({ kind: 'run-in-bands', stages, image: { pixels, width, height }, margins }, transfer);
      if (answer.kind !== 'image') throw new Error(`The engine answered "${answer.kind}" to "run-in-bands"`);
      return answer.image;
    },
    close: () => thread.close(),
  };
}
