import { describe, expect, it } from 'vitest';
import type { RunEvent } from './events.js';
import { eventsOf, note } from './tell.js';

async function texts(events: AsyncIterable<RunEvent>): Promise<string[]> {
  const found: string[] = [];
  for await (const event of events) if (event.kind === 'note') found.push(event.text);
  return found;
}

describe('eventsOf', () => {
  it('passes on what was told, in order, also what was told in one go', async () => {
    const events = eventsOf(async ({ tell }) => {
      note(tell, 'a');
      note(tell, 'b');
      await new Promise((resolve) => setTimeout(resolve, 5));
      note(tell, 'c');
    });
    expect(await texts(events)).toEqual(['a', 'b', 'c']);
  });

  it('returns what the work returns', async () => {
    const events = eventsOf(async () => ({ failed: 2 }));
    expect(await events.next()).toEqual({ done: true, value: { failed: 2 } });
  });

  it('throws what the work throws, after what was told before', async () => {
    const events = eventsOf(async ({ tell }) => {
      note(tell, 'before');
      throw new Error('no such file');
    });
    expect((await events.next()).value).toEqual({ kind: 'note', text: 'before' });
    await expect(events.next()).rejects.toThrow('no such file');
  });

  it('asks the work to end where the stream is left, and waits for it', async () => {
    let isOver = false;
    const events = eventsOf(async ({ tell, signal }) => {
      note(tell, 'first');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      isOver = true;
    });
    for await (const _ of events) break;
    expect(isOver).toBe(true);
  });

  it('passes on the signal', async () => {
    const controller = new AbortController();
    const events = eventsOf(async ({ signal }) => signal.aborted, controller.signal);
    controller.abort();
    expect((await events.next()).value).toBe(true);
  });
});
