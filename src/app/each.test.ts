import { expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { forEach } from './each.js';
import type { RunEvent } from './events.js';

const progress = { what: 'reading', nameOf: (name: string) => name };

it('leaves out what fails, tells how far it is, and goes on', async () => {
  const told: RunEvent[] = [];
  const seen: string[] = [];
  const failed = await forEach(['a', 'b', 'c'], { tell: (event) => told.push(event) }, progress, async (name) => {
    if (name === 'b') throw new Error('b is damaged');
    seen.push(name);
  });
  expect(failed).toEqual(['b is damaged']);
  expect(seen).toEqual(['a', 'c']);
  expect(told.at(-1)).toEqual({ kind: 'progress', what: 'reading', done: 3, total: 3, at: 'c' });
});

it('ends where it is asked to', async () => {
  const controller = new AbortController();
  const seen: string[] = [];
  const work = { tell: () => {}, signal: controller.signal };
  await forEach(['a', 'b'], work, progress, async (name) => {
    seen.push(name);
    controller.abort();
  });
  expect(seen).toEqual(['a']);
});

it('does not take a wrong option for a damaged file', async () => {
  const work = forEach(['a'], { tell: () => {} }, progress, async () => {
    throw new UsageError({ what: 'Wrong box' });
  });
  await expect(work).rejects.toThrow('Wrong box');
});
