import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, startEngine, type Tensors } from '../runtime/engine.js';
import { EVERY_LAYER, RESIDUAL, testWeights } from '../testing/architectures.js';
import { maxDifference, noiseImage } from '../testing/helpers.js';
import { ADAM, type OptimiserSettings, startOptimiser, updateWeights } from '../training/optimisers.js';
import type { Architecture, Layer } from './architecture.js';
import { buildGradientGraph, type Loss } from './gradient-graph.js';
import type { ParameterLayout } from './parameters.js';

const LOSSES: Loss[] = ['squared-error', 'cross-entropy'];
const BATCH = 8;

let engine: Engine;
beforeAll(() => {
  engine = startEngine(1);
});
afterAll(() => engine.close());

/** Repeatable numbers in -1..1, the same as `noise` in scripts/golden/training.py. */
function noise(start: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const value = Math.sin((start + i) * 12.9898 + 78.233) * 43758.5453;
    return 2 * (value - Math.floor(value)) - 1;
  });
}

/** The weights that the programs in scripts/golden start from. */
function startOf({ groups, size }: ParameterLayout): Float32Array {
  return noise(1_000_000, size).map((value, i) => {
    const isScale = groups.some(({ role, offset, size }) => role === 'scale' && i >= offset && i < offset + size);
    return 0.2 * value + (isScale ? 1 : 0);
  });
}

function feeds(
  architecture: Architecture,
  parameters: Float32Array,
  boxes: Float32Array,
  targets: number[],
  masks: Tensors,
): Tensors {
  const n = targets.length;
  return {
    patches: { dims: [n, 1, architecture.box, architecture.box], data: boxes },
    positive_weights: { dims: [n, 1], data: Float32Array.from(targets, (target) => target / n) },
    negative_weights: { dims: [n, 1], data: Float32Array.from(targets, (target) => (1 - target) / n) },
    parameters: { dims: [parameters.length], data: parameters },
    ...masks,
  };
}

/** Each layer type between a convolution and the score: few enough units that none lies within eps of a kink. */
const KERNELS: Layer = { type: 'convolution', maps: 2, kernel: 3 };
const BY_TYPE: { readonly [Type in Layer['type']]: readonly Layer[] } = {
  convolution: [KERNELS, { type: 'convolution', maps: 3, kernel: 2 }],
  add: [KERNELS, { type: 'convolution', maps: 2, kernel: 3 }, { type: 'add', layer: 1 }],
  'mean-pool': [KERNELS, { type: 'mean-pool', size: 2 }],
  'max-pool': [KERNELS, { type: 'max-pool', size: 2 }],
  'batch-normalisation': [KERNELS, { type: 'batch-normalisation' }],
  dropout: [KERNELS, { type: 'dropout', rate: 0.5 }],
  sigmoid: [KERNELS, { type: 'sigmoid' }],
  relu: [KERNELS, { type: 'relu' }],
  'leaky-relu': [KERNELS, { type: 'leaky-relu', slope: 0.2 }],
  'fully-connected': [{ type: 'fully-connected', units: 4 }, { type: 'batch-normalisation' }, { type: 'sigmoid' }],
};
const LAYER_TYPES: readonly (readonly [string, readonly Layer[]])[] = [
  ...Object.entries(BY_TYPE),
  ['dilated convolutions', [KERNELS, { type: 'convolution', maps: 3, kernel: 2, dilation: 2 }]],
  [
    'two additions',
    [
      { type: 'convolution', maps: 1, kernel: 5 },
      { type: 'add', layer: 1 },
      { type: 'add', layer: 1 },
    ],
  ],
];

/** A bias before batch normalisation has gradient 0: Adam makes steps of its rounding errors, in PyTorch too. */
function isWithoutEffect({ groups }: ParameterLayout, i: number): boolean {
  return groups.some(
    ({ layer, role, offset, size }) => layer === 0 && role === 'bias' && i >= offset && i < offset + size,
  );
}

