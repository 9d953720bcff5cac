/** The suite that every graph must pass: box graph against plain loops, dense graph against boxes. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Image } from '../src/core/micrograph.js';
import { random } from '../src/core/random.js';
import { extract, windowPositions } from '../src/imaging/pad.js';
import { rotateQuarter } from '../src/imaging/rotate.js';
import type { Architecture } from '../src/network/architecture.js';
import { buildBoxGraph } from '../src/network/box-graph.js';
import { buildDenseStages, type Turns } from '../src/network/dense-graph.js';
import type { Weights } from '../src/network/parameters.js';
import { PRESETS } from '../src/network/presets.js';
import { scoreBox } from '../src/network/testing/forward.js';
import { mapToFullSize, openScorer } from '../src/picking/score-map.js';
import { type Engine, startEngine } from '../src/runtime/engine.js';
import { EVERY_LAYER, RESIDUAL, testWeights, UNUSUAL_ORDER } from '../src/testing/architectures.js';
import { maxDifference, noiseImage } from '../src/testing/helpers.js';

const ARCHITECTURES = [...Object.values(PRESETS), EVERY_LAYER, RESIDUAL, UNUSUAL_ORDER].map(
  (one) => [one.name, one] as const,
);
const TOLERANCE = 1e-6;

let engine: Engine;
beforeAll(() => {
  engine = startEngine(2);
});
afterAll(() => engine.close());

/** Box-by-box scores: the mean over four quarter turns of the boxes that start at the given corners. */
async function scoreBoxes(
  architecture: Architecture,
  weights: Weights,
  image: Image,
  corners: [number, number][],
  turns: Turns = 4,
) {
  const { box } = architecture;
  const session = await engine.load(buildBoxGraph(architecture, weights));
  const scores = [];
  for (const [left, top] of corners) {
    const data = new Float32Array(4 * box * box);
    for (let turn = 0; turn < 4; turn++) {
      const { pixels } = extract(image, left, top, box, box);
      rotateQuarter(pixels, box, turn);
      data.set(pixels, turn * box * box);
    }
    const { scores: four } = await session.run({ boxes: { dims: [4, 1, box, box], data } });
    const averaged = [...four.data].filter((_, turn) => turn % (4 / turns) === 0);
    scores.push(averaged.reduce((a, b) => a + b) / turns);
  }
  await session.release();
  return scores;
}

/** The whole dense graph at once, or cut into stages that make a few rows at a time. */
async function scoreDense(
  architecture: Architecture,
  weights: Weights,
  { pixels, width, height }: Image,
  options: { step: number; turns?: Turns; bandRows?: number },
) {
  const { step, turns = 4, bandRows } = options;
  const stages = [];
  for (const { graph, ...stage } of buildDenseStages(architecture, weights, {
    step,
    turns,
    staged: bandRows !== undefined,
  })) {
    stages.push({
      ...stage,
      session: await engine.load(graph),
      rows: bandRows ?? windowPositions(height, stage.extent, stage.stride),
    });
  }
  const scores = await engine.runInBands(stages, { pixels, width, height }, { before: 0, after: 0 }, false);
  for (const { session } of stages) await session.release();
  return scores;
}

