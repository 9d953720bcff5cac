/**
 * The five-minute story on real micrographs (KLH, ../shared/data), in the page as a person would do it: an empty folder, micrographs arrive, the
 * diameter, the general model's picks, ten corrections, training, picking, classes kept and rejected, training again, picking, export. The truth
 * stands for the person: it says which picks are wrong, and which classes hold mostly wrong ones. Writes docs/results/story.json.
 * Usage: npm run bench -- story
 */

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Locator, type Page } from 'playwright-core';
import { isInside, type Particle, type Point } from '../src/core/particle.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { indexPoints } from '../src/evaluation/match.js';
import { parseCoordinates } from '../src/formats/coordinates.js';
import { CHROMIUM, clickPlaces, FLAGS, serve } from '../test/browser/harness.js';
import { labelsOf, namesOf, SPECIMENS } from './data-sets.js';
import { MACHINE } from './machine.js';

const [set] = SPECIMENS.filter(({ name }) => name === 'KLH');
const GENERAL = `general-${set.diameter}px`;
const PATIENCE = 240_000;
const names = namesOf(set);
const truth = new Map(labelsOf(set, names).map((points, i) => [names[i], points]));
const folder = mkdtempSync(join(tmpdir(), 'deepem-story-'));
const started = performance.now();
const steps: { readonly step: string; readonly at: number }[] = [];

function done(step: string): void {
  steps.push({ step, at: Math.round((performance.now() - started) / 100) / 10 });
  process.stderr.write(`${steps.at(-1)?.at} s: ${step}\n`);
}

function particlesIn(file: string): Particle[] {
  return parseCoordinates(readFileSync(file), file).map(({ particle }) => particle);
}

async function until(what: string, isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    if (await isDone()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** F1 of an export, away from the edge. */
function f1Of(exported: string): number {
  const inside = <P extends Point>(points: readonly P[]) =>
    points.filter((point) => isInside(point, set.size.width, set.size.height, set.edge));
  const micrographs = names.map((name) => ({
    name,
    truth: inside(truth.get(name) ?? []),
    picks: inside(particlesIn(join(folder, 'exports', exported, `${name}.csv`))),
  }));
  return evaluate(micrographs, { radius: set.radius, threshold: 0 }).atThreshold?.f1 ?? 0;
}

const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });
const tab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

async function exported(page: Page, name: string): Promise<number> {
  await tab(page, 'Export');
  for (const format of ['box', 'star', 'csv'])
    await page.getByLabel(new RegExp(`^${format} `)).setChecked(format === 'csv');
  await button(page, 'Export').click();
  await page.getByText(new RegExp(`Export ${name}(-\\d+)?: done`)).waitFor({ timeout: PATIENCE });
  return f1Of(name);
}

const isWrong = (index: ReturnType<typeof indexPoints>, { x, y }: Point) =>
  (index?.within(x, y, set.radius).length ?? 0) === 0;

/** Five wrong picks are rejected and five particles labelled, on the first micrograph. */
async function correct(page: Page, name: string): Promise<void> {
  const known = truth.get(name) ?? [];
  const index = indexPoints(known);
  const picks = particlesIn(join(folder, 'picks', GENERAL, 'micrographs', `${name}.csv`));
  const wrong = picks.filter((pick) => isWrong(index, pick)).sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const inside = known.filter((point) => isInside(point, set.size.width, set.size.height, set.edge));
  await tab(page, 'Label');
  await page.locator(`.row[data-id$=${name}]`).click();
  await page.getByRole('application', { name: new RegExp(name) }).waitFor();
  await button(page, 'Correct').click();
  await clickPlaces(page, set.size.width, wrong.slice(0, 5));
  await button(page, 'Particle').click();
  await clickPlaces(page, set.size.width, inside.slice(0, 5));
}

/** Classes of mostly wrong picks are rejected, the others kept. */
async function sortClasses(page: Page, model: string): Promise<{ kept: number; rejected: number }> {
  await tab(page, 'Verify');
  await button(page, 'Classify').click();
  const table = join(folder, 'classes', `${model}.csv`);
  await page.getByRole('listitem', { name: /^Class 1, / }).waitFor({ timeout: PATIENCE });
  const shares = new Map<number, { right: number; all: number }>();
  for (const line of readFileSync(table, 'utf8').trim().split('\n').slice(1)) {
    const [, file, x, y, , number] = /^"(.*)",([\d.-]+),([\d.-]+),([\w.-]+),(\d+)$/.exec(line) ?? [];
    const name = names.find((one) => file.includes(one)) ?? '';
    const share = shares.get(Number(number)) ?? { right: 0, all: 0 };
    share.all++;
    if (!isWrong(indexPoints(truth.get(name) ?? []), { x: Number(x), y: Number(y) })) share.right++;
    shares.set(Number(number), share);
  }
  const counts = { kept: 0, rejected: 0 };
  for (const [number, { right, all }] of shares) {
    const keeps = right >= all / 2;
    const tile = page.getByRole('listitem', { name: new RegExp(`^Class ${number}, `) });
    await tile.getByRole('button', { name: keeps ? 'Keep' : 'Reject', exact: true }).click();
    await tile.getByRole('button', { name: keeps ? 'Keep' : 'Reject', pressed: true }).waitFor();
    counts[keeps ? 'kept' : 'rejected']++;
  }
  return counts;
}

const picked = (model: string) =>
  until(`picks of ${model}`, () =>
    names.every((name) => existsSync(join(folder, 'picks', model, 'micrographs', `${name}.csv`))),
  );

const server = await serve(folder);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(60_000);
  await page.goto(server.url);
  await page.getByText('No micrographs in').waitFor();
  mkdirSync(join(folder, 'micrographs'));
  for (const name of names) {
    copyFileSync(join(set.micrographs, name + set.ending), join(folder, 'micrographs', name + set.ending));
  }
  await until('micrographs', async () => (await page.locator('.row').count()) === names.length);
  await page.locator('.row').first().click();
  await page.locator('canvas.marks').waitFor();
  done('the folder has micrographs');
  await page.getByLabel('Diameter in pixels').fill(String(set.diameter));
  await page.keyboard.press('Tab');
  await button(page, 'Find particles').click();
  await picked(GENERAL);
  const first = await exported(page, GENERAL);
  done(`the general model's picks are exported: F1 ${first.toFixed(3)}`);
  await correct(page, names[0]);
  done('ten corrections');
  await tab(page, 'Train');
  await page.getByRole('button', { name: /^Train on \d+ labels/ }).click();
  await button(page, 'Pick all micrographs').click({ timeout: PATIENCE });
  await picked('model-1');
  const second = await exported(page, 'model-1');
  done(`model-1 is trained, and its picks are exported: F1 ${second.toFixed(3)}`);
  const classes = await sortClasses(page, 'model-1');
  done(`${classes.kept} classes kept, ${classes.rejected} rejected`);
  await button(page, 'Train again and pick').click();
  await picked('model-2');
  await page.getByRole('heading', { name: 'Verify model-2' }).waitFor({ timeout: PATIENCE });
  const last = await exported(page, 'model-2');
  done(`model-2 is trained, and its picks are exported: F1 ${last.toFixed(3)}`);
  const result = { machine: MACHINE, set: set.name, first, second, last, classes, steps };
  writeFileSync('docs/results/story.json', `${JSON.stringify(result, null, 1)}\n`);
} finally {
  await browser.close();
  await server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
