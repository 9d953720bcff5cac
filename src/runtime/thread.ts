/** A worker thread that answers requests: the side that asks. */

import { createRequire } from 'node:module';
import { type Transferable, Worker } from 'node:worker_threads';

/** A message with the number that its answer carries. */
export type Numbered<Message> = { readonly id: number; readonly message: Message };

/** What a thread sends back. */
export type Reply<Answer> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly failure: string };

/** A worker thread. */
export interface Thread<Request, Answer> {
  /**
   * @param transfer - memory of the request that goes to the thread, instead of being copied
   * @throws Error with the reason where the thread cannot answer, or ends meanwhile
   */
  ask(request: Request, transfer?: Transferable[]): Promise<Answer>;
  /** Ends the thread, and frees its memory; the next request restarts it. */
  rest(): Promise<void>;
  /** Ends the thread for good: every further request fails. */
  close(): Promise<void>;
}

/** Where a thread comes from, and what becomes of it. */
export interface ThreadOptions {
  /** The compiled file. */
  readonly file: string;
  /** What errors call it. */
  readonly name: string;
  /** True: one that ended (memory) is restarted at the next request; what it held is lost. */
  readonly restarts: boolean;
}

/** A compiled worker, found by the package's own name for it (`imports` in package.json), also when the tests run the TypeScript sources. */
export function compiledWorker(name: `#${string}-worker`): string {
  return createRequire(import.meta.url).resolve(name);
}

/** A thread that is started at the first request. */
export function openThread<Request, Answer>({ file, name, restarts }: ThreadOptions): Thread<Request, Answer> {
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let worker: Worker | null = null;
  let ended: Error | null = null;
  let nextId = 1;
  const settle = (reply: Reply<Answer>) => {
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('failure' in reply) request?.reject(new Error(reply.failure));
    else request?.resolve(reply.answer);
  };
  const end = (which: Worker, error: Error) => {
    // One that failed also exits, when the next one may be at work already.
    if (worker !== which) return;
    worker = null;
    if (!restarts) ended = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const start = () => {
    const started = new Worker(file);
    started.on('message', settle);
    started.on('error', (error) => end(started, error instanceof Error ? error : new Error(String(error))));
    started.on('exit', (code) => end(started, new Error(`The ${name} thread has ended (code ${code})`)));
    return started;
  };
  return {
    ask(message, transfer = []) {
      if (ended) return Promise.reject(ended);
      worker ??= start();
      const thread = worker;
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        thread.postMessage({ id, message } satisfies Numbered<Request>, transfer);
      });
    },
    async rest() {
      await worker?.terminate();
    },
    async close() {
      ended ??= new Error(`The ${name} thread is closed`);
      await worker?.terminate();
    },
  };
}
