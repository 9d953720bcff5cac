import { describe, expect, it } from 'vitest';
import type { Micrograph } from '../core/micrograph.js';
import { random } from '../core/random.js';
import { choosePreparation } from '../picking/prepare.js';
import { noiseImage } from '../testing/helpers.js';
import { cutBoxes } from './batches.js';
import { assertTrainable, makeExamples, splitAsBefore, splitMicrographs } from './examples.js';
import { type LabelledMicrograph, prepareLabelled } from './labelled.js';
import { ADAM, startOptimiser, updateWeights } from './optimisers.js';
import { DEEPEM_RECIPE } from './recipe.js';
import { train } from './train.js';

const DIAMETER = 20;
const OPTIONS = {
  preparation: choosePreparation(DIAMETER, 40, 1.5),
  pixelSize: null,
  diameter: DIAMETER,
  box: 30,
  edge: 10,
  unevenness: false,
};

function labelled(name: string, particles: [number, number][], negatives?: [number, number][]): LabelledMicrograph {
  const micrograph: Micrograph = { ...noiseImage(200, 160, 1), pixelSize: null, warnings: [] };
  const points = (list: [number, number][]) => list.map(([x, y]) => ({ x, y }));
  return { name, micrograph, particles: points(particles), ...(negatives && { negatives: points(negatives) }) };
}

describe('prepareLabelled', () => {
  it('leaves out labels outside, at one point and near the edge, and says so', () => {
    const prepared = prepareLabelled(
      labelled('a', [
        [50, 50],
        [50.2, 50.3],
        [-5, 20],
        [300, 20],
        [3, 80],
        [100, 100],
      ]),
      OPTIONS,
    );
    expect(prepared.positives).toEqual([
      { x: 50, y: 50 },
      { x: 100, y: 100 },
    ]);
    expect(prepared.avoid).toHaveLength(3);
    expect(prepared.warnings).toEqual([
      'left out: 2 labels outside the image (200x160)',
      'left out: 1 label at the same point as another',
      'left out: 1 label closer than 10 px to the edge',
    ]);
    expect(prepared.deviations).toHaveLength(2);
  });

  it('refuses a label that is no point', () => {
    expect(() => prepareLabelled(labelled('a', [[Number.NaN, 5]]), OPTIONS)).toThrow(/label of a is not a point.*NaN/);
  });
});

describe('splitMicrographs', () => {
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => prepareLabelled(labelled(name, [[50, 50]]), OPTIONS));

  it('holds out whole micrographs, at least one, never all', () => {
    for (const [fraction, held] of [
      [0.2, 1],
      [0.34, 2],
      [0.01, 1],
      [0.9, 5],
    ]) {
      const split = splitMicrographs(many, fraction, 30, random(1));
      expect(split.heldOut).toHaveLength(held);
      expect(new Set([...split.heldOut, ...split.training].map(({ micrograph }) => micrograph.name)).size).toBe(6);
    }
    expect(splitMicrographs(many, 0, 30, random(1)).heldOut).toEqual([]);
  });

  it('holds out only micrographs with labels', () => {
    const empty = ['g', 'h', 'i'].map((name) => prepareLabelled(labelled(name, [], [[50, 50]]), OPTIONS));
    for (let seed = 1; seed <= 20; seed++) {
      const two = splitMicrographs([...empty, ...many.slice(0, 2)], 0.2, 30, random(seed));
      expect(two.heldOut.map(({ micrograph }) => micrograph.positives.length)).toEqual([1]);
      expect(two.training).toHaveLength(4);
      const one = splitMicrographs([...empty, many[0]], 0.25, 30, random(seed));
      expect(one.heldOut).toMatchObject([{ micrograph: { name: 'a' }, from: 165 }]);
      expect(one.training).toHaveLength(4);
    }
    expect(splitMicrographs(empty, 0.2, 30, random(1))).toMatchObject({ heldOut: [], training: { length: 3 } });
  });

  it('splits a single micrograph by columns with a gap', () => {
    const { training, heldOut } = splitMicrographs([many[0]], 0.25, 30, random(1));
    expect([training[0].from, training[0].to]).toEqual([0, 135]);
    expect([heldOut[0].from, heldOut[0].to]).toEqual([165, 199]);
  });
});

