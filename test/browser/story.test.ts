/** The whole story on simulated micrographs: from an unlabelled folder to exported coordinates, in a real browser. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { deepem } from '../command-line.js';
import { browserTests, clickPlaces, picture, serve, simulateProject, truthOf } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SIDE = 512;
/** In pixels: simulated particles are 400 A wide at 6 A/px. */
const DIAMETER = 66;

it('labels 20 particles, trains, picks, corrects, verifies and exports at F1 0.9 or more', {
  timeout: 300_000,
}, async () => {
  const { project, truth } = simulateProject(folder.at(), 12, '--snr', '0.2');
  const server = await serve(project);
  const page = await browser.open(server.url);
  const started = performance.now();
  const tab = (name: string) => page.getByRole('tab', { name }).click();

  await page.locator('.row').first().waitFor();
  expect(await page.locator('.row').count()).toBe(12);
  for (const [i, name] of ['sim_0001', 'sim_0002'].entries()) {
    await page.locator('.row').nth(i).click();
    await page.getByRole('application', { name: new RegExp(name) }).waitFor();
    const inside = (await truthOf(truth, name)).filter(({ x, y }) => Math.min(x, y) > 30 && Math.max(x, y) < SIDE - 30);
    await clickPlaces(page, SIDE, inside.slice(0, 10));
    await expect.poll(() => page.getByTestId('label-count').textContent()).toBe('10');
  }
  await page.getByLabel('Diameter in pixels').fill(String(DIAMETER));
  await page.keyboard.press('Tab');

  await page.getByLabel('low-pass', { exact: true }).fill('30');
  await picture(page, 'serve-label');

  await tab('Train');
  await page.getByRole('button', { name: 'Train on 20 labels' }).click();
  await page.getByRole('img', { name: /^Loss/ }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Pick all micrographs' }).click({ timeout: 240_000 });
  const trained = (performance.now() - started) / 1000;
  await expect.poll(() => page.locator('.row', { hasText: 'picks' }).count(), { timeout: 120_000 }).toBe(12);
  const seconds = (performance.now() - started) / 1000;

  await tab('Review');
  const before = Number(await page.getByTestId('kept').textContent());
  await page.getByRole('slider', { name: 'Threshold' }).focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
  await expect.poll(async () => Number(await page.getByTestId('kept').textContent())).toBeLessThan(before);
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowLeft');
  await expect.poll(async () => Number(await page.getByTestId('kept').textContent())).toBe(before);

  await picture(page, 'serve-review');
  await page.getByRole('button', { name: 'Doubtful picks' }).click();
  const tiles = page.getByRole('list', { name: 'Doubtful picks' }).getByRole('listitem');
  await tiles.first().waitFor();
  const accepted = await page.locator('.tile.accepted').count();
  await tiles.first().focus();
  await page.keyboard.press('a');
  await page.keyboard.press('r');
  await expect.poll(() => page.locator('.tile.accepted').count()).toBe(accepted + 1);
  await expect.poll(() => page.locator('.tile.rejected').count()).toBe(1);
  await expect.poll(() => existsSync(join(project, 'negatives'))).toBe(true);

  await tab('Verify');
  await page.getByRole('button', { name: 'Average picks' }).click();
  const average = page.getByRole('img', { name: /Average of all picks/ });
  await expect
    .poll(() => average.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
    .toBeGreaterThan(100);
  await page.getByRole('button', { name: 'Classify' }).click();
  await page.getByRole('listitem', { name: /^Class 1, / }).waitFor({ timeout: 120_000 });

  await page.getByRole('button', { name: 'Gallery' }).click();
  await picture(page, 'serve-verify');

  await tab('Export');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByText('Export model-1: done').waitFor({ timeout: 60_000 });
  const commands = await page.locator('pre').textContent();
  expect(commands).toContain('deepem convert selected/model-1 --to box,star');
  await server.kill('SIGINT');

  const exported = join(project, 'exports', 'model-1');
  const judged = ['--radius', '22px', '--edge', '33px', '--micrographs', join(project, 'micrographs'), '--json'];
  const { bestF1 } = JSON.parse(deepem('evaluate', '--picks', exported, '--truth', truth, ...judged).stdout);
  console.log(
    `20 labels on 2 micrographs: model after ${trained.toFixed(0)} s, 12 micrographs picked after ${seconds.toFixed(0)} s, F1 ${bestF1.f1.toFixed(3)}`,
  );
  expect(bestF1.f1).toBeGreaterThanOrEqual(0.9);
  expect(
    readFileSync(join(project, 'labels', 'micrographs', 'sim_0001.csv'), 'utf8').split('\n').length,
  ).toBeGreaterThan(10);
});
