/** Classes that act: kept or rejected as a whole or member by member, undone as one, and learned from. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, picture, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SET = 'general-66px';
const NAMES = ['sim_0001', 'sim_0002'];

let project = '';
let server: Served;
let page: Page;

function rowsOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : [];
}
const labels = (kind: 'labels' | 'negatives') =>
  NAMES.flatMap((name) => rowsOf(join(project, kind, 'micrographs', `${name}.csv`)));
/** Members of a class, as they are on disk. */
const members = (number: number) =>
  rowsOf(join(project, 'classes', `${SET}.csv`)).filter((row) => row.endsWith(`,${number}`));
const tile = (number: number) => page.getByRole('listitem', { name: new RegExp(`^Class ${number}, `) });
const undo = () => page.getByRole('button', { name: 'Undo' }).click();

beforeEach(async () => {
  ({ project } = simulateProject(folder.at(), 2));
  server = await serve(project);
  page = await browser.open(server.url);
  await page.locator('canvas.marks').waitFor();
  await page.getByLabel('Diameter in pixels').fill('66');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Find particles' }).click();
  const last = join(project, 'picks', SET, 'micrographs', 'sim_0002.csv');
  await expect.poll(() => rowsOf(last).length, { timeout: 60_000 }).toBeGreaterThan(5);
  await page.getByRole('tab', { name: 'Verify' }).click();
  await page.getByLabel('classes', { exact: true }).fill('3');
  await page.getByRole('button', { name: 'Classify' }).click();
  await tile(1).waitFor({ timeout: 60_000 });
  return () => server.kill('SIGKILL');
}, 150_000);

describe('a class', () => {
  it('is rejected by a key, its members are no particles then, and that is undone as one', async () => {
    const particles = async () =>
      (await page.locator('.row').allTextContents()).map((text) => /\d+ picks/.exec(text)?.[0]);
    const [before, rejected] = [await particles(), members(2).length];
    await tile(2).focus();
    await page.keyboard.press('r');
    await expect.poll(() => labels('negatives').length).toBe(rejected);
    await tile(2).getByText(`${rejected} rejected`).waitFor();
    await expect.poll(particles).not.toEqual(before);
    await picture(page, 'serve-classes');
    await undo();
    await expect.poll(() => labels('negatives').length).toBe(0);
    await expect.poll(particles).toEqual(before);
    await tile(2).getByRole('button', { name: 'Reject' }).click();
    await tile(2).getByRole('button', { name: 'Reject', pressed: true }).click();
    await expect.poll(() => labels('negatives').length).toBe(0);
  });

  it('shows its members on a click, each of which can be rejected; a reload comes back to them', async () => {
    await tile(1).getByRole('button', { name: 'Average of class 1' }).click();
    const shown = page.getByRole('list', { name: 'Members of class 1' }).getByRole('listitem');
    await expect.poll(() => shown.count()).toBe(Math.min(60, members(1).length));
    await shown.first().focus();
    await page.keyboard.press('r');
    await expect.poll(() => labels('negatives').length).toBe(1);
    await tile(1).getByText('1 rejected').waitFor();
    await page.waitForTimeout(500);
    await page.reload();
    await expect.poll(() => shown.count()).toBe(Math.min(60, members(1).length));
    await page.locator('.gallery .tile.rejected').waitFor();
  });
});

describe('training again', () => {
  it('learns from kept and rejected classes, and picks all micrographs', async () => {
    await tile(1).getByRole('button', { name: 'Keep' }).click();
    await expect.poll(() => labels('labels').length).toBeGreaterThan(0);
    await tile(3).getByRole('button', { name: 'Reject' }).click();
    await expect.poll(() => labels('negatives').length).toBe(members(3).length);
    await page.getByRole('button', { name: 'Train again and pick' }).click();
    const picked = join(project, 'picks', 'model-1', 'micrographs', 'sim_0002.csv');
    await expect.poll(() => existsSync(picked), { timeout: 120_000 }).toBe(true);
    await page.getByRole('heading', { name: 'Verify model-1' }).waitFor({ timeout: 60_000 });
    const { micrographs } = JSON.parse(readFileSync(join(project, 'models', 'model-1.training.json'), 'utf8'));
    const negatives = micrographs.flatMap((one: { negatives: unknown[] }) => one.negatives);
    expect(negatives).toHaveLength(members(3).length);
  }, 240_000);
});

describe('a selection of another program', () => {
  it('keeps what it holds, rejects the other picks of its micrographs, and is undone as one', async () => {
    const [first, ...others] = rowsOf(join(project, 'picks', SET, 'micrographs', 'sim_0001.csv'));
    const [x, y] = first.split(',');
    const star = `data_particles\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\nX/sim_0001.mrc ${x} ${y}\n`;
    await page.getByText('Use a selection from RELION or cryoSPARC').click();
    await page
      .getByLabel('Particles that were kept')
      .setInputFiles({ name: 'particles.star', mimeType: 'text/plain', buffer: Buffer.from(star) });
    await page.getByText(/1 kept, \d+ rejected, on 1 micrograph/).waitFor();
    expect(labels('labels')).toHaveLength(1);
    expect(labels('negatives').length).toBeGreaterThan(0);
    expect(labels('negatives').length).toBeLessThanOrEqual(others.length);
    await undo();
    await expect.poll(() => labels('labels').length + labels('negatives').length).toBe(0);
  });
});