describe.each(ARCHITECTURES)('%s', (_, architecture) => {
  const { box } = architecture;
  const weights = testWeights(architecture, 11);

  /** Scores of the boxes by step: the same boxes are compared with graphs at once and in stages. */
  const boxScores = new Map<number, Promise<number[]>>();

  it('box graph equals the plain forward pass, max |d| < 1e-6', async () => {
    const image = noiseImage(box, 2 * box, 1);
    const session = await engine.load(buildBoxGraph(architecture, weights));
    const { scores } = await session.run({ boxes: { dims: [2, 1, box, box], data: image.pixels } });
    const halves = [image.pixels.subarray(0, box * box), image.pixels.subarray(box * box)];
    expect(
      maxDifference(
        scores.data,
        halves.map((half) => scoreBox(architecture, weights, half)),
      ),
    ).toBeLessThan(TOLERANCE);
    await session.release();
  });

  it.each([
    [1, 'at once', undefined],
    [2, 'at once', undefined],
    [3, 'at once', undefined],
    [5, 'at once', undefined],
    [20, 'at once', undefined],
    [1, 'in stages of 7 rows', 7],
    [3, 'in stages of 5 rows', 5],
    [20, 'in stages of 2 rows', 2],
  ])(
    'dense graph at step %i, %s, equals box-by-box scoring at random positions, max |d| < 1e-6',
    async (step, _, bandRows) => {
      const image = noiseImage(box + 67, box + 42, 2);
      const scores = await scoreDense(architecture, weights, image, { step, ...(bandRows && { bandRows }) });
      const { height: rows, width: columns } = scores;
      expect([rows, columns]).toEqual([
        windowPositions(image.height, box, step),
        windowPositions(image.width, box, step),
      ]);
      const source = random(3);
      const positions = Array.from(
        { length: step === 1 ? 200 : 40 },
        () => [source.integer(columns), source.integer(rows)] as const,
      );
      const corners = positions.map(([x, y]): [number, number] => [x * step, y * step]);
      const boxes = boxScores.get(step) ?? scoreBoxes(architecture, weights, image, corners);
      boxScores.set(step, boxes);
      expect(
        maxDifference(
          positions.map(([x, y]) => scores.pixels[y * columns + x]),
          await boxes,
        ),
      ).toBeLessThan(TOLERANCE);
    },
  );

  it.each([1, 2] as const)('dense graph with %i of the four turns equals these turns of the boxes', async (turns) => {
    const image = noiseImage(box + 9, box + 7, 4);
    const scores = await scoreDense(architecture, weights, image, { step: 2, turns });
    const boxes = await scoreBoxes(
      architecture,
      weights,
      image,
      [
        [0, 0],
        [2, 4],
        [8, 6],
      ],
      turns,
    );
    const columns = scores.width;
    expect(
      maxDifference(
        [0, 1 + 2 * columns, 4 + 3 * columns].map((i) => scores.pixels[i]),
        boxes,
      ),
    ).toBeLessThan(TOLERANCE);
  });

  it.each([
    [0, 0],
    [1, 0],
    [2, 3],
  ])('dense graph of an image larger than the box by %i and %i pixels equals boxes', async (dx, dy) => {
    const image = noiseImage(box + dx, box + dy, 4);
    const scores = await scoreDense(architecture, weights, image, { step: 1 });
    const corners: [number, number][] = [
      [0, 0],
      [dx, dy],
    ];
    const boxes = await scoreBoxes(architecture, weights, image, corners);
    expect(
      maxDifference(
        corners.map(([x, y]) => scores.pixels[y * (dx + 1) + x]),
        boxes,
      ),
    ).toBeLessThan(TOLERANCE);
  });
});

describe('score map', () => {
  it.each([
    [1, 2 ** 18],
    [3, 2 ** 18],
    [7, 2 ** 18],
    [3, 2 ** 21],
  ])('in bands equals that at once (step %i, %i bytes of maps), max |d| < 1e-6', async (step, mapBytes) => {
    const architecture = PRESETS.small;
    const weights = testWeights(architecture, 5);
    const image = { ...noiseImage(151, 97, 6), factor: 2 };
    const whole = await openScorer(engine, architecture, weights, { step });
    const banded = await openScorer(engine, architecture, weights, { step, mapBytes });
    const [a, b] = [await whole.score(image), await banded.score(image)];
    expect([a.width, a.height]).toEqual([Math.ceil(151 / step), Math.ceil(97 / step)]);
    expect([b.width, b.height]).toEqual([a.width, a.height]);
    expect(maxDifference(a.pixels, b.pixels)).toBeLessThan(TOLERANCE);
    await whole.release();
    await banded.release();
  });

  it.each([
    [40, 0.5],
    [41, 0],
  ])(
    'of a box of %i pixels has its first centre at prepared pixel %f, and scores what a box there would',
    async (box, origin) => {
      const architecture: Architecture = {
        name: 'one kernel',
        box,
        layers: [{ type: 'fully-connected', units: 1 }],
      };
      const weights = testWeights(architecture, 7);
      const image = { ...noiseImage(60, 50, 8), factor: 4 };
      const scorer = await openScorer(engine, architecture, weights, { step: 1 });
      const map = await scorer.score(image);
      expect(map.origin).toBe(origin);
      expect(mapToFullSize(map, 3)).toBe(4 * (3 + origin + 0.5) - 0.5);
      const [boxes] = await scoreBoxes(architecture, weights, image, [
        [27 + origin - (box - 1) / 2, 22 + origin - (box - 1) / 2],
      ]);
      expect(Math.abs(map.pixels[22 * map.width + 27] - boxes)).toBeLessThan(TOLERANCE);
      await scorer.release();
    },
  );
});
