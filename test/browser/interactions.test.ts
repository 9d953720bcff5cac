/** Each thing that a person can do on a micrograph. */

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import {
  browserTests,
  clickPlaces,
  drawDiameter,
  readJson,
  type Served,
  serve,
  simulateProject,
  truthOf,
} from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SIDE = 512;
const A = { x: 150, y: 150 };
const B = { x: 350, y: 200 };

let project = '';
let truth = '';
let server: Served;
let page: Page;

beforeEach(async () => {
  ({ project, truth } = simulateProject(folder.at(), 3));
  // A micrograph that cannot be read must not be in the way of the others.
  writeFileSync(join(project, 'micrographs', 'sim_0009.mrc'), 'not an image');
  server = await serve(project);
  page = await browser.open(server.url);
  await page.locator('canvas.marks').waitFor();
  return () => server.kill('SIGKILL');
});

const labels = (name = 'sim_0001', kind = 'labels') => {
  try {
    return readFileSync(join(project, kind, 'micrographs', `${name}.csv`), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
  } catch {
    return [];
  }
};
const shownCount = () => page.getByTestId('label-count').textContent();

describe('labels', () => {
  it('change their row at once, without fetching the whole project for every click', async () => {
    let fetched = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/api/project')) fetched++;
    });
    await clickPlaces(page, SIDE, [A, B, { x: 250, y: 400 }]);
    await expect.poll(() => page.locator('.row[data-id$=sim_0001]').textContent()).toContain('3 labels');
    expect(fetched).toBe(0);
    await expect.poll(() => fetched).toBe(1);
  });

  it('come and go with clicks, to within a pixel, and are saved as they come', async () => {
    await clickPlaces(page, SIDE, [A, B]);
    await expect.poll(() => labels().length).toBe(2);
    const [x, y] = labels()[0].split(',').map(Number);
    expect(Math.hypot(x - A.x, y - A.y)).toBeLessThan(1.5);
    await clickPlaces(page, SIDE, [A]);
    await expect.poll(() => labels().length).toBe(1);
  });

  it('can be undone and done again, by button and by key', async () => {
    await clickPlaces(page, SIDE, [A, B]);
    await expect.poll(() => labels().length).toBe(2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => labels().length).toBe(1);
    await page.keyboard.press('Control+z');
    await expect.poll(() => labels().length).toBe(0);
    await page.keyboard.press('Control+y');
    await page.getByRole('button', { name: 'Redo' }).click();
    await expect.poll(() => labels().length).toBe(2);
  });

  it('survive a server that is killed', async () => {
    await clickPlaces(page, SIDE, [A, B]);
    await expect.poll(() => labels().length).toBe(2);
    await server.kill('SIGKILL');
    server = await serve(project);
    page = await browser.open(server.url);
    await expect.poll(shownCount).toBe('2');
  });

  it('are erased by dragging', async () => {
    await clickPlaces(page, SIDE, [A, B]);
    await page.getByRole('button', { name: 'Eraser' }).click();
    const canvas = page.locator('canvas.marks');
    const box = await canvas.boundingBox();
    if (!box) throw new Error('no viewer');
    await page.mouse.move(box.x + 90, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 90, box.y + 260, { steps: 40 });
    await page.mouse.up();
    await expect.poll(() => labels().length).toBe(0);
  });

  it('say what is no particle', async () => {
    await page.getByRole('button', { name: 'Not a particle' }).click();
    await clickPlaces(page, SIDE, [A]);
    await expect.poll(() => labels('sim_0001', 'negatives').length).toBe(1);
    await expect.poll(shownCount).toBe('0');
  });

  it('are made from the keyboard', async () => {
    await page.locator('canvas.marks').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => labels().length).toBe(1);
    const [x, y] = labels()[0].split(',').map(Number);
    expect(Math.hypot(x - 255.5, y - 255.5)).toBeLessThan(1.5);
  });

  it('are imported from files of other programs', async () => {
    const points = (await truthOf(truth, 'sim_0002')).map(
      ({ x, y }) => `${Math.round(x - 30)} ${Math.round(y - 30)} 60 60`,
    );
    await page.locator('input[type=file]').setInputFiles({
      ...{ name: 'sim_0002.box', mimeType: 'text/plain' },
      buffer: Buffer.from(points.join('\n')),
    });
    await page.getByText(/labels added on 1 micrograph$/).waitFor();
    expect(labels('sim_0002').length).toBeGreaterThan(10);
    await page.locator('input[type=file]').setInputFiles({
      ...{ name: 'other.box', mimeType: 'text/plain' },
      buffer: Buffer.from('1 2 3 4'),
    });
    await page
      .getByRole('alert')
      .getByText(/belong to none of the micrographs/)
      .waitFor();
  });

  it('of two tabs come together', async () => {
    const other = await browser.open(server.url);
    await other.locator('canvas.marks').waitFor();
    await Promise.all([clickPlaces(page, SIDE, [A]), clickPlaces(other, SIDE, [B])]);
    await expect.poll(() => labels().length).toBe(2);
    for (const tab of [page, other]) {
      await expect.poll(() => tab.getByTestId('label-count').textContent()).toBe('2');
    }
  });

  it('of another program, written meanwhile, are not lost', async () => {
    await mkdir(join(project, 'labels', 'micrographs'), { recursive: true });
    writeFileSync(join(project, 'labels', 'micrographs', 'sim_0001.csv'), 'x,y\n400,400\n');
    await clickPlaces(page, SIDE, [A]);
    await expect.poll(() => labels().length).toBe(2);
  });
});

