/** The viewer: filters and contrast in the browser, tools, keys, and what is shown where there is no graphics card. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, clickPlaces, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SIDE = 512;
const NO_WEBGL = `{
  const own = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind === 'webgl2' ? null : own.call(this, kind, ...more);
  };
}`;

let project = '';
let server: Served;
let page: Page;

beforeEach(async () => {
  ({ project } = simulateProject(folder.at(), 3));
  server = await serve(project);
  page = await browser.open(server.url);
  await shown(page);
  return () => server.kill('SIGKILL');
});

async function shown(on: Page): Promise<void> {
  await on.locator('canvas[data-tiles]:not([data-tiles="0"])').waitFor();
  await on.waitForTimeout(300);
}

/** Grey values of the middle of the viewer as a person sees them. */
async function greys(on: Page): Promise<number[]> {
  const box = await on.locator('canvas.marks').boundingBox();
  if (!box) throw new Error('no viewer');
  const side = 160;
  const clip = { x: box.x + box.width / 2 - side / 2, y: box.y + box.height / 2 - side / 2, width: side, height: side };
  const { data } = await sharp(await on.screenshot({ clip }))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [...data];
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
/** Mean difference of neighbours beside the deviation of all: small where the picture is smooth. */
const roughness = (values: readonly number[]) =>
  mean(values.slice(1).map((value, i) => Math.abs(value - values[i]))) / deviation(values);
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((value, i) => (value - ma) * (b[i] - mb))) / (deviation(a) * deviation(b));
}
const rowsOf = (file: string) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((row) => row.split(',').map(Number))
    : [];
const labels = (kind = 'labels', name = 'sim_0001') => rowsOf(join(project, kind, 'micrographs', `${name}.csv`));

describe.each([['with a graphics card'], ['without one']])('the picture, %s', (kind) => {
  beforeEach(async () => {
    if (kind === 'with a graphics card') return;
    await page.addInitScript(NO_WEBGL);
    await page.reload();
    await shown(page);
  });

  it('is filtered, inverted and stretched in the browser, without a request', async () => {
    const first = await greys(page);
    expect(deviation(first)).toBeGreaterThan(20);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.getByLabel('invert').check();
    await page.waitForTimeout(200);
    expect(correlation(first, await greys(page))).toBeLessThan(-0.95);
    await page.getByLabel('invert').uncheck();
    await page.getByLabel('low-pass', { exact: true }).fill('40');
    await page.waitForTimeout(300);
    const smooth = await greys(page);
    expect(roughness(smooth)).toBeLessThan(0.6 * roughness(first));
    expect(deviation(smooth)).toBeGreaterThan(20);
    expect(correlation(first, smooth)).toBeGreaterThan(0.3);
    await page.getByLabel('low-pass, as a number').fill('0');
    await page.getByLabel('contrast', { exact: true }).fill('15');
    await page.waitForTimeout(200);
    expect(deviation(await greys(page))).toBeGreaterThan(1.1 * deviation(first));
    expect(asked.filter((url) => url.includes('/api/tile'))).toEqual([]);
  });
});

describe('the picture', () => {
  it('is without noise and background once the size of the particle is known', async () => {
    expect(await page.getByLabel('denoise').isDisabled()).toBe(true);
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    const before = await greys(page);
    await page.getByLabel('denoise').check();
    await page.waitForTimeout(300);
    const denoised = await greys(page);
    expect(roughness(denoised)).toBeLessThan(0.5 * roughness(before));
    expect(deviation(denoised)).toBeGreaterThan(20);
  });

  it('gives up requests that are out of view again', async () => {
    await page.route('**/api/tile**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await route.continue().catch(() => {});
    });
    const failures: string[] = [];
    page.on('requestfailed', (request) => failures.push(request.url()));
    await page.keyboard.press('n');
    await page.waitForTimeout(200);
    await page.keyboard.press('n');
    await expect.poll(() => failures.filter((url) => url.includes('sim_0002')).length).toBeGreaterThan(0);
    await page.getByRole('application', { name: /sim_0003/ }).waitFor();
  });

  it('has a map of where one is, which leads elsewhere', async () => {
    expect(await page.locator('.minimap').count()).toBe(0);
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -1200);
    const map = await page.locator('.minimap').boundingBox();
    if (!map) throw new Error('no map');
    await page.mouse.click(map.x + 0.8 * map.width, map.y + 0.7 * map.height);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const place = /x (\d+)\.\d, y (\d+)/.exec((await page.locator('.read-out').textContent()) ?? '');
    expect(Math.abs(Number(place?.[1]) - 0.8 * SIDE)).toBeLessThan(8);
    expect(Math.abs(Number(place?.[2]) - 0.7 * SIDE)).toBeLessThan(8);
  });
});

