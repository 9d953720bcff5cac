import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../testing/folder.js';
import { type CoordinateSet, pairCoordinates } from './coordinate-pairs.js';
import { readCoordinateSets } from './coordinates.js';
import { makeFolder, readWhole, writeWhole } from './files.js';

/** The set of one micrograph. */
const findCoordinates = (sets: readonly CoordinateSet[], path: string, folder: string) =>
  pairCoordinates([{ path, folder, pixelSize: null }], sets).pairs[0]?.set;

const { at, put } = testFolder();

describe('coordinates of micrographs', () => {
  it('are found by base name, never by substring', async () => {
    put('mic_1.csv', 'x,y\n1,1\n');
    put('mic_10_autopick.star', 'data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n10 10\n');
    const { sets } = await readCoordinateSets(at());
    expect(findCoordinates(sets, 'data/mic_10.mrc', '')?.particles).toEqual([{ x: 10, y: 10 }]);
    expect(findCoordinates(sets, 'data/mic_1.mrc', '')?.particles).toEqual([{ x: 1, y: 1 }]);
    expect(findCoordinates(sets, 'data/mic.mrc', '')).toBeUndefined();
  });

  it('of equal names in several folders are taken from the same folder, else refused', async () => {
    put('one/mic.csv', 'x,y\n1,1\n');
    put('two/mic.csv', 'x,y\n7,2\n');
    const { sets } = await readCoordinateSets(at());
    expect(findCoordinates(sets, 'data/two/mic.mrc', 'two')?.particles).toEqual([{ x: 7, y: 2 }]);
    expect(() => findCoordinates(sets, 'mic.mrc', '')).toThrow(
      /More than one coordinate file.*one\/mic\.csv.*two\/mic\.csv/,
    );
  });

  it('in several formats of the same picks come from the most exact, and are refused where they differ', async () => {
    put('mic.box', '10\t10\t20\t20\t0.5\n');
    put('mic.csv', 'x,y,score\n20.25,19.75,0.5\n');
    expect(findCoordinates((await readCoordinateSets(at())).sets, 'mic.mrc', '')?.particles).toEqual([
      { x: 20.25, y: 19.75, score: 0.5 },
    ]);
    put('mic.csv', 'x,y,score\n30,20,0.5\n');
    const { sets } = await readCoordinateSets(at());
    expect(() => findCoordinates(sets, 'mic.mrc', '')).toThrow(/More than one/);
  });

  it('through links to files are found, as users import them', async () => {
    put('real/mic.csv', 'x,y\n1,1\n');
    mkdirSync(at('links'));
    symlinkSync(at('real/mic.csv'), at('links/mic.csv'));
    expect((await readCoordinateSets(at('links'))).sets).toHaveLength(1);
  });

  it('that are NaN are left out and counted; a score that is NaN is no score', async () => {
    put('mic.csv', 'x,y,score\n1,nan,0.5\n2,3,NaN\n4,5,0.25\n');
    const [set] = (await readCoordinateSets(at())).sets;
    expect(set.notPoints).toBe(1);
    expect(set.particles).toEqual([
      { x: 2, y: 3 },
      { x: 4, y: 5, score: 0.25 },
    ]);
  });

  it('of one file that names micrographs of equal base names stay apart by folder', async () => {
    const star =
      'data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\nm/a/mic.mrc 1 2\nm/b/mic.mrc 3 4\nm/b/mic.mrc 5 6\n';
    const { sets } = await readCoordinateSets(put('particles.star', star));
    expect(findCoordinates(sets, '/data/m/b/mic.mrc', 'b')?.particles).toHaveLength(2);
    expect(findCoordinates(sets, 'm/a/mic.mrc', 'a')?.particles).toEqual([{ x: 1, y: 2 }]);
  });

  it('of one file that names its micrographs are split by it', async () => {
    const star =
      'data_particles\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\nm/a.mrc 1 2\nm/b.mrc 3 4\nm/a.mrc 5 6\n';
    const { sets } = await readCoordinateSets(put('particles.star', star));
    expect(sets.map(({ name, particles }) => [name, particles.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('that cannot be read are listed, the others are kept', async () => {
    put('a.csv', 'x,y\n1,none\n');
    put('b.csv', 'x,y\n1,2\n');
    const { sets, failed } = await readCoordinateSets(at());
    expect(sets.map(({ name }) => name)).toEqual(['b']);
    expect(failed[0].reason).toMatch(/a\.csv.*line 2: y is "none"/);
    await expect(readCoordinateSets(at('gone'))).rejects.toThrow(/no such file/);
    mkdirSync(at('empty'));
    await expect(readCoordinateSets(at('empty'))).rejects.toThrow(/no coordinate files/);
  });
});

describe('files', () => {
  it('are written whole, with their folders, and leave nothing else behind', async () => {
    await writeWhole(at('new/deep/a.txt'), 'hello');
    expect(new TextDecoder().decode(await readWhole(at('new/deep/a.txt')))).toBe('hello');
    expect(readdirSync(at('new/deep'))).toEqual(['a.txt']);
  });

  it('that cannot be written say why, also on file systems where folders cannot be made', async () => {
    put('file', 'x');
    await expect(writeWhole(at('file/a.txt'), 'x')).rejects.toThrow(
      /Cannot write .*a\.txt: (a part of the path is a file|a file of that name is in the way)/,
    );
    await expect(makeFolder('/proc/deepem/folder')).rejects.toThrow(/Cannot make the folder .*no such file/);
    await expect(makeFolder(at('file'))).rejects.toThrow(/in the way/);
  });
});
