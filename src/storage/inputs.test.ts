import { describe, expect, it } from 'vitest';
import { testFolder } from '../testing/folder.js';
import { AUTO_RECIPE } from '../training/recipe.js';
import { commonFolder, expandMicrographs, filesBelow } from './inputs.js';
import { loadPreset } from './model-file.js';
import { baseName, stem } from './names.js';

const { at, put } = testFolder();

describe('names', () => {
  it.each([
    ['a/b/mic_001.mrc', 'mic_001'],
    ['mic_001_autopick.star', 'mic_001'],
    ['mic_001_manualpick.star', 'mic_001'],
    ['mic_001_picks.csv', 'mic_001'],
    ['mic.with.dots.bin.png', 'mic.with.dots.bin'],
    ['mic.with.dots.bin.csv', 'mic.with.dots.bin'],
    ['008578512345678901234_mic_patch_aligned.mrc', 'mic_patch_aligned'],
    ['20220101_mic.mrc', '20220101_mic'],
    ['mic.mrc.gz', 'mic'],
    ['a b.tiff', 'a b'],
  ])('%s has the base name %s', (file, expected) => {
    expect(baseName(file)).toBe(expected);
  });

  it('the stem keeps prefixes and endings of pickers', () => {
    expect(stem('x/mic_picks.mrc.gz')).toBe('mic_picks');
  });
});

describe('expandMicrographs', () => {
  it('takes files, folders, globs, each once, with their folders below the common one', async () => {
    for (const name of ['s/a.mrc', 's/deep/b.png', 's/notes.txt', 't/c.tif']) put(name, 'x');
    const inputs = await expandMicrographs([at('s'), at('t', '*.tif'), at('s', 'a.mrc')]);
    expect(inputs.map(({ path, folder: below }) => [path.slice(at().length + 1), below])).toEqual([
      ['s/a.mrc', 's'],
      ['s/deep/b.png', 's/deep'],
      ['t/c.tif', 't'],
    ]);
  });

  it('takes a micrographs.star with pixel sizes, its names relative to the star where they are there', async () => {
    put('mics/a.mrc', 'x');
    const star = put(
      'micrographs.star',
      'data_\nloop_\n_rlnMicrographName\n_rlnMicrographPixelSize\nmics/a.mrc 1.5\nmics/gone.mrc 1.5\n',
    );
    const inputs = await expandMicrographs([star]);
    expect(inputs.map(({ path, pixelSize }) => [path, pixelSize])).toEqual([
      [at('mics/a.mrc'), 1.5],
      ['mics/gone.mrc', 1.5],
    ]);
  });

  it('keeps a path that does not exist, and refuses empty folders and patterns without matches', async () => {
    expect(await expandMicrographs([at('gone.mrc')])).toHaveLength(1);
    await expect(expandMicrographs([at()])).rejects.toThrow(/has no micrographs/);
    await expect(expandMicrographs([at('*.mrc')])).rejects.toThrow(/no file, folder or match/);
    await expect(expandMicrographs([at('nowhere')])).rejects.toThrow(/no file, folder or match/);
  });

  it('of equal names in one folder takes the best format, says what is left out, and lets a named path win', async () => {
    for (const name of ['a.mrc', 'a.jpg', 'a.xml', 'b.tif', 'b.png', 'c.png', 'CountRef_a.mrc', 'x_gain.mrc'])
      put(`m/${name}`, 'x');
    const names = (inputs: readonly { path: string }[]) => inputs.map(({ path }) => path.slice(at('m').length + 1));
    const said: string[] = [];
    const notice = (sentence: string) => said.push(sentence);
    expect(names(await expandMicrographs([at('m')], { notice }))).toEqual(['a.mrc', 'b.tif', 'c.png']);
    expect(said).toEqual([
      expect.stringMatching(/^2 files left out, because there is a better format.*a\.jpg.*b\.png$/),
      expect.stringMatching(/^2 files left out.*gain references.*CountRef_a\.mrc.*x_gain\.mrc$/),
    ]);
    expect(names(await expandMicrographs([at('m', '*.*')]))).toEqual(['a.mrc', 'b.tif', 'c.png']);
    expect(names(await expandMicrographs([at('m'), at('m/b.png')])).sort()).toEqual(['a.mrc', 'b.png', 'c.png']);
    expect(names(await expandMicrographs([at('m/x_gain.mrc')]))).toEqual(['x_gain.mrc']);
  });

  it('goes past a folder that vanishes, and names a folder that cannot be read', async () => {
    put('m/a.mrc', 'x');
    await expect(filesBelow(at('gone'), () => true)).rejects.toThrow(/Cannot read the folder .*gone: there is no such/);
  });

  it('finds the common folder', () => {
    expect(commonFolder(['/a/b/c.mrc', '/a/bb/d.mrc'])).toBe('/a');
    expect(commonFolder(['/a/b/c.mrc'])).toBe('/a/b');
    expect(commonFolder(['/x.mrc', '/y/z.mrc'])).toBe('/');
  });
});

describe('loadPreset', () => {
  it('takes presets and files, and says what is wrong', async () => {
    expect((await loadPreset('klh')).architecture.box).toBe(272);
    const file = put(
      'net.json',
      JSON.stringify({ name: 'mine', box: 8, layers: [{ type: 'fully-connected', units: 1 }] }),
    );
    expect((await loadPreset(file)).architecture.name).toBe('mine');
    const { architecture, ...recipe } = AUTO_RECIPE;
    const tuned = put('tuned.json', JSON.stringify({ architecture, recipe: { ...recipe, learningRate: 0.004 } }));
    expect((await loadPreset(tuned)).recipe?.learningRate).toBe(0.004);
    const wrong = put('wrong.json', JSON.stringify({ architecture, recipe: { ...recipe, epochs: 0 } }));
    await expect(loadPreset(wrong)).rejects.toThrow(/not a preset.*epochs/);
    await expect(loadPreset('khl')).rejects.toThrow(/Unknown preset.*"khl".*klh, 19s/);
    await expect(loadPreset(put('bad.json', '{'))).rejects.toThrow(/is not JSON/);
  });
});

it('a micrographs.star leads to no folder above the outputs, and its jobs are left out', async () => {
  const names = ['../mics/a.mrc', '/data/b.mrc', 'MotionCorr/job002/Movies/c.mrc', 'd.mrc'];
  const file = put('m.star', `data_\nloop_\n_rlnMicrographName #1\n${names.join('\n')}\n`);
  expect((await expandMicrographs([file])).map(({ folder }) => folder)).toEqual(['mics', 'data', 'Movies', '']);
});
