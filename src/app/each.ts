/** Work that many commands repeat: one thing after the other, where one that fails is left out and the others go on. */

import { messageOf, UsageError } from '../core/errors.js';
import { startProgress, type Work } from './tell.js';

/** How it is told. */
export interface EachOptions<Item> {
  /** As in "reading". */
  readonly what: string;
  /** What is at hand, such as the path of a file. */
  readonly nameOf: (item: Item) => string;
}

/**
 * Does something with each item, until the signal asks to end.
 *
 * @returns why items failed, in words
 * @throws UsageError at once: what was asked for is wrong for all of them
 */
export async function forEach<Item>(
  items: readonly Item[],
  { tell, signal }: Pick<Work, 'tell'> & Partial<Work>,
  { what, nameOf }: EachOptions<Item>,
  work: (item: Item) => Promise<void>,
): Promise<string[]> {
  const failed: string[] = [];
  const progress = startProgress(tell, what, items.length);
  for (const [i, item] of items.entries()) {
    if (signal?.aborted) break;
    try {
      await work(item);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      failed.push(messageOf(error));
    }
    progress(i + 1, nameOf(item));
  }
  return failed;
}
