/** The page on screens of all sizes, and an address that says what is on it. */

import { chromium, type Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, CHROMIUM, FLAGS, picture, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();

let server: Served;

beforeEach(async () => {
  const { project } = simulateProject(folder.at(), 3);
  server = await serve(project);
  return () => server.kill('SIGKILL');
});

const SCREENS = [
  { words: 'a small laptop', width: 1280, height: 720 },
  { words: 'an old projector', width: 1024, height: 768 },
  { words: 'a laptop at 200 %', width: 720, height: 450 },
  { words: 'a telephone', width: 390, height: 844 },
  { words: 'a tablet', width: 820, height: 1180 },
];

describe.each(SCREENS)('on $words', ({ words, width, height }) => {
  it('shows the micrograph, and every panel can be opened and closed', async () => {
    const page = await browser.open(server.url, { width, height });
    await page.locator('canvas[data-tiles]:not([data-tiles="0"])').waitFor();
    const viewer = () => page.locator('canvas.marks').boundingBox();
    const before = await viewer();
    expect(before?.width).toBeGreaterThan(0.45 * width);
    expect(before?.height).toBeGreaterThan(0.4 * height);
    const sideways = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(sideways).toBe(0);
    await picture(page, `page-${words.replaceAll(' ', '-')}`);
    for (const name of ['list of micrographs', 'panel']) {
      const button = page.getByRole('button', { name });
      const panel = name === 'panel' ? page.locator('aside') : page.getByRole('navigation');
      if ((await button.getAttribute('aria-expanded')) === 'false') await button.click();
      await panel.waitFor({ state: 'visible' });
      const box = await panel.boundingBox();
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= width).toBe(true);
      await button.click();
      await panel.waitFor({ state: 'hidden' });
    }
    expect((await viewer())?.width).toBeGreaterThanOrEqual(width - 2);
  });
});

describe('panels', () => {
  it('are made wider by dragging and with arrows, and stay so', async () => {
    const page = await browser.open(server.url);
    await page.locator('canvas.marks').waitFor();
    const width = async () => (await page.locator('aside').boundingBox())?.width ?? 0;
    const before = await width();
    const edge = page.getByRole('separator', { name: 'Width of the panel' });
    const box = await edge.boundingBox();
    if (!box) throw new Error('no edge');
    await page.mouse.move(box.x + 3, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x - 97, box.y + 200, { steps: 4 });
    await page.mouse.up();
    expect(Math.abs((await width()) - before - 100)).toBeLessThan(3);
    await edge.focus();
    await page.keyboard.press('ArrowLeft');
    expect(Math.abs((await width()) - before - 120)).toBeLessThan(3);
    await page.reload();
    await page.locator('canvas.marks').waitFor();
    expect(Math.abs((await width()) - before - 120)).toBeLessThan(3);
  });
});

describe('the address', () => {
  const spotOf = async (page: Page) => {
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2 + 1);
    return (
      /x (\d+).*y (\d+)/
        .exec((await page.locator('.read-out').textContent()) ?? '')
        ?.slice(1, 3)
        .map(Number) ?? []
    );
  };

  it('brings back micrograph, tab, filter and place after a reload, and in another window', async () => {
    const page = await browser.open(server.url);
    await page.locator('canvas.marks').waitFor();
    await page.keyboard.press('n');
    await page.getByRole('application', { name: /sim_0002/ }).waitFor();
    await page.getByRole('tab', { name: 'Review' }).click();
    await page.getByLabel('Search micrographs').fill('000');
    const box = await page.locator('canvas.marks').boundingBox();
    if (!box) throw new Error('no viewer');
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 3);
    await page.mouse.wheel(0, -700);
    await page.waitForTimeout(600);
    const [bar, spot] = [await page.locator('.scale-bar').textContent(), await spotOf(page)];
    await page.reload();
    const shown = async (other: Page) => {
      await other.getByRole('application', { name: /sim_0002/ }).waitFor();
      expect(await other.getByRole('tab', { name: 'Review' }).getAttribute('aria-selected')).toBe('true');
      expect(await other.getByLabel('Search micrographs').inputValue()).toBe('000');
      await expect.poll(() => other.locator('.scale-bar').textContent()).toBe(bar);
      const now = await spotOf(other);
      expect(Math.hypot(now[0] - spot[0], now[1] - spot[1])).toBeLessThan(2.5);
    };
    await shown(page);
    const other = await browser.open(server.url);
    await other.goto(page.url());
    await other.reload();
    await shown(other);
  });
});

describe('by touch', () => {
  it('a tap labels, and a circle that is drawn is the diameter', async () => {
    const touching = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    try {
      const context = await touching.newContext({ viewport: { width: 820, height: 1180 }, hasTouch: true });
      const page = await context.newPage();
      await page.goto(server.url);
      await page.locator('canvas[data-tiles]:not([data-tiles="0"])').waitFor();
      await page.locator('canvas.marks').tap({ position: { x: 300, y: 400 } });
      await page.getByRole('button', { name: 'panel' }).tap();
      await expect.poll(() => page.getByTestId('label-count').textContent()).toBe('1');
      await page.getByRole('button', { name: 'panel' }).tap();
      await page.getByRole('button', { name: 'Diameter', exact: true }).tap();
      const box = await page.locator('canvas.marks').boundingBox();
      if (!box) throw new Error('no viewer');
      const session = await context.newCDPSession(page);
      const finger = (type: string, x: number) =>
        session.send('Input.dispatchTouchEvent', {
          type: type as 'touchStart',
          touchPoints: type === 'touchEnd' ? [] : [{ x: box.x + x, y: box.y + 300 }],
        });
      await finger('touchStart', 300);
      for (let x = 305; x <= 350; x += 5) await finger('touchMove', x);
      await finger('touchEnd', 350);
      await page.getByRole('button', { name: 'panel' }).tap();
      const expected = (100 * 512) / Math.min(box.width, box.height);
      await expect
        .poll(async () => Math.abs(Number(await page.getByLabel('Diameter in pixels').inputValue()) - expected))
        .toBeLessThan(4);
    } finally {
      await touching.close();
    }
  });
});
