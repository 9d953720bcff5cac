/// <reference lib="dom" />
/**
 * How the page feels: time to the first micrograph; frames a second while one with 5,000 or 30,000 picks is moved and zoomed, all of it in view or
 * a part; time from the last move of the low-pass slider to the filtered picture. Writes docs/results/browser.json.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { random } from '../src/core/random.js';
import { writeMrc } from '../src/formats/mrc.js';
import { CHROMIUM, FLAGS, serve } from '../test/browser/harness.js';

const CASES = [
  { side: 4096, picks: 5000 },
  { side: 4096, picks: 30_000 },
  { side: 8192, picks: 5000 },
];
const SECONDS = 4;
/** As text: the compiler adds helpers to functions that the page does not have. */
const COUNT_FRAMES = `globalThis.frames = 0; requestAnimationFrame(function count() { frames++; requestAnimationFrame(count); })`;
const OUT = 'docs/results/browser.json';

/** A micrograph of noise with picks anywhere. */
function makeProject(folder: string, side: number, picks: number): void {
  const source = random(1);
  const pixels = new Float32Array(side * side);
  for (let i = 0; i < pixels.length; i++) pixels[i] = source.uniform() + source.uniform() + source.uniform();
  mkdirSync(join(folder, 'picks', 'model-1', 'micrographs'), { recursive: true });
  mkdirSync(join(folder, 'micrographs'));
  writeFileSync(join(folder, 'micrographs', 'noise.mrc'), writeMrc({ pixels, width: side, height: side }, 1, 'noise'));
  const rows = Array.from({ length: picks }, () =>
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
  await page.locator('canvas[data-tiles]:not([data-tiles="0"])').waitFor();
  return (performance.now() - started) / 1000;
}

/** Frames a second while the micrograph is dragged about and zoomed. */
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

/** Seconds from the last of many moves of the low-pass slider to the picture, and tiles that were asked for meanwhile. */
async function lowpassDrag(page: Page): Promise<{ seconds: number; requests: number }> {
  let requests = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/tile')) requests++;
  });
  const slider = await page.getByLabel('low-pass', { exact: true }).boundingBox();
  if (!slider) throw new Error('there is no slider');
  const y = slider.y + slider.height / 2;
  await page.mouse.move(slider.x + 8, y);
  await page.mouse.down();
  await page.mouse.move(slider.x + slider.width - 20, y, { steps: 60 });
  const started = performance.now();
  await page.mouse.move(slider.x + slider.width - 30, y);
  // Two frames: the picture is painted in the first, and on the screen with the second.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const seconds = (performance.now() - started) / 1000;
  await page.mouse.up();
  await page.getByLabel('low-pass, as a number').fill('0');
  return { seconds, requests };
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const rows = [];
for (const { side, picks } of CASES) {
  const folder = mkdtempSync(join(tmpdir(), 'deepem-bench-'));
  makeProject(folder, side, picks);
  const server = await serve(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  const firstMicrographSeconds = await firstMicrograph(page, server.url);
  await page.getByText(`${picks} picks`).first().waitFor();
  await page.waitForTimeout(1000);
  const lowpass = await lowpassDrag(page);
  const fitted = await framesPerSecond(page);
  await page.locator('canvas.marks').focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('+');
  const zoomed = await framesPerSecond(page);
  rows.push({ side, picks, firstMicrographSeconds, framesPerSecond: { fitted, zoomed }, lowpass });
  console.log(JSON.stringify(rows.at(-1)));
  await page.close();
  await server.kill('SIGINT');
  rmSync(folder, { recursive: true });
}
const machine = `${cpus()[0].model}, ${cpus().length} cores, no GPU`;
writeFileSync(OUT, `${JSON.stringify({ machine, chromium: browser.version(), rows }, null, 1)}\n`);
await browser.close();
