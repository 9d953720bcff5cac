import { describe, expect, it } from 'vitest';
import { ArchitectureError } from '../core/errors.js';
import { type Architecture, layerShapes, parseArchitecture } from './architecture.js';
import { denseOperations } from './cost.js';
import { PRESETS } from './presets.js';

/** Maps and side of C1, S2, C3, S4, C5, S6, and the number of features: the paper's Table 1. */
const TABLE_1: Record<string, [number, string[], number]> = {
  klh: [272, ['6@222', '6@74', '12@54', '12@27', '12@18', '12@9'], 972],
  '19s': [160, ['6@141', '6@47', '12@38', '12@19', '12@16', '12@8'], 768],
  '26s': [150, ['6@120', '6@60', '12@46', '12@23', '12@14', '12@7'], 588],
  inflammasome: [112, ['6@98', '6@49', '12@40', '12@20', '12@14', '12@7'], 588],
};

describe.each(Object.entries(TABLE_1))('preset %s', (name, [box, maps, features]) => {
  it('has the shapes of Table 1', () => {
    const architecture = PRESETS[name];
    expect(architecture.box).toBe(box);
    const shapes = layerShapes(architecture);
    const shown = architecture.layers.flatMap(({ type }, i) =>
      type === 'convolution' || type === 'mean-pool' ? [`${shapes[i + 1].maps}@${shapes[i + 1].side}`] : [],
    );
    expect(shown).toEqual(maps);
    expect(shapes.at(-2)?.maps).toBe(12);
    expect((shapes.at(-2)?.side ?? 0) ** 2 * 12).toBe(features);
  });
});

describe('layerShapes', () => {
  const small = PRESETS.small;

  it('names the layer that does not divide, and the nearest box that does', () => {
    expect(() => layerShapes({ ...small, box: 41 })).toThrow(
      /layer 3 \(mean-pool\).*pool of 2 on a map of 33x33.*nearest box that fits is 44|nearest box that fits is (36|40|44)/,
    );
    const nearest = /nearest box that fits is (\d+)/.exec(errorOf(() => layerShapes({ ...small, box: 41 })))?.[1];
    expect(nearest).toBe('40');
  });

  it('names the layer whose kernel is larger than its map', () => {
    expect(errorOf(() => layerShapes({ ...small, box: 8 }))).toMatch(
      /layer 1 \(convolution\).*kernel of 9 on a map of 8x8/,
    );
  });

  it('wants one unit at the end, and no rows and columns after a fully connected layer', () => {
    const layers: Architecture['layers'] = [{ type: 'fully-connected', units: 2 }];
    expect(errorOf(() => layerShapes({ name: 'a', box: 8, layers }))).toMatch(/no score.*2 outputs/);
    layers.push({ type: 'convolution', maps: 1, kernel: 1 });
    expect(errorOf(() => layerShapes({ name: 'a', box: 8, layers }))).toMatch(/layer 2 \(convolution\)/);
  });
});

describe('parseArchitecture', () => {
  it('takes what a preset file holds', () => {
    expect(parseArchitecture(JSON.parse(JSON.stringify(PRESETS.klh)), 'a.json')).toEqual(PRESETS.klh);
  });

  it.each([
    [{}, /name|box|layers/],
    [{ name: 'a', box: 40, layers: [{ type: 'convoluted' }] }, /a\.json is not a network architecture/],
    [
      {
        name: 'a',
        box: 40,
        layers: [
          { type: 'relu', slope: 1 },
          { type: 'fully-connected', units: 1 },
        ],
      },
      /slope/,
    ],
    [{ name: 'a', box: 1e9, layers: [{ type: 'fully-connected', units: 1 }] }, /box/],
  ])('refuses %j', (data, message) => {
    expect(errorOf(() => parseArchitecture(data, 'a.json'))).toMatch(message);
  });
});

it('denseOperations counts two for each weight at each position that is needed', () => {
  const one: Architecture = {
    name: 'one',
    box: 8,
    layers: [
      { type: 'convolution', maps: 3, kernel: 5 },
      { type: 'mean-pool', size: 2 },
      { type: 'fully-connected', units: 1 },
    ],
  };
  expect(denseOperations(one, 1)).toBe(2 * 4 * (3 * 25 + 3 * 4));
  expect(denseOperations(one, 2)).toBe(2 * 4 * (4 * 3 * 25 + 3 * 4));
});

function errorOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ArchitectureError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
