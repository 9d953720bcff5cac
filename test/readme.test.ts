/** What the README and the docs show must run. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { writeMrc } from '../src/formats/mrc.js';
import { simulate } from '../src/simulation/simulate.js';
import { asymmetric } from '../src/simulation/volume.js';

// It trains with the default recipe: a minute alone, more beside other tests.
it('the first example of the library runs as it stands', () => {
  const example = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/library.md', 'utf8'))?.[1] ?? '';
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(20);
  const folder = mkdtempSync(join(tmpdir(), 'deepem-readme-'));
  for (const name of ['micrographs', 'labels', 'node_modules']) mkdirSync(join(folder, name));
  symlinkSync(resolve('.'), join(folder, 'node_modules', 'deepem'));
  for (let i = 0; i < 4; i++) {
    const made = simulate({ bodies: [asymmetric()], width: 400, height: 400, particles: 6, snr: 0.2 }, i);
    writeFileSync(join(folder, 'micrographs', `mic_0${i + 1}.mrc`), writeMrc(made.micrograph, 6, ''));
    const rows = made.particles.map(({ x, y }) => `${x},${y}\n`).join('');
    writeFileSync(join(folder, 'labels', `mic_0${i + 1}.csv`), `x,y\n${rows}`);
  }
  writeFileSync(join(folder, 'example.mjs'), example);
  const run = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toMatch(/^epoch \d+ of \d+: loss \d\.\d{3}$/m);
  expect(run.stdout).toMatch(/^[1-9]\d* particles in picks\/mic_04_autopick\.star$/m);
}, 300_000);

it('every folder below src has its line in the layout', () => {
  const layout = readFileSync('docs/architecture.md', 'utf8');
  const listed = [...layout.matchAll(/^\| `(?!web)(\w+)\/`/gm)].map(([, name]) => name).sort();
  const { stdout } = spawnSync('git', ['ls-files', 'src'], { encoding: 'utf8' });
  const folders = new Set(stdout.split('\n').flatMap((file) => /^src\/(\w+)\//.exec(file)?.[1] ?? []));
  folders.delete('testing');
  expect(listed).toEqual([...folders].sort());
});
