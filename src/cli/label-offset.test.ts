import { expect, it } from 'vitest';
import { describeOffset } from './label-offset.js';

it('says how far 50 labels or more lie from picks, where that is 3 % of the diameter or more', () => {
  expect(describeOffset({ meanOffset: { x: -3.1, y: 4.2 }, truthCount: 50 }, 100)).toBe(
    'held-out labels lie on average 3.1 px in x and -4.2 px in y from the picks that match them (5.2 % of the diameter): ' +
      'picks are centred on what the image shows, not on the labels',
  );
  expect(describeOffset({ meanOffset: { x: -3.1, y: 4.2 }, truthCount: 49 }, 100)).toBeNull();
  expect(describeOffset({ meanOffset: { x: 1, y: 1 }, truthCount: 50 }, 100)).toBeNull();
  expect(describeOffset({ meanOffset: null, truthCount: 50 }, 100)).toBeNull();
});