describe('the micrograph', () => {
  it('has its diameter drawn once', async () => {
    await drawDiameter(page, SIDE);
    await expect.poll(() => page.getByLabel('Diameter in pixels').inputValue()).toBe('66');
    expect((await readJson<{ diameter: number }>(join(project, 'deepem.json'))).diameter).toBe(66);
  });

  it('is zoomed and moved, and says where the cursor is', async () => {
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    const at = async () => {
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.move(box.x + box.width / 2 + 1, box.y + box.height / 2);
      return page.locator('.read-out').textContent();
    };
    expect(await at()).toMatch(/x 25\d\.\d, y 25\d\.\d px \(15\d\d, 15\d\d Å\)/);
    const bar = () => page.locator('.scale-bar').textContent();
    const before = await bar();
    await page.mouse.wheel(0, -800);
    await expect.poll(bar).not.toBe(before);
    await page.locator('canvas.marks').focus();
    for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowRight');
    await expect.poll(at).toMatch(/x (2[6-9]|[34])\d/);
    await page.keyboard.press('0');
    await expect.poll(bar).toBe(before);
  });

  it('that cannot be read says why, and the others go on', async () => {
    await page.locator('.row[data-id$=sim_0009]').click();
    await page
      .getByRole('alert')
      .getByText(/sim_0009/)
      .waitFor();
    await page.locator('.row[data-id$=sim_0002]').click();
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
    // It is said on its own micrograph only.
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('is changed with n and p, and with arrows in the list', async () => {
    await page.locator('canvas.marks').focus();
    await page.keyboard.press('n');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
    await page.keyboard.press('p');
    await page.getByRole('application', { name: /sim_0001/ }).waitFor();
    await page.getByRole('listbox').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
  });
});

describe('picks', () => {
  it('of the general model come without labels, with what filters left out, and become labels', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Find particles' }).click();
    await expect.poll(() => page.locator('.row', { hasText: 'picks' }).count(), { timeout: 60_000 }).toBe(3);
    await page.locator('.row[data-id$=sim_0009]').getByText('failed').waitFor();
    await page.getByLabel('left out').check();
    const scores = page.waitForResponse((response) => response.url().includes('/api/score-map') && response.ok());
    await page.getByLabel('score map').check();
    await scores;
    await page.getByRole('button', { name: 'Picks to labels' }).click();
    await page.getByText(/picks added to the labels/).waitFor();
    await expect.poll(() => labels().length).toBeGreaterThan(3);
  });

  it('of a training that is stopped come from the best model so far', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    const places = (await truthOf(truth, 'sim_0001')).filter(({ y }) => y < 480).slice(0, 18);
    await clickPlaces(page, SIDE, places);
    await page.getByRole('tab', { name: 'Train' }).click();
    await page.getByRole('button', { name: `Train on ${places.length} labels` }).waitFor();
    // So few labels are trained on in one epoch: there would be nothing to stop after.
    await page.evaluate(async () => {
      const body = JSON.stringify({ kind: 'train', labels: 'auto', epochs: 4, start: 'auto', thenPick: false });
      await fetch('api/jobs', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    });
    await page
      .getByRole('tabpanel')
      .getByText(/epoch 1 of/)
      .waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Stop here' }).click();
    await page.getByRole('heading', { name: 'model-1' }).waitFor({ timeout: 60_000 });
    await page.getByText('Training model-1: cancelled').waitFor();
  });
});
