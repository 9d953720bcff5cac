/**
 * A page with 30,000 micrographs: seconds until the list is there, and main-thread time of showing the next micrograph and of a label, as Chromium
 * counts its tasks. Writes docs/results/many.json.
 * Usage: npm run bench -- many [COUNT]
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CDPSession, chromium } from 'playwright-core';
import { random } from '../src/core/random.js';
import { writeMrc } from '../src/formats/mrc.js';
import { CHROMIUM, clickPlaces, FLAGS, serve } from '../test/browser/harness.js';
import { MACHINE } from './machine.js';

const COUNT = Number(process.argv[2] ?? 30_000);
const [SIDE, TIMES, SETTLE_MS] = [64, 5, 1500];

/** Milliseconds of main-thread tasks so far. */
async function taskTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}

const folder = mkdtempSync(join(tmpdir(), 'deepem-many-'));
mkdirSync(join(folder, 'micrographs'));
const source = random(1);
const pixels = Float32Array.from({ length: SIDE * SIDE }, () => source.normal());
const bytes = writeMrc({ pixels, width: SIDE, height: SIDE }, 1, 'noise');
for (let i = 0; i < COUNT; i++)
  writeFileSync(join(folder, 'micrographs', `mic_${String(i).padStart(6, '0')}.mrc`), bytes);

const started = performance.now();
const server = await serve(folder);
const served = (performance.now() - started) / 1000;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  const asked = performance.now();
  await page.goto(server.url);
  await page.locator('.row').first().waitFor();
  await page.locator('canvas.marks').waitFor();
  const open = (performance.now() - asked) / 1000;
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  /** Mean over some times, with what comes of it until the page is quiet. */
  async function measured(act: (time: number) => Promise<void>): Promise<number> {
    await page.waitForTimeout(SETTLE_MS);
    const idle = await taskTime(session);
    await page.waitForTimeout(SETTLE_MS);
    const quiet = (await taskTime(session)) - idle;
    const before = await taskTime(session);
    for (let i = 0; i < TIMES; i++) {
      await act(i);
      await page.waitForTimeout(SETTLE_MS);
    }
    return ((await taskTime(session)) - before) / TIMES - quiet;
  }
  const next = await measured(() => page.keyboard.press('n'));
  const label = await measured((i) => clickPlaces(page, SIDE, [{ x: 10 + 10 * i, y: 20 }]));
  const result = { machine: MACHINE, micrographs: COUNT, served, open, next, label };
  console.log(JSON.stringify(result));
  writeFileSync('docs/results/many.json', `${JSON.stringify(result, null, 1)}\n`);
} finally {
  await browser.close();
  await server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
