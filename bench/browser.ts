/// <reference lib="dom" />
/** How the page feels: time to the first micrograph, and frames a second while one with 5,000 picks is moved and zoomed. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { writeMrc } from '../src/formats/mrc.js';
import { random } from '../src/random.js';
import { CHROMIUM, FLAGS, serve } from '../test/browser/harness.js';

const SIDES = [4096, 8192];
const PICKS = 5000;
const SECONDS = 4;
/** As text: the compiler adds helpers to functions that the page does not have. */
const COUNT_FRAMES = `globalThis.frames = 0; requestAnimationFrame(function count() { frames++; requestAnimationFrame(count); })`;
const OUT = 'docs/results/browser.json';

/** A micrograph of noise with picks anywhere. */
function makeProject(folder: string, side: number): void {
  const source = random(1);
  const pixels = new Float32Array(side * side);
  for (let i = 0; i < pixels.length; i++) pixels[i] = source.uniform() + source.uniform() + source.uniform();
  mkdirSync(join(folder, 'picks', 'model-1', 'micrographs'), { recursive: true });
  mkdirSync(join(folder, 'micrographs'));
  writeFileSync(join(folder, 'micrographs', 'noise.mrc'), writeMrc({ pixels, width: side, height: side }, 1, 'noise'));
  const rows = Array.from({ length: PICKS }, () =>
    [side * source.uniform(), side * source.uniform(), 0.02 + 0.98 * source.uniform()].join(','),
  );
  writeFileSync(join(folder, 'picks', 'model-1', 'micrographs', 'noise.csv'), `x,y,score\n${rows.join('\n')}\n`);
  const settings = {
    version: 1,
    micrographs: [],
    root: null,
    diameter: 100,
    pixelSize: null,
    checked: [],
    thresholds: {},
  };
  writeFileSync(join(folder, 'deepem.json'), JSON.stringify({ ...settings, thresholds: { 'model-1': 0.02 } }));
}

/** Seconds from asking for the page to the first pixels of the micrograph. */
async function firstMicrograph(page: Page, url: string): Promise<number> {
  const started = performance.now();
  await page.goto(url);
  await page.waitForFunction(
    () => {
      const canvas = document.querySelector('canvas');
      if (!canvas || canvas.width === 0) return false;
      const data = canvas.getContext('2d')?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
      return data !== undefined && data[3] > 0;
    },
    undefined,
    { polling: 20 },
  );
  return (performance.now() - started) / 1000;
}

/** Frames a second while the micrograph is dragged about and zoomed, all of it in view first. */
async function framesPerSecond(page: Page): Promise<number> {
  const canvas = page.locator('canvas.marks');
  const box = await canvas.boundingBox();
  if (!box) throw new Error('there is no viewer');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.evaluate(COUNT_FRAMES);
  const started = performance.now();
  await page.mouse.down();
  for (let i = 0; performance.now() - started < (SECONDS / 2) * 1000; i++) {
    await page.mouse.move(x + 150 * Math.sin(i / 9), y + 150 * Math.cos(i / 7));
  }
  await page.mouse.up();
  for (let i = 0; performance.now() - started < SECONDS * 1000; i++) await page.mouse.wheel(0, i % 40 < 20 ? -40 : 40);
  const frames = Number(await page.evaluate('frames'));
  return frames / ((performance.now() - started) / 1000);
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const rows = [];
for (const side of SIDES) {
  const folder = mkdtempSync(join(tmpdir(), 'deepem-bench-'));
  makeProject(folder, side);
  const server = await serve(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  const first = await firstMicrograph(page, server.url);
  await page.getByText(`${PICKS} picks`).waitFor();
  await page.waitForTimeout(1000);
  const frames = await framesPerSecond(page);
  rows.push({ side, picks: PICKS, firstMicrographSeconds: first, framesPerSecond: frames });
  console.log(`${side} x ${side}: first micrograph after ${first.toFixed(2)} s, ${frames.toFixed(0)} frames a second`);
  await page.close();
  await server.kill('SIGINT');
  rmSync(folder, { recursive: true });
}
const machine = `${cpus()[0].model}, ${cpus().length} cores, no GPU`;
writeFileSync(OUT, `${JSON.stringify({ machine, chromium: browser.version(), rows }, null, 1)}\n`);
await browser.close();