describe('splitAsBefore', () => {
  const many = ['a', 'b', 'c'].map((name) => prepareLabelled(labelled(name, [[50, 50]]), OPTIONS));

  it('holds out the same micrographs, or the same part of the only one', () => {
    const whole = splitAsBefore(many, new Map([['b', [0, 199]]]), 30);
    expect(whole.heldOut.map(({ micrograph }) => micrograph.name)).toEqual(['b']);
    expect(whole.training.map(({ micrograph }) => micrograph.name)).toEqual(['a', 'c']);
    const first = splitMicrographs([many[0]], 0.25, 30, random(1));
    const columns = [first.heldOut[0].from, first.heldOut[0].to] as const;
    expect(splitAsBefore([many[0]], new Map([['a', columns]]), 30)).toEqual(first);
  });
});

describe('makeExamples', () => {
  const particles: [number, number][] = [
    [40, 40],
    [90, 60],
    [150, 100],
    [60, 120],
    [5, 5],
  ];
  const prepared = prepareLabelled(labelled('a', particles, [[110, 30]]), OPTIONS);
  const regions = [{ micrograph: prepared, from: 0, to: 199 }];

  it('takes all positives and as many negatives: the given one, and random ones away from every label and the edge', () => {
    const examples = makeExamples(regions, 40, { perPositive: 1, distance: 15 }, random(2));
    expect(examples.map(({ target }) => target)).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    const { factor } = prepared.image;
    const centres = examples.slice(5).map(({ left, top }) => [left, top].map((start) => factor * (start + 20) - 0.5));
    for (const [x, y] of centres) {
      for (const [a, b] of particles) expect(Math.hypot(x - a, y - b)).toBeGreaterThan(14);
      expect(Math.min(x, y, 199 - x, 159 - y)).toBeGreaterThan(9);
    }
  });

  it('cuts boxes whose centre is the label', () => {
    const image = { ...prepared.image, pixels: new Float32Array(prepared.image.pixels.length) };
    const { factor, width } = image;
    const column = Math.round((90 + 0.5) / factor - 0.5);
    const row = Math.round((60 + 0.5) / factor - 0.5);
    image.pixels[row * width + column] = 1;
    const marked = { ...prepared, image };
    const [, example] = makeExamples(
      [{ micrograph: marked, from: 0, to: 199 }],
      41,
      { perPositive: 1, distance: 15 },
      random(2),
    );
    for (const turns of [0, 1, 2, 3]) {
      const box = cutBoxes([{ example, turns }], 41);
      const at = box.indexOf(1);
      expect(Math.abs((at % 41) - 20)).toBeLessThanOrEqual(1);
      expect(Math.abs(Math.floor(at / 41) - 20)).toBeLessThanOrEqual(1);
    }
  });

  it('says when there is nothing to train on', () => {
    const empty = prepareLabelled(labelled('a', []), OPTIONS);
    const none = makeExamples(
      [{ micrograph: empty, from: 0, to: 199 }],
      40,
      { perPositive: 1, distance: 10 },
      random(1),
    );
    expect(() => assertTrainable(none, 1, ['5 labels were left out'])).toThrow(
      /nothing to train on.*0 usable boxes on 1 micrograph,.*5 labels were left out/,
    );
  });

  it('ends where a micrograph is too full for negatives, and says that they lack', () => {
    const grid: [number, number][] = [];
    for (let y = 10; y < 150; y += 10) for (let x = 10; x < 190; x += 10) grid.push([x, y]);
    const full = prepareLabelled(labelled('full', grid), OPTIONS);
    const crowded = makeExamples(
      [{ micrograph: full, from: 0, to: 199 }],
      40,
      { perPositive: 1, distance: 15 },
      random(1),
    );
    expect(crowded.length).toBeGreaterThan(100);
    expect(() => assertTrainable(crowded, 1, [])).toThrow(/none of them empty/);
  });
});

describe('optimisers', () => {
  it('leave weights and state as they were', () => {
    const weights = Float32Array.of(1, 2);
    const state = startOptimiser(ADAM, 2);
    const first = updateWeights(ADAM, state, weights, Float32Array.of(0.5, -0.5), 0.1);
    expect([...weights]).toEqual([1, 2]);
    expect(state.step).toBe(0);
    expect(first.weights[0]).toBeCloseTo(0.9, 5);
    expect(first.weights[1]).toBeCloseTo(2.1, 5);
    const plain = updateWeights({ kind: 'gradient-descent' }, state, weights, Float32Array.of(0.5, -0.5), 1);
    expect([...plain.weights]).toEqual([0.5, 2.5]);
  });
});

describe('the objective', () => {
  it('is refused where a recipe cannot learn from incomplete labels', async () => {
    const reports = train([labelled('a', [[50, 50]])], {
      diameter: DIAMETER,
      recipe: DEEPEM_RECIPE,
      labels: 'incomplete',
    });
    await expect(reports.next()).rejects.toThrow(/deepem takes every place without a label as no particle.*auto/);
  });
});
