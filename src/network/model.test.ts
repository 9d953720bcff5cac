import { describe, expect, it } from 'vitest';
import { EVERY_LAYER, testWeights } from '../testing/architectures.js';
import { decodeModel, encodeModel, type Model, type ModelMetadata } from './model.js';

const MODEL: Model = {
  architecture: EVERY_LAYER,
  weights: testWeights(EVERY_LAYER, 1),
  metadata: {
    program: 'deepem test',
    preparation: { factor: 4, backgroundSigma: 27, varianceSigma: 54, limit: 6 },
    pixelSize: 1.77,
    diameter: 108,
    box: 162,
    threshold: 0.4,
    thresholdFrom: 'a test',
    thresholds: { f1: { threshold: 0.5, low: 0.4, high: 0.6 }, f2: { threshold: 0.3, low: 0.2, high: 0.35 } },
    unevennessLimit: 0.4,
    scoring: { step: 2, turns: 2 },
    calibration: { slope: 1.5, intercept: -0.2 },
    calibrationError: 0.03,
    mustStandOut: false,
    prevalence: 0.4,
    objective: 'positive-negative',
    minDistance: 54,
    smoothing: 1.5,
    deviationRange: { min: 0.8, max: 1.2, unit: 'median' },
    recipe: 'deepem',
    labels: { positives: 10, negatives: 10, heldOutPositives: 2, micrographs: 2, heldOutMicrographs: 1 },
    accuracy: 0.97,
    chance: 0.75,
    epochs: 20,
    seed: 1,
    usual: {
      spectrum: { mean: Array<number>(12).fill(0.1), sd: Array<number>(12).fill(0.2) },
      density: { low: 0.1, high: 0.2 },
      strength: { low: 2, high: 3 },
    },
  },
};

/** Replaces text of the same length inside the file, as a hostile hand would. */
function patched(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(encodeModel(MODEL));
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to.length).toBe(from.length);
  bytes.write(to, at);
  return bytes;
}

describe('model file', () => {
  it('comes back whole', () => {
    expect(decodeModel(encodeModel(MODEL), 'm.onnx')).toEqual(MODEL);
  });

  it('is read where it does not say how many candidates are particles', () => {
    const { prevalence: _, ...metadata } = MODEL.metadata;
    const bytes = encodeModel({ ...MODEL, metadata: metadata as ModelMetadata });
    expect(decodeModel(bytes, 'm.onnx').metadata.prevalence).toBeNull();
  });

  it('is the same bytes every time', () => {
    expect(Buffer.compare(encodeModel(MODEL), encodeModel(MODEL))).toBe(0);
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ['text', () => Buffer.from('hello, this is no model'), /m\.onnx is not a deepem model/],
    ['nothing', () => new Uint8Array(0), /without "deepem" metadata/],
    ['a cut file', () => encodeModel(MODEL).subarray(0, 900), /not a deepem model|damaged/],
    [
      'another version',
      () => patched('{"version":2,', '{"version":7,'),
      /another version.*version 7.*Train the model again/,
    ],
    ['a huge box', () => patched('"box":24,', '"box":9e9'), /damaged/],
    ['a path as a name', () => patched('"unit":"median"', '"unit":"../etc"'), /damaged.*unit/],
    ['a field too many', () => patched('"limit":6', '"limix":6'), /damaged/],
    ['a threshold out of range', () => patched('"threshold":0.4', '"threshold":9.4'), /damaged.*threshold/],
    [
      'another architecture than its weights',
      () => patched('"maps":6,"kernel":5', '"maps":7,"kernel":5'),
      /damaged.*\d+ weights; expected \d+ for its architecture/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeModel(bytes(), 'm.onnx')).toThrow(message);
  });
});