describe.each(LOSSES)('%s', (loss) => {
  it.each(LAYER_TYPES)('gradient through %s equals central differences (eps 1e-3, within 2e-4)', async (_, layers) => {
    const architecture: Architecture = {
      name: 'one layer',
      box: 6,
      layers: [...layers, { type: 'fully-connected', units: 1 }],
    };
    const batch = 3;
    const graph = buildGradientGraph(architecture, batch, loss);
    const session = await engine.load(graph.model);
    const { values } = testWeights(architecture, 3);
    const boxes = noiseImage(architecture.box, batch * architecture.box, 4).pixels;
    const masks = Object.fromEntries(
      graph.masks.map(({ name, dims, size }) => [name, { dims, data: noise(77, size).map((v) => (v < 0 ? 0 : 2)) }]),
    );
    const run = (parameters: Float32Array) => session.run(feeds(architecture, parameters, boxes, [1, 0, 1], masks));
    const { gradient } = await run(values);
    const eps = 1e-3;
    for (const group of graph.layout.groups) {
      for (let i = 0; i < Math.min(6, group.size); i++) {
        const at = group.offset + Math.floor((i * group.size) / Math.min(6, group.size));
        const moved = (by: number) => values.map((value, k) => (k === at ? value + by : value));
        const [up, down] = [(await run(moved(eps))).loss.data[0], (await run(moved(-eps))).loss.data[0]];
        const difference = Math.abs((up - down) / (2 * eps) - gradient.data[at]);
        expect(difference, `${group.role} of layer ${group.layer}`).toBeLessThan(2e-4);
      }
    }
    await session.release();
  });

  it('replays ten training steps of PyTorch: gradient within 2e-6, losses within 5e-6, weights within 5e-5', async () => {
    const golden = JSON.parse(readFileSync('test/fixtures/training.json', 'utf8'))[loss];
    const optimiser: OptimiserSettings =
      loss === 'squared-error' ? { kind: 'gradient-descent' } : { ...ADAM, weightDecay: 0.05 };
    const rate = loss === 'squared-error' ? 0.5 : 0.01;
    const graph = buildGradientGraph(EVERY_LAYER, BATCH, loss);
    const session = await engine.load(graph.model);
    let weights = startOf(graph.layout);
    const [mask] = graph.masks;
    const masks = {
      [mask.name]: { dims: mask.dims, data: noise(5_000_000, mask.size).map((v) => (v < -0.5 ? 0 : 1 / 0.75)) },
    };
    let state = startOptimiser(optimiser, weights.length);
    const losses: number[] = [];
    for (let step = 0; step < 10; step++) {
      const targets = Array.from({ length: BATCH }, (_, i) => (i + step) % 2);
      const boxes = noise(10_000 * step, BATCH * EVERY_LAYER.box ** 2);
      const result = await session.run(feeds(EVERY_LAYER, weights, boxes, targets, masks));
      losses.push(result.loss.data[0]);
      if (step === 0) {
        expect(maxDifference(result.gradient.data, golden.gradient)).toBeLessThan(2e-6);
        expect(maxDifference(result.logits.data, golden.logits)).toBeLessThan(2e-6);
        expect(maxDifference(result.statistics.data, golden.statistics)).toBeLessThan(2e-6);
      }
      ({ weights, state } = updateWeights(optimiser, state, weights, result.gradient.data, rate));
    }
    expect(maxDifference(losses, golden.losses)).toBeLessThan(5e-6);
    const compared = (values: ArrayLike<number>) =>
      Array.from(values).filter((_, i) => !isWithoutEffect(graph.layout, i));
    expect(maxDifference(compared(weights), compared(golden.weights))).toBeLessThan(5e-5);
    await session.release();
  });

  it.runIf(loss === 'cross-entropy')(
    'is that of PyTorch through dilated kernels and residual additions (within 2e-6)',
    async () => {
      const golden = JSON.parse(readFileSync('test/fixtures/residual.json', 'utf8'));
      const graph = buildGradientGraph(RESIDUAL, BATCH, loss);
      const session = await engine.load(graph.model);
      const weights = startOf(graph.layout);
      const targets = Array.from({ length: BATCH }, (_, i) => i % 2);
      const result = await session.run(feeds(RESIDUAL, weights, noise(0, BATCH * RESIDUAL.box ** 2), targets, {}));
      expect(maxDifference(result.logits.data, golden.logits)).toBeLessThan(2e-6);
      expect(maxDifference(result.gradient.data, golden.gradient)).toBeLessThan(2e-6);
      expect(Math.abs(result.loss.data[0] - golden.loss)).toBeLessThan(2e-6);
      await session.release();
    },
  );

  it('of a patch is the sum over the boxes of its positions (gradient within 1e-5)', async () => {
    const architecture: Architecture = {
      name: 'patch',
      box: 8,
      layers: [
        { type: 'convolution', maps: 3, kernel: 3 },
        { type: 'sigmoid' },
        { type: 'mean-pool', size: 2 },
        { type: 'convolution', maps: 2, kernel: 2 },
        { type: 'relu' },
        { type: 'fully-connected', units: 3 },
        { type: 'sigmoid' },
        { type: 'fully-connected', units: 1 },
      ],
    };
    const [batch, positions, side] = [2, 3, 12];
    const { values } = testWeights(architecture, 5);
    const patches = noiseImage(side, batch * side, 6).pixels;
    const count = batch * positions ** 2;
    const positive = Float32Array.from({ length: count }, (_, i) => (i % 3) / 10);
    const negative = Float32Array.from({ length: count }, (_, i) => (i % 4) / 10);
    const boxes = new Float32Array(count * 64);
    for (let i = 0; i < count; i++) {
      const [patch, position] = [Math.floor(i / 9), i % 9];
      const start = patch * side * side + 2 * Math.floor(position / 3) * side + 2 * (position % 3);
      for (let y = 0; y < 8; y++) boxes.set(patches.subarray(start + y * side, start + y * side + 8), i * 64 + y * 8);
    }
    const run = async (n: number, k: number, data: Float32Array, pixels: number) => {
      const session = await engine.load(buildGradientGraph(architecture, n, loss, k).model);
      const result = await session.run({
        patches: { dims: [n, 1, pixels, pixels], data },
        positive_weights: { dims: [n, k * k], data: positive },
        negative_weights: { dims: [n, k * k], data: negative },
        parameters: { dims: [values.length], data: values },
      });
      await session.release();
      return result;
    };
    const [whole, single] = [await run(batch, positions, patches, side), await run(count, 1, boxes, 8)];
    expect(maxDifference(whole.logits.data, single.logits.data)).toBeLessThan(1e-5);
    expect(maxDifference(whole.gradient.data, single.gradient.data)).toBeLessThan(1e-5);
    expect(Math.abs(whole.loss.data[0] - single.loss.data[0])).toBeLessThan(1e-5);
  });

  it('counts the risk of negatives only while it is above 0 (Kiryo et al. 2017)', async () => {
    const architecture: Architecture = { name: 'one', box: 4, layers: [{ type: 'fully-connected', units: 1 }] };
    const session = await engine.load(buildGradientGraph(architecture, 2, loss).model);
    const parameters = noise(9, 17);
    const run = async (positive: number[], negative: number[]) => {
      const weights = (values: number[]) => ({ dims: [2, 1], data: Float32Array.from(values) });
      return session.run({
        ...feeds(architecture, parameters, noise(50, 32), [1, 0], {}),
        positive_weights: weights(positive),
        negative_weights: weights(negative),
      });
    };
    const [clamped, alone] = [await run([0.5, 0], [-0.9, 0.01]), await run([0.5, 0], [0, 0])];
    expect(maxDifference(clamped.gradient.data, alone.gradient.data)).toBe(0);
    expect(clamped.loss.data[0]).toBe(alone.loss.data[0]);
    const counted = await run([0.5, 0], [-0.01, 0.9]);
    expect(maxDifference(counted.gradient.data, alone.gradient.data)).toBeGreaterThan(0.01);
    await session.release();
  });

  it('stays finite and right for saturated logits', async () => {
    const architecture: Architecture = { name: 'one', box: 4, layers: [{ type: 'fully-connected', units: 1 }] };
    const session = await engine.load(buildGradientGraph(architecture, 2, loss).model);
    const parameters = new Float32Array(17);
    parameters[16] = 60;
    const run = (bias: number) => {
      parameters[16] = bias;
      return session.run(feeds(architecture, parameters, new Float32Array(32), [0, 0], {}));
    };
    const [high, low] = [await run(60), await run(-60)];
    expect(high.loss.data[0]).toBeCloseTo(loss === 'squared-error' ? 0.5 : 60, 4);
    expect(low.loss.data[0]).toBeCloseTo(0, 6);
    for (const result of [high, low]) expect(result.gradient.data.every(Number.isFinite)).toBe(true);
    await session.release();
  });
});
