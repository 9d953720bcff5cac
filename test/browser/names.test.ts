/** Models and sets of picks are renamed and deleted, and Undo brings back what was. */

import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { deepem } from '../command-line.js';
import { browserTests, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();

let project = '';
let server: Served;
let page: Page;

const has = (...path: string[]) => existsSync(join(project, ...path));
const card = (name: string) => page.getByRole('article', { name: `Model ${name}` });
const button = (name: string) => page.getByRole('button', { name, exact: true });

beforeEach(async () => {
  ({ project } = simulateProject(folder.at(), 1));
  mkdirSync(join(project, 'models'));
  copyFileSync('models/general.onnx', join(project, 'models', 'model-1.onnx'));
  const [model, out] = [join(project, 'models', 'model-1.onnx'), join(project, 'picks', 'model-1')];
  const run = deepem('pick', join(project, 'micrographs'), '--model', model, '--diameter', '66px', '--out', out);
  if (run.code !== 0) throw new Error(run.stderr);
  server = await serve(project);
  page = await browser.open(server.url);
  await page.getByRole('tab', { name: 'Train' }).click();
  await card('model-1').waitFor();
  return () => server.kill('SIGKILL');
}, 60_000);

describe('a model', () => {
  it('gets another name together with its picks, and Undo gives the old one back', async () => {
    await button('Rename').click();
    await page.getByLabel('New name of model-1').fill('first_try');
    await button('Save name').click();
    await card('first_try').waitFor();
    expect([has('models', 'first_try.onnx'), has('picks', 'first_try'), has('models', 'model-1.onnx')]).toEqual([
      ...[true, true, false],
    ]);
    await expect.poll(() => page.getByLabel('picks of').inputValue()).toBe('first_try');
    await button('Undo').click();
    await card('model-1').waitFor();
    expect(has('picks', 'model-1')).toBe(true);
  });

  it('is deleted with its picks; Undo brings both back, and Redo deletes them again', async () => {
    for (let i = 0; i < 2; i++) {
      if (i === 0) await button('Delete model-1').click();
      else await button('Redo').click();
      await card('model-1').waitFor({ state: 'detached' });
      expect([has('models', 'model-1.onnx'), has('picks', 'model-1')]).toEqual([false, false]);
      await button('Undo').click();
      await card('model-1').waitFor();
      expect([has('models', 'model-1.onnx'), has('picks', 'model-1')]).toEqual([true, true]);
    }
  });

  it('keeps its name where the other one is taken', async () => {
    copyFileSync('models/general.onnx', join(project, 'models', 'other.onnx'));
    await button('Rename').click();
    await page.getByLabel('New name of model-1').fill('other');
    await button('Save name').click();
    await page.getByText('This name is taken').waitFor();
    expect(has('models', 'model-1.onnx')).toBe(true);
  });
});
