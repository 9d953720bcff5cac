/** Small inputs that were read wrongly once. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCoordinates } from '../src/formats/coordinates.js';
import { readMicrographsStar } from '../src/formats/relion-star.js';
import { readCoordinateSets } from '../src/storage/coordinates.js';

const CASES = join('..', 'shared', 'data', 'cases');
const here = existsSync(CASES);
if (!here) process.stderr.write(`skipped: ${CASES} is not there\n`);

describe.skipIf(!here)('shared cases', () => {
  const read = (name: string) => parseCoordinates(readFileSync(join(CASES, name)), name);

  it('segments of a filament .cbox come from its block cryolo', () => {
    expect(read('filament-vertices-first.cbox').map(({ particle: { x, y } }) => [x, y])).toEqual([
      [100, 200],
      [200, 233.3],
      [300, 266.7],
      [400, 300],
    ]);
  });

  it('ends of EMAN helices are refused', () => {
    expect(() => read('eman-flag-column.box')).toThrow(/line 1: the fifth column is -1.*helix/);
  });

  it('one csv of twenty micrographs is twenty', async () => {
    const { sets } = await readCoordinateSets(join(CASES, 'one-table-many-micrographs.csv'));
    expect(sets).toHaveLength(20);
    expect(new Set(sets.map(({ name }) => name)).size).toBe(20);
  });

  it('cryoSPARC picks of several micrographs without their paths are refused', () => {
    expect(() => read('uid-without-path.cs')).toThrow(/3 micrographs.*micrograph_uid.*micrograph_path/);
  });

  it('an optics group that the table lacks is named, with the micrograph and the groups there', () => {
    const text = readFileSync(join(CASES, 'optics-group-not-in-table.star'), 'utf8');
    expect(() => readMicrographsStar(text)).toThrow(
      /line \d+: \S+ belongs to optics group \d+, which the table lacks: its groups are 2/,
    );
  });
});
