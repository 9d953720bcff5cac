/** What a person sees on a terminal: a bar, and nothing that runs into it. `script` (bsdutils) makes the terminal. */

import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { testFolder } from '../src/testing/folder.js';
import { deepem } from './command-line.js';
import { quickTraining } from './quick.js';

const { at } = testFolder();
const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) process.stderr.write('skipped: there is no command script, which makes a terminal\n');
let quick: string[];
beforeAll(() => {
  quick = quickTraining();
});

/** Runs the program on a terminal; control characters are taken out. */
function onTerminal(...args: string[]) {
  const command = [process.execPath, 'dist/cli/main.js', ...args].map((word) => `'${word}'`).join(' ');
  const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a terminal gets
  const text = stdout.replace(/\x1b(\[[0-9;?]*[a-zA-Z]|[78])/g, '').replace(/\r+/g, '\n');
  return { code: status, lines: text.split('\n').map((line) => line.trim()) };
}

describe.skipIf(!hasScript)('on a terminal', () => {
  it('a pick run shows a bar with time left, and its sum on lines of its own', () => {
    expect(deepem('simulate', '--out', at('sim'), '--micrographs', '3', '--size', '512', '--seed', '5').code).toBe(0);
    const picked = onTerminal('pick', at('sim'), '--blob', '--diameter', '67px', '--out', at('p'), '--format', 'csv');
    expect([picked.code, picked.lines.join('\n')]).toEqual([
      0,
      expect.stringMatching(/^picking .* 3\/3 \|.* left \|/m),
    ]);
    expect(picked.lines.some((line) => /^\d+ particles in 3 micrographs in .*, written to/.test(line))).toBe(true);
  });

  it('a training shows reading and training, and its threshold on a line of its own', () => {
    expect(deepem('simulate', '--out', at('sim'), '--micrographs', '2', '--size', '512', '--seed', '5').code).toBe(0);
    const how = ['--picks', at('sim'), '--diameter', '67px', '--epochs', '2', ...quick, '-o', at('m.onnx')];
    const trained = onTerminal('train', at('sim'), ...how);
    expect([trained.code, trained.lines.join('\n')]).toEqual([0, expect.stringMatching(/^reading .* 2\/2 \|/m)]);
    expect(trained.lines.join('\n')).toMatch(/^training .* 100% \| (\d+)\/\1 \|.*loss /m);
    expect(trained.lines.join('\n')).toMatch(/^training .*loss \d\.\d+, accuracy \d+\.\d %, by chance/m);
    expect(trained.lines.some((line) => /^threshold \d\.\d+: /.test(line))).toBe(true);
  });
});
