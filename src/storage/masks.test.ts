import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../testing/folder.js';
import { openMasks, readRegions, writeRegions } from './masks.js';

const folder = testFolder();
const input = (path: string, below = '') => ({ path, folder: below, pixelSize: null });
const SIZE = { width: 200, height: 100 };
const SQUARE = [10, 30].flatMap((x) => [{ x, y: x === 10 ? 10 : 30 }]);

describe('masks', () => {
  it('are found by the names of micrographs, in their folders, with and without _mask', async () => {
    const regions = '{"regions": [{"outline": [[0, 0], [50, 0], [50, 50], [0, 50]]}]}';
    folder.put('masks/a/one.json', regions);
    folder.put('masks/b/one_mask.json', '{"regions": [{"path": [[100, 50]], "width": 20}]}');
    const [first, second, third] = [input('m/a/one.mrc', 'a'), input('m/b/one.mrc', 'b'), input('m/c/two.mrc', 'c')];
    const masks = await openMasks(folder.at('masks'), [first, second, third]);
    expect(masks.count).toBe(2);
    expect((await masks.of(first, SIZE))?.({ x: 20, y: 20 })).toBe(true);
    expect((await masks.of(first, SIZE))?.({ x: 100, y: 50 })).toBe(false);
    expect((await masks.of(second, SIZE))?.({ x: 108, y: 50 })).toBe(true);
    expect(await masks.of(third, SIZE)).toBeNull();
    expect((await masks.of(input('m/a/one.mrc', 'a'), SIZE))?.({ x: 20, y: 20 })).toBe(true);
    folder.put('masks/a/one.json', regions.replace('[0, 50]', '[0, 60]'));
    expect((await openMasks(folder.at('masks'), [first])).hash).not.toBe(masks.hash);
  });

  it('may be images of any size: what is light is excluded', async () => {
    const file = folder.at('images/one_mask.png');
    mkdirSync(dirname(file), { recursive: true });
    // Ten columns, of which the last two are excluded.
    const pixels = Buffer.from(Array.from({ length: 50 }, (_, i) => (i % 10 >= 8 ? 255 : 0)));
    await sharp(pixels, { raw: { width: 10, height: 5, channels: 1 } })
      .png()
      .toFile(file);
    const one = input('one.mrc');
    const isExcluded = await (await openMasks(folder.at('images'), [one])).of(one, SIZE);
    expect(isExcluded?.({ x: 170, y: 50 })).toBe(true);
    expect(isExcluded?.({ x: 150, y: 50 })).toBe(false);
  });

  it('come back as they were written', async () => {
    const regions = [{ outline: [...SQUARE, { x: 0, y: 5 }] }, { path: SQUARE, width: 12.5 }];
    const file = folder.at('masks/one.json');
    await writeRegions(file, regions);
    expect(await readRegions(file)).toEqual(regions);
  });

  it('say what is wrong', async () => {
    const one = input('one.mrc');
    mkdirSync(folder.at('none'));
    await expect(openMasks(folder.at('none'), [one])).rejects.toThrow(/has no masks.*NAME\.json/);
    folder.put('other/two.json', '{"regions": []}');
    await expect(openMasks(folder.at('other'), [one])).rejects.toThrow(/belong to none.*one\.json/);
    folder.put('bad/one.json', '{"regions": [{"outline": [[1, 2]]}]}');
    const bad = await openMasks(folder.at('bad'), [one]);
    await expect(bad.of(one, SIZE)).rejects.toThrow(/is not a mask.*full-size pixels/);
    folder.put('two/one.json', '{"regions": []}');
    folder.put('two/one_mask.json', '{"regions": []}');
    await expect(openMasks(folder.at('two'), [one])).rejects.toThrow(/More than one mask/);
  });
});
