/** The program as its users have it: `deepem serve` in a process of its own, and the system's Chromium on its page. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { readCoordinates } from '../../src/storage/coordinates.js';
import { deepem } from '../command-line.js';

/** Where screenshots of failed tests go. */
const FAILURES = 'test-results';
/** Flags that Chromium needs as root, without a screen and without a network. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Milliseconds after which what should have ended is taken to hang. */
const PATIENCE = 20_000;

/** Chromium as Debian installs it. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** A running server. */
export interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a server and waits for its address. */
export async function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const url = await new Promise<string>((resolve, reject) => {
    let [text, errors] = ['', ''];
    child.stdout.on('data', (data) => {
      text += data;
      const found = /http:\S+/.exec(text);
      if (found) resolve(found[0]);
    });
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.on('close', () => reject(new Error(`the server ended: ${errors}`)));
  });
  return {
    url,
    process: child,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await ended;
      clearTimeout(timer);
      if (signal !== 'SIGKILL' && child.signalCode === 'SIGKILL')
        throw new Error(`the server did not end at ${signal}`);
    },
  };
}

/** A browser for the tests of a file; a page that fails leaves a screenshot. */
export function browserTests(): { open(url: string, size?: { width: number; height: number }): Promise<Page> } {
  let browser: Browser;
  let pages: Page[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser?.close());
  afterEach(async ({ task }) => {
    for (const [i, page] of pages.entries()) {
      if (task.result?.state === 'fail') {
        mkdirSync(FAILURES, { recursive: true });
        await page
          .screenshot({ path: join(FAILURES, `${task.name.replaceAll(/\W+/g, '-')}-${i}.png`) })
          .catch(() => {});
      }
      await page.close();
    }
    pages = [];
  });
  return {
    async open(url, viewport = { width: 1280, height: 720 }) {
      const page = await browser.newPage({ viewport });
      page.setDefaultTimeout(PATIENCE);
      pages.push(page);
      await page.goto(url);
      // The answer to the token is a page that leads on to the program's own.
      await page.waitForURL((address) => !address.searchParams.has('token'));
      return page;
    },
  };
}

/** Keeps a picture for the README, where SCREENSHOTS names a folder (`npm run screenshots`). */
export async function picture(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS } = process.env;
  if (!SCREENSHOTS) return;
  // Pictures in the page come lazily.
  await page.waitForTimeout(2000);
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.jpg`), type: 'jpeg', quality: 70 });
}

/** Simulated micrographs, with their truth in another folder. */
export function simulateProject(folder: string, count: number, ...more: string[]): { project: string; truth: string } {
  const [project, truth] = [join(folder, 'project'), join(folder, 'truth')];
  const size = ['--size', '512', '--particles', '25', '--snr', '0.1'];
  deepem('simulate', '--out', join(project, 'micrographs'), '--micrographs', String(count), ...size, ...more);
  mkdirSync(truth, { recursive: true });
  const files = deepem('convert', join(project, 'micrographs'), '--to', 'csv', '--out', truth);
  if (files.code !== 0) throw new Error(files.stderr);
  return { project, truth };
}

/** True centres of a simulated micrograph. */
export function truthOf(truth: string, name: string) {
  return readCoordinates(join(truth, `${name}.csv`));
}

/** Clicks places of the micrograph that is shown whole. */
export async function clickPlaces(
  page: Page,
  side: number,
  places: readonly { x: number; y: number }[],
): Promise<void> {
  const canvas = page.locator('canvas.marks');
  const box = await canvas.boundingBox();
  if (!box) throw new Error('there is no viewer');
  const k = Math.min(box.width, box.height) / side;
  const [left, top] = [(box.width - k * side) / 2, (box.height - k * side) / 2];
  for (const { x, y } of places) {
    await canvas.click({ position: { x: left + k * (x + 0.5), y: top + k * (y + 0.5) } });
  }
}

/** A JSON file of the project. */
export async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

/** Draws a diameter of 66 pixels in the middle of a micrograph of so many pixels. */
export async function drawDiameter(page: Page, side: number): Promise<void> {
  await page.getByRole('button', { name: 'Diameter', exact: true }).click();
  const box = await page.locator('canvas.marks').boundingBox();
  if (!box) throw new Error('no viewer');
  const k = Math.min(box.width, box.height) / side;
  await page.mouse.move(box.x + 300, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(box.x + 300 + 33 * k, box.y + 300, { steps: 5 });
  await page.mouse.up();
}
