import { expect, it } from 'vitest';
import { describeOffset } from './label-offset.js';

it('says to which side labels lie, where that is 3 % of the diameter or more', () => {
  expect(describeOffset({ meanOffset: { x: -3.1, y: 4.2 } }, 100)).toBe(
    'held-out labels lie on average 3.1 px right of and 4.2 px above the picks that match them (5.2 % of the diameter): ' +
      'picks are centred on what the image shows, not on the labels',
  );
  expect(describeOffset({ meanOffset: { x: 3.1, y: -4.2 } }, 100)).toMatch('3.1 px left of and 4.2 px below');
  expect(describeOffset({ meanOffset: { x: 1, y: 1 } }, 100)).toBeNull();
  expect(describeOffset({ meanOffset: null }, 100)).toBeNull();
});
