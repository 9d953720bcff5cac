import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../testing/folder.js';
import { openThread } from './thread.js';

const folder = testFolder();

/** A thread that answers with its request and how many it has had; it ends itself at 0, and never answers below. */
function counting(restarts: boolean) {
  const file = folder.at('counting.mjs');
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads';
    let count = 0;
    parentPort.on('message', ({ id, message }) => {
      count++;
      if (message === 0) process.exit(1);
      if (message > 0) parentPort.postMessage({ id, answer: [message, count] });
    });`,
  );
  return openThread<number, [number, number]>({ file, name: 'counting', restarts });
}

describe('a worker thread', () => {
  it('answers each request', async () => {
    const thread = counting(false);
    expect(await Promise.all([7, 8].map((n) => thread.ask(n)))).toEqual([
      [7, 1],
      [8, 2],
    ]);
    await thread.close();
  });

  it('that ends fails what waits, and is restarted only where it may', async () => {
    for (const restarts of [true, false]) {
      const thread = counting(restarts);
      await expect(thread.ask(0)).rejects.toThrow('The counting thread has ended (code 1)');
      if (restarts) expect(await thread.ask(5)).toEqual([5, 1]);
      else await expect(thread.ask(5)).rejects.toThrow('has ended');
      await thread.close();
    }
  });

  it('that rests starts over', async () => {
    const thread = counting(true);
    await thread.ask(5);
    await thread.rest();
    expect(await thread.ask(6)).toEqual([6, 1]);
    await thread.close();
  });

  it('that is closed stays closed, and leaves nothing waiting', async () => {
    const thread = counting(true);
    const waiting = thread.ask(-1);
    waiting.catch(() => {});
    await thread.ask(5);
    await thread.close();
    await expect(waiting).rejects.toThrow('has ended');
    await expect(thread.ask(6)).rejects.toThrow('The counting thread is closed');
  });
});
