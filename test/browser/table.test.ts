/** The session as a table: sorted, cut down to ranges, selected, excluded, and written as micrographs_selected.star. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { readMicrographsStar } from '../../src/formats/relion-star.js';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, picture, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const COUNT = 5;
const SET = 'general-66px-6A';

let project = '';
let server: Served;
let page: Page;

const names = async () =>
  (
    await page
      .locator('.session-rows tbody tr[data-id]')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')))
  ).map((id) => Number(/\d+$/.exec(id ?? '')?.[0]));
const settings = () => JSON.parse(readFileSync(join(project, 'deepem.json'), 'utf8'));
const button = (name: string) => page.getByRole('button', { name, exact: true });

beforeEach(async () => {
  ({ project } = simulateProject(folder.at(), COUNT));
  const rows = Array.from(
    { length: COUNT },
    (_, i) => `micrographs/sim_000${i + 1}.mrc 1 ${10000 + 500 * ((3 * i) % COUNT)} ${3 + i}.5`,
  );
  const star = [
    'data_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n_rlnMicrographPixelSize #3\n_rlnVoltage #4\nopticsGroup1 1 6 300\n',
    `data_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\n_rlnDefocusU #3\n_rlnCtfMaxResolution #4\n${rows.join('\n')}\n`,
  ];
  writeFileSync(join(project, 'micrographs_ctf.star'), star.join('\n'));
  server = await serve(project, join(project, 'micrographs_ctf.star'));
  page = await browser.open(server.url);
  await page.locator('canvas.marks').waitFor();
  await button('Table').click();
  await expect.poll(async () => (await names()).length).toBe(COUNT);
  return () => server.kill('SIGKILL');
}, 60_000);

describe('the table', () => {
  it('holds what the star file knows, sorted and cut down to ranges', async () => {
    await button('DefocusU').click();
    await expect.poll(names).toEqual([4, 2, 5, 3, 1]);
    await button('DefocusU ▾').click();
    await expect.poll(names).toEqual([1, 3, 5, 2, 4]);
    await page.getByLabel('Largest CtfMaxResolution').fill('5.5');
    await expect.poll(names).toEqual([1, 3, 2]);
    await page.getByText('5 micrographs, 3 in range').waitFor();
  });

  it('leaves excluded micrographs out of everything, writes the others, and is undone', async () => {
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await button('Find particles').click();
    const picks = () => page.locator('.row', { hasText: /\d+ picks/ }).count();
    await expect.poll(picks, { timeout: 60_000 }).toBe(COUNT);
    await page.getByLabel('Least CtfMaxResolution').fill('5');
    await expect.poll(names).toEqual([3, 4, 5]);
    await button('Select all in range').click();
    await button('Exclude').click();
    await page.getByText('3 selected, 3 excluded').waitFor();
    await expect.poll(picks).toBe(2);
    await picture(page, 'serve-table');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Save micrographs_selected.star' }).click();
    const star = readMicrographsStar(readFileSync(await (await download).path(), 'utf8'));
    expect(star.map(({ name, pixelSize }) => [name, pixelSize])).toEqual([
      ['micrographs/sim_0001.mrc', 6],
      ['micrographs/sim_0002.mrc', 6],
    ]);
    expect(star[1].values).toMatchObject({ rlnDefocusU: '11500', rlnCtfMaxResolution: '4.5' });
    expect(star[0].optics).toMatchObject({ rlnVoltage: '300' });

    await page.getByRole('tab', { name: 'Export' }).click();
    await button('Export').click();
    await page.getByText(`Export ${SET}: done`).waitFor({ timeout: 30_000 });
    await page.keyboard.press('Control+z');
    await expect.poll(() => settings().excluded).toEqual([]);
    await expect.poll(picks).toBe(COUNT);
  });

  it('selects what is drawn around in the scatter plot', async () => {
    await page.getByLabel('Column that is drawn across').selectOption('CtfMaxResolution');
    await page.getByLabel('Column that is drawn up').selectOption('DefocusU');
    const box = await page.getByRole('img', { name: /^DefocusU against CtfMaxResolution, 5/ }).boundingBox();
    if (!box) throw new Error('there is no plot');
    // The left half: resolutions up to the middle one.
    const corners = [
      [0.01, 0.01],
      [0.4, 0.01],
      [0.4, 0.99],
      [0.01, 0.99],
    ];
    for (const [i, [x, y]] of corners.entries()) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 3 });
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
    await page.getByText('2 selected, 0 excluded').waitFor();
    expect(
      await page
        .getByLabel(/^Select micrographs\/sim_000[12]/)
        .evaluateAll((all) => all.map((one) => (one as unknown as { checked: boolean }).checked)),
    ).toEqual([true, true]);
  });
});

describe('the mosaic', () => {
  it('shows the micrographs of the list, moves with arrows, and opens one', async () => {
    await button('Mosaic').click();
    const tiles = page.locator('.mosaic-tile');
    await expect.poll(() => tiles.count()).toBe(COUNT);
    await page.getByLabel('Search micrographs').fill('000');
    await tiles.first().focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.evaluate('document.activeElement.title')).toBe('micrographs/sim_0002');
    await page.keyboard.press('Enter');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
    await page.getByLabel('Search micrographs').fill('sim_0003');
    await button('Mosaic').click();
    await expect.poll(() => tiles.count()).toBe(1);
  });
});
