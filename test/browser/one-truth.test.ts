/** What is on the screen is what is stored and exported, and nothing that a person does is lost. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, clickPlaces, drawDiameter, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SIDE = 512;
const [A, B] = [
  { x: 150, y: 150 },
  { x: 350, y: 200 },
];
const SET = 'general-66px';

let project = '';
let server: Served;
let page: Page;

beforeEach(async () => {
  ({ project } = simulateProject(folder.at(), 2));
  server = await serve(project);
  page = await browser.open(server.url);
  await page.locator('canvas.marks').waitFor();
  return () => server.kill('SIGKILL');
});

function rowsOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : [];
}
const labels = (kind = 'labels', name = 'sim_0001') => rowsOf(join(project, kind, 'micrographs', `${name}.csv`));

describe('the diameter', () => {
  it('is drawn without a label, and the general model picks what is on the screen', async () => {
    await drawDiameter(page, SIDE);
    await expect.poll(() => page.getByLabel('Diameter in pixels').inputValue()).toBe('66');
    const picks = join(project, 'picks', SET, 'micrographs', 'sim_0001.csv');
    await expect.poll(() => rowsOf(picks).length, { timeout: 60_000 }).toBeGreaterThan(5);
    expect(existsSync(picks.replace('sim_0001', 'sim_0002'))).toBe(false);
    expect(labels()).toEqual([]);
    await expect.poll(() => page.locator('.row[data-id$=sim_0001]').textContent()).toMatch(/picks/);
  });

  it('is undone like anything else', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.getByText('general-66px').count(), { timeout: 60_000 }).toBeGreaterThan(0);
    await drawDiameter(page, SIDE);
    await page.getByLabel('Diameter in pixels').fill('80');
    await page.keyboard.press('Tab');
    await expect.poll(() => JSON.parse(readFileSync(join(project, 'deepem.json'), 'utf8')).diameter).toBe(80);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.getByLabel('Diameter in pixels').inputValue()).toBe('66');
  });
});

describe('an export', () => {
  it('holds picks above the threshold, without rejected ones, with accepted ones and labels', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Find particles' }).click();
    const picked = join(project, 'picks', SET, 'micrographs', 'sim_0001.csv');
    await expect
      .poll(() => rowsOf(join(project, 'picks', SET, 'micrographs', 'sim_0002.csv')).length, { timeout: 60_000 })
      .toBeGreaterThan(5);
    await page.getByRole('button', { name: 'Gallery' }).click();
    const tiles = page.locator('.tile');
    await tiles.first().focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('r');
    const rejectedCount = () => labels('negatives').length + labels('negatives', 'sim_0002').length;
    await expect.poll(rejectedCount).toBe(4);
    await page.getByRole('button', { name: 'Micrograph', exact: true }).click();
    // A label where no pick is.
    const far = Array.from({ length: 400 }, (_, i) => ({
      x: 40 + 22 * (i % 20),
      y: 40 + 22 * Math.floor(i / 20),
    })).find(({ x, y }) =>
      rowsOf(picked).every((row) => Math.hypot(Number(row.split(',')[0]) - x, Number(row.split(',')[1]) - y) > 40),
    );
    if (!far) throw new Error('picks everywhere');
    await clickPlaces(page, SIDE, [far]);
    await expect.poll(() => labels().length).toBe(1);
    await page.getByRole('tab', { name: 'Export' }).click();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const exported = (name: string) => join(project, 'exports', SET, `${name}.box`);
    await expect
      .poll(() => existsSync(exported('sim_0001')) && existsSync(exported('sim_0002')), { timeout: 30_000 })
      .toBe(true);
    const threshold = Number(
      /score of (\d\.\d+) or more/.exec((await page.getByRole('tabpanel').textContent()) ?? '')?.[1],
    );
    const above = ['sim_0001', 'sim_0002']
      .flatMap((name) => rowsOf(join(project, 'picks', SET, 'micrographs', `${name}.csv`)))
      .filter((row) => Number(row.split(',')[2]) >= threshold);
    const boxes = ['sim_0001', 'sim_0002'].flatMap((name) => readFileSync(exported(name), 'utf8').trim().split('\n'));
    expect(boxes).toHaveLength(above.length - 4 + 1);
    const shown = await page.locator('.row').allTextContents();
    const counted = shown.map((text) => Number(/(\d+) picks/.exec(text)?.[1] ?? 0)).reduce((a, b) => a + b);
    expect(counted).toBe(boxes.length);
  });
});

describe('doubtful picks', () => {
  it('work from the first key, can be skipped and gone back to, and go on where nothing is decided', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Find particles' }).click();
    await expect
      .poll(() => rowsOf(join(project, 'picks', SET, 'micrographs', 'sim_0002.csv')).length, { timeout: 60_000 })
      .toBeGreaterThan(5);
    await expect.poll(() => page.locator('.row', { hasText: 'picks' }).count()).toBe(2);
    await page.waitForTimeout(1000);
    await page.getByRole('button', { name: 'Doubtful picks' }).click();
    const tiles = page.locator('.tile');
    await tiles.nth(4).waitFor();
    const third = await tiles.nth(2).getAttribute('aria-label');
    await page.keyboard.press('r');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('a');
    const decided = () => ['labels', 'negatives'].map((kind) => labels(kind).length + labels(kind, 'sim_0002').length);
    await expect.poll(decided).toEqual([1, 1]);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('u');
    await expect.poll(decided).toEqual([0, 1]);
    expect(await tiles.nth(0).getAttribute('aria-label')).toMatch(/rejected/);
    await page.getByRole('button', { name: 'Micrograph', exact: true }).click();
    await page.getByRole('button', { name: 'Doubtful picks' }).click();
    await expect.poll(() => tiles.nth(1).getAttribute('aria-label')).toBe(third);
  });
});

describe('what a person does', () => {
  it('waits for a server that is gone, and is stored once it is back at the same address', async () => {
    await clickPlaces(page, SIDE, [A]);
    await expect.poll(() => labels().length).toBe(1);
    const { port } = new URL(server.url);
    await server.kill('SIGKILL');
    await clickPlaces(page, SIDE, [B, { x: 400, y: 400 }]);
    await page.getByText('not saved yet: 2').waitFor();
    expect(labels()).toHaveLength(1);
    server = await serve(project);
    expect(new URL(server.url).port).toBe(port);
    await expect.poll(() => labels().length, { timeout: 20_000 }).toBe(3);
    await expect.poll(() => page.getByText('not saved yet').count()).toBe(0);
    await expect.poll(() => page.getByTestId('label-count').textContent(), { timeout: 20_000 }).toBe('3');
    expect(statSync(join(project, '.deepem-serve.json')).mode & 0o777).toBe(0o600);
  });

  it('is undone in order, and shown: a stroke of the eraser as one, decisions, picks that became labels', async () => {
    await clickPlaces(page, SIDE, [A, B]);
    await expect.poll(() => labels().length).toBe(2);
    await page.getByRole('button', { name: 'Eraser' }).click();
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    const k = Math.min(box.width, box.height) / SIDE;
    const left = box.x + (box.width - k * SIDE) / 2;
    await page.mouse.move(left + k * A.x, box.y + k * A.y);
    await page.mouse.down();
    await page.mouse.move(left + k * B.x, box.y + k * B.y, { steps: 30 });
    await page.mouse.up();
    await expect.poll(() => labels().length).toBe(0);
    await page.keyboard.press('n');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(() => labels().length).toBe(2);
    await page.getByRole('application', { name: /sim_0001/ }).waitFor();
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await expect
      .poll(() => rowsOf(join(project, 'picks', SET, 'micrographs', 'sim_0001.csv')).length, { timeout: 60_000 })
      .toBeGreaterThan(5);
    await page.getByRole('button', { name: 'Picks to labels' }).click();
    await page.getByText(/picks added to the labels/).waitFor();
    expect(labels().length).toBeGreaterThan(4);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => labels().length).toBe(2);
  });

  it('keeps its shortcuts after a slider, and the place when the window changes', async () => {
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -800);
    await page.waitForTimeout(300);
    const bar = await page.locator('.scale-bar').textContent();
    await page.setViewportSize({ width: 1100, height: 640 });
    await page.waitForTimeout(300);
    expect(await page.locator('.scale-bar').textContent()).toBe(bar);
    await page.getByLabel('contrast', { exact: true }).focus();
    await page.keyboard.press('n');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
  });
});
