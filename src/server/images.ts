/** Pictures of micrographs, made in a thread of their own. */

import { compiledWorker, openThread } from '../runtime/thread.js';
import type { ImageRequest, Picture } from './image-protocol.js';

/** Makes pictures. */
export interface Images {
  /** @throws Error with the reason where there is no such picture */
  make(request: ImageRequest): Promise<Picture>;
  close(): Promise<void>;
}

/** What a person looks at goes before the list. */
const PRIORITIES: readonly (readonly ImageRequest['kind'][])[] = [
  ['tile', 'scores'],
  ['crop', 'averages', 'section'],
  ['thumbnail'],
];
/** While one picture is compressed, another one is computed. */
const MOST_RUNNING = 2;

/** Starts the thread; it is restarted should it end (memory). */
export function startImages(): Images {
  const thread = openThread<ImageRequest, Picture>({
    file: compiledWorker('#image-worker'),
    name: 'image',
    restarts: true,
  });
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
        return await thread.ask(request);
      } finally {
        running--;
        next();
      }
    },
    close: () => thread.close(),
  };
}
