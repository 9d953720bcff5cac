/** A worker thread that answers requests: the side that answers. */

import { parentPort, type Transferable } from 'node:worker_threads';
import { messageOf } from '../core/errors.js';
import type { Numbered, Reply } from './thread.js';

/**
 * Answers requests; a failure is an answer too.
 *
 * @param work - makes the answer
 * @param transfer - memory of the answer that goes to the one who asked, instead of being copied
 */
export function answerRequests<Request, Answer>(
  work: (request: Request) => Promise<Answer>,
  transfer: (answer: Answer) => Transferable[] = () => [],
): void {
  parentPort?.on('message', async ({ id, message }: Numbered<Request>) => {
    try {
      const answer = await work(message);
      parentPort?.postMessage({ id, answer } satisfies Reply<Answer>, transfer(answer));
    } catch (error) {
      parentPort?.postMessage({ id, failure: messageOf(error) } satisfies Reply<Answer>);
    }
  });
}
