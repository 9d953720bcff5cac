import { describe, expect, it } from 'vitest';
import type { ApiLabelChange, ApiLabels } from '../../src/server/api.js';
import { type Deed, difference, differences, NO_HISTORY, redone, undone, withDeed } from './history.js';

const add = (x: number, id = 'a'): ApiLabelChange => ({ id, kind: 'particle', add: [{ x, y: 0 }], remove: [] });
const deed = (x: number, stroke?: number): Deed => ({
  ...{ kind: 'labels', id: 'a', changes: [add(x)] },
  ...(stroke !== undefined && { stroke }),
});

describe('history', () => {
  it('takes back the last thing that was done, wherever it was, and does it again', () => {
    const history = [deed(1), deed(2)].reduce(withDeed, NO_HISTORY);
    const back = undone(history);
    expect(back?.deed).toMatchObject({ id: 'a', changes: [{ add: [], remove: [{ x: 2, y: 0 }] }] });
    expect(back && redone(back.history)).toEqual({ history, deed: deed(2) });
    expect(undone(NO_HISTORY)).toBeNull();
    expect(redone(history)).toBeNull();
  });

  it('takes a stroke as one, its changes in the opposite order', () => {
    const history = [deed(1), deed(2, 7), deed(3, 7), deed(4, 8)].reduce(withDeed, NO_HISTORY);
    expect(history.past).toHaveLength(3);
    const one = undone(undone(history)?.history ?? NO_HISTORY);
    expect(one?.deed).toMatchObject({ changes: [{ remove: [{ x: 3 }] }, { remove: [{ x: 2 }] }] });
  });

  it('forgets what was undone once something else is done', () => {
    const back = undone([deed(1), deed(2)].reduce(withDeed, NO_HISTORY));
    expect(redone(withDeed(back?.history ?? NO_HISTORY, deed(3)))).toBeNull();
  });

  it('takes back a diameter', () => {
    const drawn: Deed = { kind: 'diameter', before: 60, after: 80 };
    expect(undone(withDeed(NO_HISTORY, drawn))?.deed).toEqual({ kind: 'diameter', before: 80, after: 60 });
  });
});

it('finds what a decision or an import changed', () => {
  const before: ApiLabels = { id: 'a', particles: [{ x: 1, y: 1 }], negatives: [] };
  const after: ApiLabels = { id: 'a', particles: [{ x: 5, y: 5 }], negatives: [{ x: 1, y: 1 }] };
  expect(difference(before, after)).toEqual({
    ...{ kind: 'labels', id: 'a' },
    changes: [
      { id: 'a', kind: 'particle', add: [{ x: 5, y: 5 }], remove: [{ x: 1, y: 1 }] },
      { id: 'a', kind: 'negative', add: [{ x: 1, y: 1 }], remove: [] },
    ],
  });
  expect(difference(before, before)).toBeNull();
});

it('takes a decision about picks of several micrographs as one', () => {
  const labels = (id: string, x?: number): ApiLabels => ({
    ...{ id, particles: [] },
    negatives: x === undefined ? [] : [{ x, y: 0 }],
  });
  const before = [labels('a'), labels('b', 1), labels('c')];
  const made = differences(before, [labels('a', 5), labels('b', 1), labels('c', 7)]);
  expect(made).toMatchObject({ id: 'a', changes: [{ id: 'a' }, { id: 'c' }] });
  const back = undone(withDeed(NO_HISTORY, made as Deed));
  expect(back?.deed).toMatchObject({
    changes: [
      { id: 'c', remove: [{ x: 7 }] },
      { id: 'a', remove: [{ x: 5 }] },
    ],
  });
  expect(differences(before, before)).toBeNull();
});
