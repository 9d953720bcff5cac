import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelError } from '../core/errors.js';
import { type CoordinateSet, pairCoordinates } from './coordinate-pairs.js';
import type { InputMicrograph } from './inputs.js';
import { baseName } from './names.js';
import { describeWeakerRules } from './pairing.js';

/** Micrographs below /data, as `expandMicrographs(['/data'])` would give them. */
function micrograph(path: string): InputMicrograph {
  const folder = dirname(path);
  return { path: join('/data', path), folder: folder === '.' ? '' : folder, pixelSize: null };
}

/** A file below /labels that names no micrograph. */
function set(file: string, x = 1): CoordinateSet {
  const folder = dirname(file);
  const name = file.replace(/^.*\//, '').replace(/(_autopick)?\.[a-z]+$/, '');
  return {
    ...{ file: join('/labels', file), name, micrograph: name, namesMicrograph: false },
    ...{ folder: folder === '.' ? '' : folder, particles: [{ x, y: 1 }], notPoints: 0 },
  };
}

/** Rows of a table that name a micrograph. */
function named(path: string): CoordinateSet {
  return { ...set('table.csv'), name: path.replace(/^.*\/|\.mrc$/g, ''), micrograph: path, namesMicrograph: true };
}

function paired(micrographs: readonly string[], sets: readonly CoordinateSet[]) {
  const { pairs, sets: left } = pairCoordinates(micrographs.map(micrograph), sets);
  return {
    pairs: pairs.map(({ owner, set: { file, micrograph: name, namesMicrograph }, rule, byBaseName }) => {
      return `${owner.path.slice(6)} - ${namesMicrograph ? name : file.slice(8)} (${byBaseName ? 'base name' : rule})`;
    }),
    left: left.map(({ file }) => file.slice(8)),
  };
}

describe('pairing', () => {
  it.each([
    ['the same path', ['g1/mic.mrc', 'g2/mic.mrc'], ['g1/mic.csv'], ['g1/mic.mrc - g1/mic.csv (path)'], []],
    [
      'never the set of another folder',
      ['g1/a.mrc', 'g2/a.mrc', 'g2/b.mrc'],
      ['g2/b.csv', 'g3/a.csv'],
      ['g2/b.mrc - g2/b.csv (path)'],
      ['g3/a.csv'],
    ],
    [
      'the longest tail',
      ['x/g1/mic.mrc', 'y/g1/mic.mrc'],
      ['job/y/g1/mic.csv'],
      ['y/g1/mic.mrc - job/y/g1/mic.csv (folders)'],
      [],
    ],
    [
      'a flat folder by name',
      ['g1/a.mrc', 'g2/b.mrc'],
      ['a.csv', 'b_manualpick.star'],
      ['g1/a.mrc - a.csv (name)', 'g2/b.mrc - b_manualpick.star (base name)'],
      [],
    ],
    [
      'UID prefixes tell apart',
      ['111111111111111_a.mrc', '222222222222222_a.mrc'],
      ['222222222222222_a.csv'],
      ['222222222222222_a.mrc - 222222222222222_a.csv (path)'],
      [],
    ],
    [
      'another UID is another micrograph',
      ['111111111111111_a.mrc'],
      ['333333333333333_a.csv', '111111111111111_a.csv'],
      ['111111111111111_a.mrc - 111111111111111_a.csv (path)'],
      ['333333333333333_a.csv'],
    ],
    [
      'the exact name before the base name',
      ['a.mrc', 'a_picks.mrc'],
      ['a_picks.csv', 'a.csv'],
      ['a_picks.mrc - a_picks.csv (path)', 'a.mrc - a.csv (path)'],
      [],
    ],
    [
      'composed and decomposed Unicode',
      ['caf\u00e9.mrc'],
      ['cafe\u0301.csv'.normalize('NFC')],
      ['caf\u00e9.mrc - caf\u00e9.csv (path)'],
      [],
    ],
  ])('%s', (_, micrographs, files, pairs, left) => {
    expect(
      paired(
        micrographs,
        files.map((file) => set(file)),
      ),
    ).toEqual({ pairs, left });
  });

  it.each<[string, string, readonly string[], string, readonly string[], readonly string[]]>([
    [
      'a subfolder of the micrographs takes its own labels',
      'g2',
      ['g2/mic.mrc'],
      '',
      ['mic.csv', 'g2/mic.csv'],
      ['g2/mic.mrc - g2/mic.csv'],
    ],
    [
      'a subfolder of the labels goes to its own micrograph',
      '',
      ['mic.mrc', 'g2/mic.mrc'],
      'g2',
      ['g2/mic.csv'],
      ['g2/mic.mrc - g2/mic.csv'],
    ],
    ['labels beside a folder are not those of one in it', 'g2', ['g2/mic.mrc'], '', ['mic.csv', 'g2/other.csv'], []],
    ['a shared last folder is not enough', 'S_2', ['S_2/Data/F.mrc'], '', ['S_1/Data/F.csv'], []],
    [
      'the deepest agreement wins from both sides',
      'S_2',
      ['S_2/Data/F.mrc'],
      '',
      ['S_1/Data/F.csv', 'S_2/Data/F.csv'],
      ['S_2/Data/F.mrc - S_2/Data/F.csv'],
    ],
    ['two of a series contradict each other', 'S_2', ['S_2/F.mrc'], '', ['S_1/F.csv'], []],
    [
      'a folder in between does not matter',
      '',
      ['S_1/Data/F.mrc', 'S_2/Data/F.mrc'],
      '',
      ['S_1/F.csv'],
      ['S_1/Data/F.mrc - S_1/F.csv'],
    ],
    [
      'folders of other names do not contradict',
      'Mics',
      ['Mics/F.mrc'],
      '',
      ['job004/Movies/F.csv'],
      ['Mics/F.mrc - job004/Movies/F.csv'],
    ],
  ])('%s', (_, top, micrographs, labelTop, files, wanted) => {
    const inputs = micrographs.map((path) => ({ ...micrograph(path), folder: below(path, top) }));
    const sets = files.map((file, i) => ({ ...set(file, i), folder: below(file, labelTop) }));
    const { pairs } = pairCoordinates(inputs, sets);
    expect(pairs.map((pair) => `${pair.owner.path.slice(6)} - ${pair.set.file.slice(8)}`)).toEqual(wanted);
  });

  it('finds micrographs by the paths that tables write', () => {
    expect(paired(['g1/a.mrc', 'g2/a.mrc'], [named('Movies/g2/a.mrc'), named('/data/g1/a.mrc')]).pairs).toEqual([
      'g1/a.mrc - /data/g1/a.mrc (path)',
      'g2/a.mrc - Movies/g2/a.mrc (folders)',
    ]);
  });

  it('shows both candidates of what is ambiguous, and how to tell them apart', () => {
    expect(() => paired(['g1/a.mrc', 'g2/a.mrc'], [set('a.csv')])).toThrow(
      /a\.csv could belong to 2 micrographs: received \/data\/g1\/a\.mrc and \/data\/g2\/a\.mrc;.*g1\/a/,
    );
  });

  it('says once what weaker rules matched', () => {
    const { pairs } = pairCoordinates(['g1/a.mrc', 'g2/b.mrc'].map(micrograph), [set('a.csv'), set('b_picks.csv')]);
    expect(describeWeakerRules(pairs, 'labels')).toMatch(
      /^labels matched 1 by the file name alone, 1 by the base name/,
    );
    expect(describeWeakerRules([], 'labels')).toBeNull();
  });
});

const NAMES = ['mic', 'mic_1', '123456789012345_mic', '543210987654321_mic', 'mic_picks', 'x'];
const FOLDERS = ['', 'g1', 'g2', 'g1/deep', 'g2/deep', 'other/g1'];
const SUFFIXES = ['', '_manualpick', '_autopick', '_picks'];

function isBelow(folder: string, top: string): boolean {
  return top === '' || folder === top || folder.startsWith(`${top}/`);
}

/** Folder of a file below the one that was given. */
function below(file: string, top: string): string {
  const folder = relative(top, dirname(file));
  return folder === '.' ? '' : folder;
}

/** Micrographs of a tree, of which some have labels, in the same tree elsewhere, perhaps with endings; and labels of micrographs not given. */
const tree = fc
  .record({
    paths: fc.uniqueArray(fc.tuple(fc.constantFrom(...FOLDERS), fc.constantFrom(...NAMES)), {
      minLength: 1,
      maxLength: 12,
      selector: ([folder, name]) => `${folder}/${name}`,
    }),
    labelled: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    given: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    suffix: fc.array(fc.constantFrom(...SUFFIXES), { minLength: 12, maxLength: 12 }),
    above: fc.constantFrom('', 'job007', 'Session/day1'),
    /** Folders below which micrographs and labels are given: not always the whole tree. */
    top: fc.constantFrom('', '', 'g1', 'g2'),
    labelTop: fc.constantFrom('', '', 'g1', 'g2'),
  })
  .map(({ paths, labelled, given, suffix, above, top, labelTop }) => {
    const taken = new Set(paths.map(([, name]) => name));
    // A label file that has the whole name of another micrograph is that one's: nobody could tell otherwise.
    const named = (name: string, ending: string) => (taken.has(`${name}${ending}`) ? name : `${name}${ending}`);
    return {
      ...{ top, labelTop: join(above, labelTop) },
      micrographs: paths.flatMap(([folder, name], i) =>
        given[i] && isBelow(folder, top) ? [join(folder, `${name}.mrc`)] : [],
      ),
      labels: paths.flatMap(([folder, name], i) =>
        labelled[i] && isBelow(folder, labelTop)
          ? [{ owner: join(folder, `${name}.mrc`), file: join(above, folder, `${named(name, suffix[i])}.csv`) }]
          : [],
      ),
    };
  })
  .filter(({ labels }) => new Set(labels.map(({ file }) => file)).size === labels.length);

it('2,000 random trees: what is paired is paired right, what is not is reported', () => {
  fc.assert(
    fc.property(tree, ({ micrographs, labels, top, labelTop }) => {
      const sets = labels.map(({ file }, i) => ({ ...set(file, i), folder: below(file, labelTop) }));
      const inputs = micrographs.map((path) => ({ ...micrograph(path), folder: below(path, top) }));
      try {
        const { pairs, owners, sets: left } = pairCoordinates(inputs, sets);
        for (const { owner, set: own } of pairs) {
          const right = labels.find(({ file }) => own.file === join('/labels', file))?.owner ?? '';
          if (micrographs.includes(right)) expect(owner.path, own.file).toBe(join('/data', right));
          // Of a micrograph that is not there only the name can tell, and the base name is that of the one it was given to.
          else expect(baseName(owner.path)).toBe(baseName(right));
        }
        expect(pairs.length + owners.length).toBe(micrographs.length);
        expect(pairs.length + left.length).toBe(sets.length);
      } catch (error) {
        if (!(error instanceof LabelError)) throw error;
        expect(error.message).toMatch(/could belong to|More than one coordinate file/);
      }
    }),
    { numRuns: 2000 },
  );
});
