import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Point } from '../core/particle.js';
import type { Model } from '../network/model.js';
import { openPicker, pick } from '../picking/pick.js';
import { rescaleModel } from '../picking/rescale.js';
import { type Engine, startEngine } from '../runtime/engine.js';
import { simulate } from '../simulation/simulate.js';
import { asymmetric } from '../simulation/volume.js';
import { GENERAL_MODEL_FILE, loadModel } from '../storage/model-file.js';
import { lossOfSure } from './earlier.js';
import { type PreparedMicrograph, prepareLabelled } from './labelled.js';

const made = simulate({ bodies: [asymmetric()], particles: 40, dirt: ['none'], snr: 0.2, seed: 5 }, 0);
let engine: Engine;
let model: Model;
let picks: readonly Point[] = [];

/** The micrograph, of whose picks some were sorted. */
function sorted(accepted: readonly Point[], rejected: readonly Point[]): PreparedMicrograph {
  const { preparation, diameter } = model.metadata;
  return prepareLabelled(
    { name: 'one', micrograph: made.micrograph, particles: accepted, negatives: rejected },
    { preparation, pixelSize: null, box: model.architecture.box, edge: diameter / 2, diameter, unevenness: false },
  );
}

/** The same network, which picks only what scores so high. */
const stricter = (threshold: number): Model => ({ ...model, metadata: { ...model.metadata, threshold } });

beforeAll(async () => {
  engine = startEngine(2);
  model = { ...rescaleModel(await loadModel(GENERAL_MODEL_FILE), made.diameter) };
  const { particles } = await pick({ ...made.micrograph, pixelSize: null }, openPicker(engine, model), {
    threshold: 0.9,
  });
  picks = particles;
});
afterAll(() => engine.close());

describe('lossOfSure', () => {
  it('sees that nothing is lost', async () => {
    expect(picks.length).toBeGreaterThan(20);
    const loss = await lossOfSure(engine, model, model, [sorted(picks.slice(0, 5), [])]);
    expect(loss).toEqual({ sure: picks.length, lost: 0, isTooMuch: false });
  });

  it('sees that too much is lost, unless as much was rejected of what was sorted', async () => {
    const blind = stricter(0.999999);
    const trusting = await lossOfSure(engine, model, blind, [sorted(picks.slice(0, 5), [])]);
    expect(trusting.isTooMuch).toBe(true);
    expect(trusting.lost).toBeGreaterThan(0.5 * trusting.sure);
    const doubting = await lossOfSure(engine, model, blind, [sorted([], picks.slice(0, 11))]);
    expect(doubting.sure).toBe(picks.length - 11);
    expect(doubting.isTooMuch).toBe(false);
  });
});
