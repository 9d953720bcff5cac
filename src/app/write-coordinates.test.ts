import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCoordinates } from '../storage/coordinates.js';
import { testFolder } from '../testing/folder.js';
import { writeCoordinates } from './write-coordinates.js';

const { at } = testFolder();
const picked = { width: 400, height: 300, particles: [{ x: 10.5, y: 20.25, score: 0.75 }] };

it('writes files that are read back, and the list of a run', async () => {
  const out = at('out');
  const files = await writeCoordinates(out, [{ micrograph: 'a.mrc', ...picked }], { formats: 'csv,star' });
  expect(files).toContain(join(out, 'a.csv'));
  expect(await readCoordinates(join(out, 'a.csv'))).toEqual(picked.particles);
  const list = files.find((file) => file.endsWith('.star') && readFileSync(file, 'utf8').includes('a.mrc'));
  expect(list).toBeDefined();
});

it('refuses boxes without a side', async () => {
  const written = writeCoordinates(at('out'), [{ micrograph: 'a.mrc', ...picked }], { formats: 'box' });
  await expect(written).rejects.toThrow(/box/);
});
