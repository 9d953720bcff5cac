/** Pictures of micrographs, made in a thread of their own. */

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ImageAnswer, ImageRequest } from './image-protocol.js';

/** Makes pictures. */
export interface Images {
  /** @throws Error with the reason where there is no such picture */
  make(request: ImageRequest): Promise<{ readonly data: Uint8Array; readonly type: string }>;
  close(): Promise<void>;
}

/** The compiled thread, found by the package's own name for it. */
const WORKER_FILE = createRequire(import.meta.url).resolve('#image-worker');

/** What a person looks at goes before the list. */
const PRIORITIES: readonly (readonly ImageRequest['kind'][])[] = [
  ['tile', 'scores'],
  ['crop', 'averages'],
  ['thumbnail'],
];
/** While one picture is compressed, another one is computed. */
const MOST_RUNNING = 2;

/** Starts the thread; it is started anew should it end (memory). */
export function startImages(): Images {
  const waiting = new Map<number, { resolve: (answer: ImageAnswer) => void; reject: (error: Error) => void }>();
  let worker: Worker | null = null;
  let nextId = 1;
  const start = () => {
    const started = new Worker(WORKER_FILE);
    started.on('message', (answer: ImageAnswer) => {
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
    });
    started.on('error', (error) => end(started, error instanceof Error ? error : new Error(String(error))));
    started.on('exit', () => end(started, new Error('The image thread has ended')));
    return started;
  };
  const end = (ended: Worker, error: Error) => {
    // One that failed also exits, when the next one may be at work already.
    if (worker !== ended) return;
    worker = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const queues: (() => void)[][] = PRIORITIES.map(() => []);
  let running = 0;
  const next = () => {
    if (running >= MOST_RUNNING) return;
    const run = queues.find((queue) => queue.length > 0)?.shift();
    if (!run) return;
    running++;
    run();
  };
  const turn = (request: ImageRequest) =>
    new Promise<void>((resolve) => {
      queues[PRIORITIES.findIndex((kinds) => kinds.includes(request.kind))].push(resolve);
      next();
    });
  return {
    async make(request) {
      await turn(request);
      try {
        worker ??= start();
        const id = nextId++;
        const thread = worker;
        const answer = await new Promise<ImageAnswer>((resolve, reject) => {
          waiting.set(id, { resolve, reject });
          thread.postMessage({ id, request });
        });
        if ('error' in answer) throw new Error(answer.error);
        return { data: answer.data, type: answer.type };
      } finally {
        running--;
        next();
      }
    },
    async close() {
      await worker?.terminate();
    },
  };
}
