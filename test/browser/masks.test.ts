/** Excluded regions: drawn with lasso and brush, they count at once, are undone, and are what `pick --mask` reads. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { deepem } from '../command-line.js';
import { browserTests, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SIDE = 512;
const SET = 'general-66px';

let project = '';
let server: Served;
let page: Page;

const picksFile = (set = SET) => join(project, 'picks', set, 'micrographs', 'sim_0001.csv');
const rowsOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : []);
const maskFile = () => join(project, 'masks', 'micrographs', 'sim_0001.json');
const mask = () => (existsSync(maskFile()) ? JSON.parse(readFileSync(maskFile(), 'utf8')).regions : []);
const shownPicks = async () =>
  Number(/(\d+) picks/.exec((await page.locator('.row[data-id$=sim_0001]').textContent()) ?? '')?.[1] ?? 0);

/** Drags over places of the micrograph, which is shown whole. */
async function drag(places: readonly { x: number; y: number }[]): Promise<void> {
  const box = await page.locator('canvas.marks').boundingBox();
  if (!box) throw new Error('there is no viewer');
  const k = Math.min(box.width, box.height) / SIDE;
  const [left, top] = [box.x + (box.width - k * SIDE) / 2, box.y + (box.height - k * SIDE) / 2];
  for (const [i, { x, y }] of places.entries()) {
    await page.mouse.move(left + k * x, top + k * y, { steps: 4 });
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

beforeEach(async () => {
  ({ project } = simulateProject(folder.at(), 1));
  server = await serve(project);
  page = await browser.open(server.url);
  await page.locator('canvas.marks').waitFor();
  await page.getByLabel('Diameter in pixels').fill('66');
  await page.keyboard.press('Tab');
  await expect.poll(() => rowsOf(picksFile()).length, { timeout: 60_000 }).toBeGreaterThan(5);
  await expect.poll(shownPicks).toBeGreaterThan(5);
  return () => server.kill('SIGKILL');
}, 150_000);

describe('an excluded region', () => {
  it('takes its picks out of every count, stays after a reload, and is what pick --mask reads', async () => {
    const before = await shownPicks();
    await page.getByRole('button', { name: 'Lasso' }).click();
    await page.getByLabel('What the lasso does').selectOption('excludes the region');
    await drag([
      { x: 5, y: 5 },
      { x: 300, y: 5 },
      { x: 300, y: 505 },
      { x: 5, y: 505 },
    ]);
    await expect.poll(() => mask().length).toBe(1);
    await expect.poll(shownPicks).toBeLessThan(before);
    const left = await shownPicks();
    await page.reload();
    await expect.poll(shownPicks).toBe(left);
    expect(rowsOf(join(project, 'negatives', 'micrographs', 'sim_0001.csv'))).toEqual([]);

    const out = folder.at('masked');
    const input = join(project, 'micrographs');
    const run = deepem('pick', input, '--diameter', '66px', '--mask', join(project, 'masks'), '--out', out);
    expect(run.stdout, run.stderr).toMatch(/in excluded regions/);
    expect(rowsOf(join(out, 'sim_0001.csv')).every((row) => Number(row.split(',')[0]) > 290)).toBe(true);
  });

  it('is drawn with the brush, erased, and both are undone', async () => {
    const [x, y] = rowsOf(picksFile())[0].split(',').map(Number);
    const before = await shownPicks();
    await page.getByRole('button', { name: 'Brush' }).click();
    await page.getByLabel('What the brush does').selectOption('excludes the region');
    await drag([
      { x: x - 10, y },
      { x: x + 10, y },
    ]);
    await expect.poll(() => mask().length).toBe(1);
    await expect.poll(shownPicks).toBeLessThan(before);
    const less = await shownPicks();
    await page.getByRole('button', { name: 'Eraser' }).click();
    await drag([{ x, y }]);
    await expect.poll(() => mask().length).toBe(0);
    await expect.poll(shownPicks).toBe(before);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(shownPicks).toBe(less);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(shownPicks).toBe(before);
    expect(existsSync(maskFile())).toBe(false);
  });
});
