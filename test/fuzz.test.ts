/** The fuzzer in a process of its own, so that a hang or a crash is seen; FUZZ_INPUTS=100000 for a long run. */

import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

const INPUTS = process.env.FUZZ_INPUTS ?? '2000';
const SEED = process.env.FUZZ_SEED ?? '1';
/** Without a sign of life for so long, it hangs. */
const SILENCE_SECONDS = 120;

it(`${INPUTS} damaged files end in a parsed file or a typed error`, async () => {
  const args = ['--import', 'tsx', 'scripts/fuzz.ts', '--inputs', INPUTS, '--seed', SEED];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let watchdog = setTimeout(() => child.kill('SIGKILL'), 1000 * SILENCE_SECONDS);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => child.kill('SIGKILL'), 1000 * SILENCE_SECONDS);
    });
  }
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(watchdog);
  expect(code, output).toBe(0);
  expect(output).toMatch(`${INPUTS} inputs over`);
}, 3_600_000);
