/** What takes minutes: `npm run test:long`. Skipped otherwise. */

import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deepem } from './command-line.js';

const MICROGRAPHS = 5000;
/** Micrographs at the beginning and at the end whose memory is compared. */
const PART = 1000;

describe.skipIf(!process.env.TEST_LONG)('a long run', () => {
  it(`of ${MICROGRAPHS} micrographs keeps memory and open files flat`, async () => {
    const work = mkdtempSync(join(tmpdir(), 'deepem-long-'));
    const folder = join(work, 'micrographs');
    mkdirSync(folder);
    deepem('simulate', '--out', join(work, 'one'), '--micrographs', '1', '--size', '128', '--particles', '4');
    for (let i = 0; i < MICROGRAPHS; i++) copyFileSync(join(work, 'one', 'sim_0001.mrc'), join(folder, `m${i}.mrc`));
    const args = ['pick', folder, '--blob', '--diameter', '360A', '--format', 'star,topaz', '--out', join(work, 'out')];
    const child = spawn(process.execPath, ['dist/cli/main.js', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    const memory: number[] = [];
    const files: number[] = [];
    child.stdout.on('data', (data) => {
      const lines = String(data)
        .split('\n')
        .filter((line) => line.includes(': ')).length;
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        const resident = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
        const open = readdirSync(`/proc/${child.pid}/fd`).length;
        for (let i = 0; i < lines; i++) {
          memory.push(resident);
          files.push(open);
        }
      } catch {
        // The process has ended.
      }
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [first, last] = [mean(memory.slice(0, PART)), mean(memory.slice(-PART))];
    process.stderr.write(
      `resident memory, KiB: first ${PART} ${first.toFixed(0)}, last ${PART} ${last.toFixed(0)}; open files ${files[PART]}, ${files.at(-1)}\n`,
    );
    expect(last).toBeLessThan(1.05 * first);
    expect(files.at(-1)).toBeLessThan(files[PART] + 5);
    rmSync(work, { recursive: true });
  }, 3_600_000);
});
