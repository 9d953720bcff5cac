/// <reference lib="dom" />
/** The page itself: accessibility, size, themes. */

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('the page', () => {
  it.each(['light', 'dark'] as const)('has no violation that axe finds on any step, %s', async (scheme) => {
    const { project } = simulateProject(folder.at(), 2);
    const server = await serve(project);
    const page = await browser.open(server.url);
    await page.emulateMedia({ colorScheme: scheme });
    await page.reload();
    await page.locator('canvas.marks').waitFor();
    await page.getByLabel('Diameter in pixels').fill('66');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Find particles' }).click();
    await expect.poll(() => page.locator('.row', { hasText: 'picks' }).count(), { timeout: 60_000 }).toBe(2);
    await page.getByRole('tab', { name: 'Verify' }).click();
    await page.getByRole('button', { name: 'Classify' }).click();
    await page.getByRole('listitem', { name: /^Class 1, / }).waitFor({ timeout: 60_000 });
    await page.evaluate(AXE);
    for (const step of ['Label', 'Train', 'Review', 'Verify', 'Export']) {
      await page.getByRole('tab', { name: step }).click();
      for (const middle of ['Micrograph', 'Gallery', 'Mosaic', 'Table']) {
        await page.getByRole('button', { name: middle, exact: true }).click();
        const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
        expect(violations.map(({ id, nodes }) => `${step}, ${middle}: ${id} ${nodes[0].html}`)).toEqual([]);
      }
    }
    await server.kill('SIGINT');
  });

  it('fits into 1280 x 720: nothing is cut off or scrolls sideways', async () => {
    const { project } = simulateProject(folder.at(), 1);
    const server = await serve(project);
    const page = await browser.open(server.url);
    await page.locator('canvas.marks').waitFor();
    const [wide, high] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.scrollHeight,
    ]);
    expect([wide, high]).toEqual([1280, 720]);
    expect((await page.locator('canvas.marks').boundingBox())?.height).toBeGreaterThan(400);
    await server.kill('SIGINT');
  });

  it('has a script of less than 300 kB compressed', () => {
    const assets = join('dist', 'web', 'assets');
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
    expect(bytes).toBeLessThan(300_000);
  });
});