describe('tools', () => {
  it('measure a distance', async () => {
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    await page.keyboard.press('m');
    await page.mouse.move(box.x + 200, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 320, box.y + 200, { steps: 4 });
    await page.mouse.up();
    const expected = (120 * SIDE) / Math.min(box.width, box.height);
    const said = Number(/distance ([\d.]+) px/.exec((await page.locator('.read-out').textContent()) ?? '')?.[1]);
    expect(Math.abs(said - expected)).toBeLessThan(1.5);
    expect(labels()).toEqual([]);
  });

  it('correct picks: a click rejects one and takes that back, a drag moves it, elsewhere a click adds one', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await page.getByText('general-66px').first().waitFor({ state: 'attached', timeout: 60_000 });
    const set = join(project, 'picks', 'general-66px', 'micrographs', 'sim_0001.csv');
    await expect.poll(() => rowsOf(set).length, { timeout: 60_000 }).toBeGreaterThan(5);
    await expect.poll(() => page.locator('.row[data-id$=sim_0001]').textContent()).toMatch(/\d+ picks/);
    const alone = rowsOf(set).filter(
      ([x, y, score]) =>
        score > 0.9 &&
        x > 60 &&
        y > 60 &&
        x < 450 &&
        y < 450 &&
        rowsOf(set).every(([u, v]) => (u === x && v === y) || Math.hypot(u - x, v - y) > 60),
    );
    const [x, y] = alone[0];
    await page.getByRole('button', { name: 'Correct', exact: true }).click();
    await clickPlaces(page, SIDE, [{ x, y }]);
    await expect.poll(() => labels('negatives').length).toBe(1);
    await clickPlaces(page, SIDE, [{ x, y }]);
    await expect.poll(() => labels('negatives').length).toBe(0);
    expect(labels()).toEqual([]);
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    const k = Math.min(box.width, box.height) / SIDE;
    const [left, top] = [box.x + (box.width - k * SIDE) / 2, box.y + (box.height - k * SIDE) / 2];
    await page.mouse.move(left + k * x, top + k * y);
    await page.mouse.down();
    await page.mouse.move(left + k * (x + 10), top + k * (y + 6), { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => labels().length).toBe(1);
    expect(Math.hypot(labels()[0][0] - x - 10, labels()[0][1] - y - 6)).toBeLessThan(1.5);
    expect(labels('negatives')).toEqual([]);
    const picks = await page.evaluate(
      async () =>
        (await fetch('/api/picks?set=general-66px&id=micrographs/sim_0001')).json() as Promise<
          { x: number; y: number }[]
        >,
    );
    expect(picks.some((pick) => Math.hypot(pick.x - labels()[0][0], pick.y - labels()[0][1]) < 0.1)).toBe(true);
    expect(picks.some((pick) => Math.hypot(pick.x - x, pick.y - y) < 3)).toBe(false);
    await page.keyboard.press('Control+z');
    await expect.poll(() => labels().length).toBe(0);
  });
});

describe('the lasso', () => {
  it('rejects picks and labels inside it, and one undo brings them back', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    const set = join(project, 'picks', 'general-66px', 'micrographs', 'sim_0001.csv');
    await expect.poll(() => rowsOf(set).length, { timeout: 60_000 }).toBeGreaterThan(5);
    await expect.poll(() => page.locator('.row[data-id$=sim_0001]').textContent()).toMatch(/\d+ picks/);
    const counted = async () =>
      Number(/(\d+) picks?/.exec((await page.locator('.row[data-id$=sim_0001]').textContent()) ?? '')?.[1] ?? 0);
    const before = await counted();
    await page.getByRole('button', { name: 'Lasso' }).click();
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    const k = Math.min(box.width, box.height) / SIDE;
    const [left, top] = [box.x + (box.width - k * SIDE) / 2, box.y + (box.height - k * SIDE) / 2];
    const at = (x: number, y: number) => page.mouse.move(left + k * x, top + k * y, { steps: 8 });
    await at(256, 4);
    await page.mouse.down();
    for (const [x, y] of [
      [508, 4],
      [508, 508],
      [256, 508],
    ]) {
      await at(x, y);
    }
    await page.mouse.up();
    await expect.poll(() => labels('negatives').length).toBeGreaterThan(2);
    const rejected = labels('negatives');
    expect(rejected.every(([x]) => x > 254)).toBe(true);
    await expect.poll(counted).toBe(before - rejected.length);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => labels('negatives').length).toBe(0);
    await expect.poll(counted).toBe(before);
    // The brush does the same along its way.
    await page.getByRole('button', { name: 'Brush' }).click();
    await page.getByLabel('size, as a number').fill('120');
    await at(60, 100);
    await page.mouse.down();
    await at(450, 100);
    await page.mouse.up();
    await expect.poll(() => labels('negatives').length).toBeGreaterThan(0);
    expect(labels('negatives').every(([, y]) => Math.abs(y - 100) < 62)).toBe(true);
    await expect.poll(counted).toBe(before - labels('negatives').length);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => labels('negatives').length).toBe(0);
  });
});

describe('keys', () => {
  it('are all listed at ?, and J goes to a micrograph without labels', async () => {
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keys' });
    await help.waitFor();
    expect(await help.locator('kbd').count()).toBeGreaterThan(20);
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    await clickPlaces(page, SIDE, [{ x: 100, y: 100 }]);
    await expect.poll(() => labels().length).toBe(1);
    await page.keyboard.press('n');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('application', { name: /sim_0003/ }).waitFor();
    await page.keyboard.press('j');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
  });
});
