import { expect, it } from 'vitest';
import { readEvent } from './events.js';

it('reads events, and takes words between them for no event', () => {
  expect(readEvent('{"kind":"step","step":3,"steps":10,"loss":0.5}')).toEqual({
    kind: 'step',
    step: 3,
    steps: 10,
    loss: 0.5,
  });
  expect(
    readEvent('{"kind":"micrograph","micrograph":"a.mrc","particles":7,"removed":{"edge":2},"done":1,"total":2}'),
  ).toMatchObject({
    particles: 7,
  });
  for (const line of ['picking...', '{"kind":"step"}', '{"event":"micrograph","micrograph":"a.mrc"}', '[]', '']) {
    expect(readEvent(line)).toBeNull();
  }
});
