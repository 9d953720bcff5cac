/**
 * Random sequences of what people do with labels (clicks with two tools, undo and redo, reloads, two tabs, a server that is killed and started
 * again), held against a model of what must be on disk: no label is lost or changed by anything but its own undo.
 * RANDOM_SEQUENCES says how many; a failure names its seed.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type Random, random } from '../../src/core/random.js';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, clickPlaces, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const SIDE = 512;
const NAMES = ['sim_0001', 'sim_0002'] as const;
const SEQUENCES = Number(process.env.RANDOM_SEQUENCES ?? 6);
const FIRST_SEED = Number(process.env.RANDOM_SEED ?? 1);
const ACTIONS = 12;
/** Places that are clicked: so far apart that a click means one of them. */
const CELLS = [100, 200, 300, 400].flatMap((x) => [100, 250, 400].map((y) => ({ x, y })));
const KINDS = ['particle', 'negative'] as const;
const TOOLS = { particle: 'Particle', negative: 'Not a particle' } as const;
const FOLDERS = { particle: 'labels', negative: 'negatives' } as const;

type Kind = (typeof KINDS)[number];
type Name = (typeof NAMES)[number];

/** A click: what it did, so that its undo does the opposite. */
interface Deed {
  readonly name: Name;
  readonly kind: Kind;
  readonly cell: number;
  readonly added: boolean;
}

/** What a tab is expected to do. */
interface Tab {
  readonly page: Page;
  name: Name;
  past: Deed[];
  future: Deed[];
}

/** Labels that must be there, as text. */
type Expected = Set<string>;
const keyOf = (name: string, kind: Kind, cell: number) => `${name} ${kind} ${cell}`;

function apply(expected: Expected, { name, kind, cell, added }: Deed, forwards: boolean): void {
  if (added === forwards) expected.add(keyOf(name, kind, cell));
  else expected.delete(keyOf(name, kind, cell));
}

/** The nearest cell of a label on disk. */
function cellOf(x: number, y: number): number {
  return CELLS.findIndex((cell) => Math.hypot(cell.x - x, cell.y - y) < 20);
}

function onDisk(project: string): string[] {
  const found: string[] = [];
  for (const name of NAMES) {
    for (const kind of KINDS) {
      const file = join(project, FOLDERS[kind], 'micrographs', `${name}.csv`);
      if (!existsSync(file)) continue;
      for (const row of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
        const [x, y] = row.split(',').map(Number);
        found.push(keyOf(name, kind, cellOf(x, y)));
      }
    }
  }
  return found.sort();
}

async function show(tab: Tab, name: Name): Promise<void> {
  await tab.page.locator(`.row[data-id$=${name}]`).click();
  await tab.page.getByRole('application', { name: new RegExp(name) }).waitFor();
  tab.name = name;
}

async function click(tab: Tab, expected: Expected, source: Random): Promise<void> {
  const kind = KINDS[source.integer(KINDS.length)];
  const cell = source.integer(CELLS.length);
  await tab.page.getByRole('button', { name: TOOLS[kind], exact: true }).click();
  await clickPlaces(tab.page, SIDE, [CELLS[cell]]);
  const deed = { name: tab.name, kind, cell, added: !expected.has(keyOf(tab.name, kind, cell)) };
  apply(expected, deed, true);
  tab.past.push(deed);
  tab.future = [];
}

async function undo(tab: Tab, expected: Expected): Promise<void> {
  const deed = tab.past.pop();
  if (!deed) return;
  await tab.page.keyboard.press('Control+z');
  apply(expected, deed, false);
  tab.future.push(deed);
  tab.name = deed.name;
}

async function redo(tab: Tab, expected: Expected): Promise<void> {
  const deed = tab.future.pop();
  if (!deed) return;
  await tab.page.keyboard.press('Control+y');
  apply(expected, deed, true);
  tab.past.push(deed);
  tab.name = deed.name;
}

async function reload(tab: Tab): Promise<void> {
  // The address follows what is on the page after a moment.
  await tab.page.waitForTimeout(400);
  await tab.page.reload();
  await tab.page.locator('canvas.marks').waitFor();
  [tab.past, tab.future] = [[], []];
}

/** Waits until the banner comes or goes, which moves the picture, and shows all of the micrograph again: clicks are placed for that. */
async function banner(tabs: readonly Tab[], state: 'visible' | 'detached'): Promise<void> {
  for (const { page } of tabs) {
    await page.getByText('The server cannot be reached').waitFor({ state });
    await page.locator('canvas.marks').press('0');
  }
}

/** What is on disk, and what every tab shows of its micrograph, is what must be there. */
async function settled(project: string, tabs: readonly Tab[], expected: Expected): Promise<void> {
  const difference = () => {
    const disk = onDisk(project);
    const missing = [...expected].filter((key) => !disk.includes(key)).map((key) => `missing: ${key}`);
    const more = disk
      .filter((key, i) => !expected.has(key) || disk.indexOf(key) !== i)
      .map((key) => `too much: ${key}`);
    return [...missing, ...more];
  };
  await expect.poll(() => difference().join('; '), { timeout: 20_000 }).toBe('');
  for (const { page, name } of tabs) {
    const count = [...expected].filter((key) => key.startsWith(`${name} particle `)).length;
    await expect.poll(() => page.getByTestId('label-count').textContent(), { timeout: 20_000 }).toBe(String(count));
  }
}

it(
  `${SEQUENCES} random sequences with kills, reloads and two tabs lose no label`,
  async () => {
    const { project } = simulateProject(folder.at(), NAMES.length);
    let server: Served = await serve(project);
    const open = async (): Promise<Tab> => {
      const page = await browser.open(server.url);
      await page.locator('canvas.marks').waitFor();
      return { page, name: NAMES[0], past: [], future: [] };
    };
    const tabs = [await open(), await open()];
    const expected: Expected = new Set();
    for (const tab of tabs) await show(tab, NAMES[0]);
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed++) {
      const source = random(seed);
      const did: string[] = [];
      try {
        for (let i = 0; i < ACTIONS; i++) {
          const which = source.integer(tabs.length);
          const tab = tabs[which];
          const draw = source.uniform();
          const action =
            draw < 0.5
              ? 'click'
              : draw < 0.65
                ? 'undo'
                : draw < 0.75
                  ? 'redo'
                  : draw < 0.87
                    ? 'other'
                    : draw < 0.95
                      ? 'reload'
                      : 'kill';
          did.push(`${action} ${which}`);
          if (action === 'click') await click(tab, expected, source);
          if (action === 'undo') await undo(tab, expected);
          if (action === 'redo') await redo(tab, expected);
          if (action === 'other') await show(tab, NAMES[1 - NAMES.indexOf(tab.name)]);
          if (action === 'reload') await reload(tab);
          if (action === 'kill') {
            await server.kill('SIGKILL');
            await banner(tabs, 'visible');
            const clicks = 1 + source.integer(3);
            for (let k = 0; k < clicks; k++) await click(tab, expected, source);
            did.push(
              `clicks ${tab.past.slice(-clicks).map(({ kind, cell, added }) => `${added ? '+' : '-'}${kind} ${cell}`)}`,
            );
            server = await serve(project);
          }
          await settled(project, tabs, expected);
          if (action === 'kill') await banner(tabs, 'detached');
        }
      } catch (error) {
        throw new Error(`seed ${seed}, after ${did.join(', ')}: ${(error as Error).message}`);
      }
    }
    await server.kill('SIGKILL');
  },
  60_000 + 40_000 * SEQUENCES,
);
