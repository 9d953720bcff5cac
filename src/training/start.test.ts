import { describe, expect, it } from 'vitest';
import { random } from '../core/random.js';
import { forBrightParticles } from '../network/bright.js';
import { initialWeights } from '../network/parameters.js';
import { PRESETS } from '../network/presets.js';
import { choosePreparation } from '../picking/prepare.js';
import { openScorer } from '../picking/score-map.js';
import { startEngine } from '../runtime/engine.js';
import { simulate } from '../simulation/simulate.js';
import { asymmetric } from '../simulation/volume.js';
import { type PreparedMicrograph, prepareLabelled } from './labelled.js';
import { AUTO_RECIPE, DEEPEM_RECIPE, FEW_LABELS_RECIPE, withEpochs } from './recipe.js';
import { startOf, withStart } from './start.js';

const made = simulate({ bodies: [asymmetric()], width: 512, height: 512, particles: 20, snr: 0.2, dirt: ['none'] }, 0);
const { diameter } = made;

/** The field as it is, or its negative. */
function prepared(sign: 1 | -1, labels = made.particles.length): PreparedMicrograph {
  const micrograph = { ...made.micrograph, pixels: made.micrograph.pixels.map((value) => sign * value) };
  return prepareLabelled(
    { name: 'field', micrograph, particles: made.particles.slice(0, labels) },
    {
      preparation: choosePreparation(diameter, PRESETS.wide.box, AUTO_RECIPE.boxDiameters, AUTO_RECIPE.windows),
      ...{ pixelSize: null, box: PRESETS.wide.box, edge: 0, diameter, unevenness: false },
    },
  );
}

describe('startOf', () => {
  const start = (recipe = AUTO_RECIPE, architecture = PRESETS.wide, micrographs = [prepared(1)], trained = 20) =>
    startOf(recipe, architecture, micrographs, { diameter, trained, seed: 1 });

  it('takes the weights that come with the program, and their schedule, where labels are few', () => {
    const { from, few, recipe } = start();
    expect([from, few]).toEqual(['simulated', true]);
    expect(recipe).toMatchObject({ learningRate: 1e-3, epochs: 3, mostSteps: null });
    expect(start(AUTO_RECIPE, PRESETS.wide, [prepared(1)], 10).recipe.epochs).toBe(2);
    expect(start(withEpochs(AUTO_RECIPE, 2)).recipe).toMatchObject({ epochs: 2, mostSteps: null });
  });

  it('takes them for many labels, too, with fewer steps than from random weights', () => {
    const { from, few, recipe } = start(AUTO_RECIPE, PRESETS.wide, Array(5).fill(prepared(1)));
    expect([from, few]).toEqual(['simulated', false]);
    expect(recipe).toEqual({ ...AUTO_RECIPE, mostSteps: AUTO_RECIPE.pretrained?.mostSteps });
  });

  it('goes on from an earlier model with half of its steps at the most, and with those of a short recipe', () => {
    const [wide, general] = [PRESETS.wide, PRESETS.general].map((network) => initialWeights(network, random(5)));
    const again = (recipe: typeof AUTO_RECIPE, earlier: typeof wide) =>
      startOf(recipe, recipe.architecture, [prepared(1)], { diameter, trained: 20, seed: 1, earlier });
    expect(again(AUTO_RECIPE, wide)).toMatchObject({ from: 'earlier', recipe: { mostSteps: 450 } });
    expect(again(FEW_LABELS_RECIPE, general)).toMatchObject({ from: 'earlier', recipe: { mostSteps: 50 } });
  });

  it('takes random weights for other networks, and recipes without', () => {
    const { from, few, recipe } = start(AUTO_RECIPE, PRESETS.small);
    expect([from, few]).toEqual(['random', false]);
    expect(recipe).toEqual(AUTO_RECIPE);
    expect(start(DEEPEM_RECIPE, PRESETS.wide).from).toBe('random');
  });

  it('takes a general model where there is one, and keeps a part of it', () => {
    const general = initialWeights(PRESETS.general, random(5));
    const begun = startOf(FEW_LABELS_RECIPE, PRESETS.general, [prepared(1)], {
      diameter,
      trained: 20,
      seed: 1,
      general,
    });
    expect([begun.from, begun.few, begun.weights]).toEqual(['general', true, general]);
    const trained = {
      values: general.values.map((value) => value + 1),
      statistics: general.statistics.map((value) => value + 2),
    };
    const kept = withStart(trained, begun);
    const share = FEW_LABELS_RECIPE.startShare;
    expect(share).toBeGreaterThan(0);
    expect(kept.values[3]).toBeCloseTo(general.values[3] + 1 - share, 5);
    expect(kept.statistics[3]).toBeCloseTo(general.statistics[3] + 2 * (1 - share), 5);
    expect(withStart(trained, start())).toBe(trained);
  });

  it('knows particles that it has not seen, dark or bright', async () => {
    const engine = startEngine(1);
    for (const sign of [1, -1] as const) {
      const field = prepared(sign);
      const { weights } = start(AUTO_RECIPE, PRESETS.wide, [field]);
      const scorer = await openScorer(engine, PRESETS.wide, weights, { step: 2 });
      const map = await scorer.score(field.image);
      const at = (x: number, y: number) => {
        const [u, v] = [x, y].map((full) => Math.round((full / map.factor - map.origin) / map.step));
        return map.pixels[v * map.width + u];
      };
      const found = made.particles.filter(({ x, y }) => at(x, y) > 0.5).length;
      const high = map.pixels.reduce((count, score) => count + +(score > 0.5), 0) / map.pixels.length;
      expect(found / made.particles.length).toBeGreaterThan(0.8);
      expect(high).toBeLessThan(0.1);
    }
    await engine.close();
  });
});

describe('forBrightParticles', () => {
  it('turns the first kernels over, and nothing else', () => {
    const { weights } = startOf(AUTO_RECIPE, PRESETS.wide, [prepared(1)], { diameter, trained: 20, seed: 1 });
    const turned = forBrightParticles(weights, PRESETS.wide);
    expect(turned.values.slice(0, 16 * 81)).toEqual(weights.values.slice(0, 16 * 81).map((value) => -value));
    expect(turned.values.slice(16 * 81)).toEqual(weights.values.slice(16 * 81));
    expect(turned.statistics).toEqual(weights.statistics);
  });
});
