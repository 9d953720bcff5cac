/** The page's files: one change after the other, nothing lost, nobody's file replaced. In process, without a browser. */

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeMrc } from '../formats/mrc.js';
import { testFolder } from '../testing/folder.js';
import { noiseImage } from '../testing/helpers.js';
import type { ApiProject } from './api.js';
import { makeApp } from './app.js';
import { makeContext } from './context.js';
import { openLabels } from './labels.js';
import { openMaskStore } from './masks.js';
import { openModels } from './models.js';
import { openPickSets } from './pick-sets.js';
import { openProject } from './project.js';

const { at, put } = testFolder();
const TOKEN = 'secret';

/** A project of two micrographs behind the routes, without pictures. */
async function open() {
  for (const name of ['a', 'b']) put(`micrographs/${name}.mrc`, writeMrc(noiseImage(128, 128, 1), 2, ''));
  const project = await openProject(at(), []);
  const [labels, masks] = [await openLabels(project), await openMaskStore(project)];
  const images = { make: () => Promise.reject(new Error('none')), close: async () => {} };
  const sets = openPickSets(project, labels, masks);
  const parts = { project, labels, masks, models: openModels(project), sets, images };
  const app = makeApp(makeContext(parts, 'no-program'), {
    ...{ token: TOKEN, host: '127.0.0.1', allowed: [], basePath: '', page: new Map() },
  });
  const headers = { Authorization: `Bearer ${TOKEN}`, Host: '127.0.0.1', 'Content-Type': 'application/json' };
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
    const response = await app.request(`http://127.0.0.1${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  return { project, ask, state: async () => (await ask('GET', '/api/project')).body as ApiProject };
}

const A = 'micrographs/a';
const settings = () => JSON.parse(readFileSync(at('deepem.json'), 'utf8'));

describe('settings', () => {
  it('that change at once are all on disk, the last one last', async () => {
    const { ask } = await open();
    const sizes = Array.from({ length: 30 }, (_, i) => 50 + i);
    const checks = ['a', 'b'].map((name) => ask('POST', '/api/checked', { id: `micrographs/${name}`, checked: true }));
    await Promise.all([...sizes.map((diameter) => ask('PUT', '/api/settings', { diameter })), ...checks]);
    expect(settings()).toMatchObject({ diameter: 79, checked: ['micrographs/a', 'micrographs/b'] });
  });

  it('that cannot be written are refused, and do not count', async () => {
    const { ask, state } = await open();
    await ask('PUT', '/api/settings', { diameter: 60 });
    rmSync(at('deepem.json'));
    mkdirSync(at('deepem.json'));
    const refused = await ask('PUT', '/api/settings', { diameter: 90 });
    expect([refused.status, refused.body.error]).toEqual([400, expect.stringMatching(/Cannot write .*deepem\.json/)]);
    expect((await state()).diameter).toBe(60);
  });

  it("leave a person's own micrographs.txt alone", async () => {
    put('micrographs.txt', 'mine\n');
    const { ask } = await open();
    await ask('POST', '/api/refresh', {});
    expect(readFileSync(at('micrographs.txt'), 'utf8')).toBe('mine\n');
    expect(readFileSync(at('.deepem', 'micrographs.txt'), 'utf8')).toBe('micrographs/a.mrc\nmicrographs/b.mrc\n');
  });
});

describe('labels', () => {
  it('16,000 in one request are as many afterwards, each once', async () => {
    const { ask } = await open();
    const add = Array.from({ length: 16_000 }, (_, i) => ({ x: i % 128, y: Math.floor(i / 128) }));
    const { body } = await ask('POST', '/api/labels', {
      id: A,
      kind: 'particle',
      add: [...add, ...add.slice(0, 100)],
      remove: [],
    });
    expect(body.particles).toHaveLength(16_000);
  });

  it('are imported once each, and a file of millions is refused with what to do', async () => {
    const { ask } = await open();
    await ask('PUT', '/api/settings', { diameter: 20 });
    const doubled = await ask('POST', '/api/labels/import?name=a.csv', 'x,y\n30,30\n30,31\n30,30\n90,90\n');
    expect(doubled.body).toMatchObject({ imported: 2, micrographs: 1, leftOver: [] });
    const many = await ask('POST', '/api/labels/import?name=a.csv', `x,y\n${'1,1\n'.repeat(1_000_001)}`);
    expect([many.status, many.body.error]).toEqual([
      400,
      expect.stringMatching(/too large to import.*at most 1000000.*deepem convert/),
    ]);
  });

  it('of a table with several micrographs go to each, and what belongs to none is named', async () => {
    const { ask } = await open();
    const table = 'micrograph,x,y\na.mrc,30,30\nb.mrc,40,40\nelsewhere.mrc,50,50\n';
    const { body } = await ask('POST', '/api/labels/import?name=all.csv', table);
    expect(body).toEqual({ imported: 2, micrographs: 2, leftOver: ['elsewhere.mrc'] });
  });

  it('that are damaged are shown at their micrograph only, and never written over', async () => {
    put('labels/micrographs/a.csv', 'x,y\n1,none\n');
    const { ask, state } = await open();
    const [a, b] = (await state()).micrographs;
    expect([a.failed, b.failed]).toEqual([expect.stringMatching(/a\.csv.*line 2: y is "none"/), null]);
    const refused = await ask('POST', '/api/labels', { id: A, kind: 'particle', add: [{ x: 5, y: 5 }], remove: [] });
    expect([refused.status, refused.body.error]).toEqual([
      400,
      expect.stringMatching(/Repair the file or move it away/),
    ]);
    expect(readFileSync(at('labels', 'micrographs', 'a.csv'), 'utf8')).toBe('x,y\n1,none\n');
    put('labels/micrographs/a.csv', 'x,y\n1,2\n');
    expect((await ask('GET', `/api/labels?id=${encodeURIComponent(A)}`)).body.particles).toEqual([{ x: 1, y: 2 }]);
    expect((await state()).micrographs[0].failed).toBeNull();
  });

  it('of another program are taken where folder and name say whose they are, else named', async () => {
    put('labels/a.box', '10 10 20 20\n');
    put('labels/elsewhere/b.csv', 'x,y\n7,7\n');
    const { state } = await open();
    const { micrographs, notices } = await state();
    expect(micrographs.map(({ labels }) => labels)).toEqual([1, 0]);
    expect(notices.join('\n')).toMatch(/a\.box: 1 label copied[\s\S]*not used.*elsewhere\/b\.csv/);
    expect(existsSync(at('labels', 'a.box'))).toBe(true);
  });
});

describe('previews beside micrographs', () => {
  it('do not keep the page from starting, and are named', async () => {
    put('micrographs/a.jpg', 'x');
    put('micrographs/a.xml', '<x/>');
    const { state } = await open();
    const { micrographs, notices } = await state();
    expect(micrographs.map(({ id }) => id)).toEqual(['micrographs/a', 'micrographs/b']);
    expect(notices.join()).toMatch(/better format.*a\.jpg/);
  });
});

describe('a training whose server was killed', () => {
  const job = (pid: number) =>
    put('.deepem/jobs/model-1.json', JSON.stringify({ arguments: ['train', '-o', 'models/model-1.onnx'], pid }));

  it('that runs still is shown as running, and cannot be begun twice', async () => {
    job(process.pid);
    const { ask, state } = await open();
    expect((await state()).cutOff).toEqual([{ name: 'model-1', running: true }]);
    expect((await ask('POST', '/api/jobs/resume', { name: 'model-1' })).body.error).toMatch(/runs still/);
  });

  it('that has ended goes on by one request, with its own command', async () => {
    job(2 ** 22 + 1);
    const { ask, state } = await open();
    expect((await state()).cutOff).toEqual([{ name: 'model-1', running: false }]);
    const { body } = await ask('POST', '/api/jobs/resume', { name: 'model-1' });
    expect(body).toMatchObject({ kind: 'train', commands: ['deepem train -o models/model-1.onnx'], result: 'model-1' });
    expect((await ask('POST', '/api/jobs/resume', { name: 'other' })).status).toBe(400);
  });

  it('whose model is whole is forgotten', async () => {
    job(2 ** 22 + 1);
    put('models/model-1.onnx', 'x');
    const { state } = await open();
    expect((await state()).cutOff).toEqual([]);
    expect(existsSync(at('.deepem', 'jobs', 'model-1.json'))).toBe(false);
  });
});
