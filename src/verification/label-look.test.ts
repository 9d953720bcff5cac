import { describe, expect, it } from 'vitest';
import type { Point } from '../core/particle.js';
import { random } from '../core/random.js';
import { simulate } from '../simulation/simulate.js';
import { asymmetric } from '../simulation/volume.js';
import { lookAtLabels, reduceForLook } from './label-look.js';

const SIDE = 640;
const FIELDS = Array.from({ length: 4 }, (_, i) =>
  simulate({ bodies: [asymmetric()], width: SIDE, height: SIDE, particles: 30, snr: 0.1 }, i),
);
const { diameter } = FIELDS[0];

/** Looks at the labels of all fields, changed in some way. */
function look(change: (point: Point, field: number) => Point, fields = FIELDS, most = 30) {
  const patients = fields.map(({ micrograph, particles }, i) => {
    const labels = particles.slice(0, most).map((point) => change(point, i));
    return reduceForLook(micrograph, labels, diameter);
  });
  return lookAtLabels(patients, { diameter });
}

describe('lookAtLabels', () => {
  it('agrees with labels that lie on particles', () => {
    expect(look((point) => point)).toMatchObject({ verdict: { kind: 'agree' }, strangers: [] });
  });

  it.each<[string, (point: Point) => Point, RegExp]>([
    ['rows from the last', ({ x, y }) => ({ x, y: SIDE - 1 - y }), /rows counted from the last/],
    ['x and y exchanged', ({ x, y }) => ({ x: y, y: x }), /x and y exchanged/],
    ['a binned image', ({ x, y }) => ({ x: x / 4, y: y / 4 }), /binned 4 times/],
    ['corners of boxes', ({ x, y }) => ({ x: x - 0.75 * diameter, y: y - 0.75 * diameter }), /corner/],
  ])('is contradicted by %s', (_, change, words) => {
    const { verdict } = look(change);
    expect(verdict).toMatchObject({ kind: 'contradicted', finding: { words: expect.stringMatching(words) } });
  });

  it('names micrographs whose labels are those of another one', () => {
    const exchanged = FIELDS.map((field, i) => ({ ...field, particles: FIELDS[[1, 0][i] ?? i].particles }));
    const more = [...exchanged, ...exchanged.slice(2), ...exchanged.slice(2)];
    expect(look((point) => point, more)).toMatchObject({ verdict: { kind: 'agree' }, strangers: [0, 1] });
  });

  it('says that there is no evidence where labels lie anywhere', () => {
    const source = random(5);
    const anywhere = () => ({ x: SIDE * source.uniform(), y: SIDE * source.uniform() });
    expect(look(anywhere).verdict.kind).toBe('silent');
  });

  it('says nothing of fewer than ten labels', () => {
    expect(look((point) => point, FIELDS, 2)).toEqual({ verdict: { kind: 'few', labels: 8 }, strangers: [] });
  });
});
