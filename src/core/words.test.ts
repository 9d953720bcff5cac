import { expect, it } from 'vitest';
import { counted } from './words.js';

it('counts one and several', () => {
  expect([0, 1, 2].map((n) => counted(n, 'micrograph'))).toEqual(['0 micrographs', '1 micrograph', '2 micrographs']);
  expect([1, 3].map((n) => counted(n, 'held-out box'))).toEqual(['1 held-out box', '3 held-out boxes']);
});
