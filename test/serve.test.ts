/** Who may talk to the server, and what it refuses. */

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../src/testing/folder.js';
import { type Served, serve } from './browser/harness.js';
import { deepem } from './command-line.js';

const folder = testFolder();
let server: Served;
let token = '';
let project = '';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request with headers as they are, also those that `fetch` keeps to itself. */
function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  body?: string | Uint8Array,
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(parts).toString(),
          headers: response.headers,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const own = () => ({ Authorization: `Bearer ${token}` });
const json = (value: unknown) => JSON.stringify(value);
const post = (path: string, value: unknown) =>
  ask(path, { ...own(), 'Content-Type': 'application/json' }, 'POST', json(value));

/** Made once, and copied for each test. */
const made = mkdtempSync(join(tmpdir(), 'deepem-serve-'));
beforeAll(() => {
  deepem('simulate', '--out', made, '--micrographs', '2', '--size', '256', '--particles', '6');
});
beforeEach(async () => {
  project = folder.at('project');
  cpSync(made, join(project, 'micrographs'), { recursive: true });
  server = await serve(project);
  token = new URL(server.url).searchParams.get('token') ?? '';
});
afterEach(() => server.kill('SIGKILL'));

describe('deepem serve', () => {
  it('listens on this machine only, with a long random token in the address', () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
  });

  it('refuses whatever has no token or a wrong one', async () => {
    for (const path of ['/', '/api/project', '/api/events', '/api/tile?id=micrographs%2Fsim_0001&level=0&x=0&y=0']) {
      expect((await ask(path)).status, path).toBe(401);
      expect((await ask(path, { Authorization: 'Bearer wrong' })).status, path).toBe(401);
    }
    expect((await ask('/?token=wrong')).status).toBe(401);
    expect((await ask(`/api/project?token=${token}`)).status).toBe(401);
  });

  it('gives a cookie for the token that scripts cannot read and other sites cannot send', async () => {
    const { status, headers, body } = await ask(`/?token=${token}`);
    expect([status, body]).toEqual([200, expect.stringContaining('url=./')]);
    const cookie = String(headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect((await ask('/api/project', { Cookie: cookie.split(';')[0] })).status).toBe(200);
  });

  it('takes this machine by its names and any port, and no other name (DNS rebinding)', async () => {
    for (const host of ['localhost:8000', '127.0.0.1:1', '[::1]:9'])
      expect((await ask('/api/project', { ...own(), Host: host })).status, host).toBe(200);
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80'])
      expect((await ask('/api/project', { ...own(), Host: host })).status, host).toBe(403);
  });

  it('refuses pages of other sites, also of other ports of this machine', async () => {
    const change = json({ diameter: 50 });
    const headers = { ...own(), 'Content-Type': 'application/json', Host: 'localhost:8000' };
    for (const origin of ['http://evil.example', 'http://localhost:8001', 'null']) {
      const { status } = await ask('/api/settings', { ...headers, Origin: origin }, 'PUT', change);
      expect(status, origin).toBe(403);
    }
    expect((await ask('/api/project', { ...own(), 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await ask('/api/project', { ...own(), 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
    const tunnelled = { ...headers, Origin: 'http://localhost:8000', 'Sec-Fetch-Site': 'same-origin' };
    expect((await ask('/api/settings', tunnelled, 'PUT', change)).status).toBe(200);
  });

  it('lets no other page show it or run scripts in it', async () => {
    const { headers } = await ask('/', own());
    expect(headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    '/../../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/api/tile?id=../../etc/passwd&level=0&x=0&y=0',
    '/api/labels?id=..%2F..%2Fsecret',
    '/api/picks?id=micrographs%2Fsim_0001&set=..%2F..',
    '/api/scores?set=..',
    '/api/classes?set=%2Fetc%2Fpasswd',
  ])('gives nothing outside the project: %s', async (path) => {
    const { status, body } = await ask(path, own());
    expect([400, 404]).toContain(status);
    expect(body).not.toMatch(/root:|"name": "deepem"/);
  });

  it('writes nothing outside the project', async () => {
    for (const id of ['../evil', '/tmp/evil', 'sim_0001/../../evil']) {
      const change = { id, kind: 'particle', add: [{ x: 1, y: 1 }], remove: [] };
      expect((await post('/api/labels', change)).status).toBe(400);
    }
    for (const set of ['../x', '..', '.hidden', 'a/b', 'a b;rm']) {
      const job = { kind: 'classes', set, classes: 2 };
      expect((await post('/api/jobs', job)).status, set).toBe(400);
    }
    expect(existsSync(folder.at('evil.csv'))).toBe(false);
  });

  it('answers wrong requests in words', async () => {
    const wrong = await post('/api/labels', { id: 'micrographs/sim_0001', kind: 'cake', add: [], remove: [] });
    expect([wrong.status, wrong.body]).toEqual([400, expect.stringMatching(/Wrong request.*kind/)]);
    const broken = await ask('/api/labels', { ...own(), 'Content-Type': 'application/json' }, 'POST', '{');
    expect(broken.status).toBe(400);
    const large = await post('/api/labels', {
      ...{ id: 'micrographs/sim_0001', kind: 'particle', remove: [] },
      add: [{ x: Number.MAX_VALUE, y: 1 }],
    });
    expect(large.status).toBe(400);
    expect((await ask('/api/jobs/99', own(), 'DELETE')).status).toBe(404);
    expect((await post('/api/jobs', { kind: 'general', micrograph: null })).body).toMatch(/diameter/);
    const export_ = { kind: 'export', set: 'model-1', formats: ['pdf'], particles: null };
    expect((await post('/api/jobs', export_)).body).toMatch(/diameter|format/);
  });

  it('takes no body of more than 32 MiB', async () => {
    const headers = { ...own(), 'Content-Type': 'application/octet-stream' };
    const answer = await ask('/api/labels/import?name=a.box', headers, 'POST', new Uint8Array(33 << 20)).catch(
      () => null,
    );
    expect(answer === null || answer.status === 413).toBe(true);
    expect((await ask('/api/project', own())).status).toBe(200);
  });

  it('copies labels of other programs to csv, once, and leaves their files', async () => {
    await server.kill('SIGINT');
    mkdirSync(join(project, 'labels'));
    writeFileSync(join(project, 'labels', 'sim_0001.box'), '90 90 20 20\n');
    server = await serve(project);
    token = new URL(server.url).searchParams.get('token') ?? '';
    const { particles } = JSON.parse((await ask('/api/labels?id=micrographs%2Fsim_0001', own())).body);
    expect(particles).toHaveLength(1);
    const csv = join(project, 'labels', 'micrographs', 'sim_0001.csv');
    expect(readFileSync(csv, 'utf8')).toBe('# replaces ../sim_0001.box\nx,y\n100.000,100.000\n');
    expect(readFileSync(join(project, 'labels', 'sim_0001.box'), 'utf8')).toBe('90 90 20 20\n');
    const { notices } = JSON.parse((await ask('/api/project', own())).body);
    expect(notices.join()).toMatch(/.*sim_0001\.box: 1 label copied to .*sim_0001\.csv/);
    await post('/api/labels', { ...LABEL, add: [], remove: [{ x: 100, y: 100 }] });
    await server.kill('SIGINT');
    server = await serve(project);
    token = new URL(server.url).searchParams.get('token') ?? '';
    expect(JSON.parse((await ask('/api/labels?id=micrographs%2Fsim_0001', own())).body).particles).toEqual([]);
  });

  it('forgets the file of a micrograph whose last label is gone, unless a person has looked at it', async () => {
    const label = { id: 'micrographs/sim_0001', kind: 'particle', add: [{ x: 100, y: 100 }], remove: [] };
    const file = join(project, 'labels', 'micrographs', 'sim_0001.csv');
    await post('/api/labels', label);
    expect(existsSync(file)).toBe(true);
    await post('/api/labels', { ...label, add: [], remove: label.add });
    expect(existsSync(file)).toBe(false);
    await post('/api/checked', { id: 'micrographs/sim_0001', checked: true });
    expect(existsSync(file)).toBe(true);
    await post('/api/checked', { id: 'micrographs/sim_0001', checked: false });
    expect(existsSync(file)).toBe(false);
  });

  it('decides about a pick: accepted is a label, rejected is none', async () => {
    await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter: 60 }));
    const place = { id: 'micrographs/sim_0001', x: 100, y: 100 };
    const labels = async (decision: string | null) =>
      JSON.parse((await post('/api/decide', { ...place, decision })).body);
    expect(await labels('accepted')).toMatchObject({ particles: [{ x: 100, y: 100 }], negatives: [] });
    expect(await labels('rejected')).toMatchObject({ particles: [], negatives: [{ x: 100, y: 100 }] });
    expect(await labels(null)).toMatchObject({ particles: [], negatives: [] });
  });

  it('keeps what was labelled when micrographs are added in another folder', async () => {
    await post('/api/labels', { ...LABEL, add: [{ x: 100, y: 100 }] });
    deepem(
      'simulate',
      '--out',
      join(project, 'more', 'deep'),
      '--micrographs',
      '1',
      '--size',
      '256',
      '--particles',
      '6',
    );
    expect((await post('/api/refresh', {})).status).toBe(200);
    const { micrographs } = JSON.parse((await ask('/api/project', own())).body);
    expect(micrographs.map(({ id, labels }: { id: string; labels: number }) => [id, labels])).toEqual([
      ['micrographs/sim_0001', 1],
      ['micrographs/sim_0002', 0],
      ['more/deep/sim_0001', 0],
    ]);
    const imported = (name: string, text: string) =>
      ask(`/api/labels/import?name=${name}`, own(), 'POST', text).then(({ body }) => body);
    expect(await imported('sim_0001.csv', 'x,y\n1,2\n')).toMatch(/sim_0001\.csv could belong to 2 micrographs/);
    expect(await imported('sim_0002.csv', 'x,y\n50,50\nnan,7\n1e9,3\n')).toMatch(/"imported":1/);
  });

  it('takes two decisions at once one after the other', async () => {
    await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter: 60 }));
    const places = Array.from({ length: 8 }, (_, i) => ({ id: LABEL.id, x: 20 + 25 * i, y: 50 }));
    await Promise.all(
      places.flatMap((place) =>
        ['accepted', 'rejected'].map((decision) => post('/api/decide', { ...place, decision })),
      ),
    );
    const { particles, negatives } = JSON.parse(
      (await ask(`/api/labels?id=${encodeURIComponent(LABEL.id)}`, own())).body,
    );
    expect(particles.length + negatives.length).toBe(8);
  });

  it('gives each training its own name, and negatives only where there are some', async () => {
    await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter: 60 }));
    await post('/api/labels', { ...LABEL, kind: 'negative', add: [{ x: 100, y: 100 }] });
    const train = { kind: 'train', labels: 'auto', epochs: 1, start: 'auto', thenPick: false };
    const command = async () => JSON.parse((await post('/api/jobs', train)).body).commands[0];
    expect(await command()).toMatch(/--negatives negatives .*model-1\.onnx/);
    await post('/api/labels', { ...LABEL, kind: 'negative', remove: [{ x: 100, y: 100 }] });
    expect(await command()).toMatch(/^(?!.*--negatives).*model-2\.onnx/);
  });

  it('shows the picks of a micrographs.star, and goes on beside a damaged file of picks', async () => {
    await server.kill('SIGINT');
    const star = folder.put('star/m.star', 'data_\nloop_\n_rlnMicrographName\nJob/job001/sim_0001.mrc\n');
    mkdirSync(folder.at('star', 'Job', 'job001'), { recursive: true });
    symlinkSync(join(project, 'micrographs', 'sim_0001.mrc'), folder.at('star', 'Job', 'job001', 'sim_0001.mrc'));
    const damaged = join('picks', 'damaged', 'Job', 'job001', 'sim_0001.csv');
    folder.put(join('star', damaged), 'no coordinates');
    mkdirSync(folder.at('star', 'picks', 'my picks'));
    server = await serve(folder.at('star'), star);
    token = new URL(server.url).searchParams.get('token') ?? '';
    await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter: 60 }));
    await post('/api/jobs', { kind: 'general', micrograph: null });
    const sets = async () => JSON.parse((await ask('/api/project', own())).body).pickSets;
    await expect
      .poll(sets, { timeout: 20_000 })
      .toEqual([
        expect.objectContaining({ name: 'damaged', particles: 0 }),
        expect.objectContaining({ name: 'general-60px', micrographs: 1 }),
      ]);
  });

  it('begins no work that waits once it ends', async () => {
    await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter: 60 }));
    for (const diameter of [60, 70]) {
      await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter }));
      await post('/api/jobs', { kind: 'general', micrograph: null });
    }
    await server.kill('SIGINT');
    expect(existsSync(join(project, 'picks', 'general-70px'))).toBe(false);
  });

  it('works through a link to the project, and follows links to micrographs', async () => {
    await server.kill('SIGINT');
    const other = folder.at('other');
    mkdirSync(other);
    symlinkSync(join(project, 'micrographs'), join(other, 'linked'));
    symlinkSync(other, folder.at('link'));
    server = await serve(folder.at('link'));
    token = new URL(server.url).searchParams.get('token') ?? '';
    const { micrographs } = JSON.parse((await ask('/api/project', own())).body);
    expect(micrographs).toHaveLength(2);
  });

  it('says what it lacks', () => {
    expect(deepem('serve', folder.at('nowhere'))).toMatchObject({ code: 2, stderr: expect.stringMatching(/no such/) });
    expect(deepem('serve', project, '--base-path', 'a b')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Wrong --base-path/),
    });
    expect(deepem('serve', project, '--allow-host', 'https://hub.example.org/x')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Wrong --allow-host/),
    });
    mkdirSync(folder.at('empty'));
    expect(deepem('serve', folder.at('empty'), folder.at('empty', '*.mrc'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no file, folder or match/),
    });
    writeFileSync(join(project, 'deepem.json'), '{"version": 7}');
    expect(deepem('serve', project)).toMatchObject({ code: 1, stderr: expect.stringMatching(/not a project of this/) });
    const { port } = new URL(server.url);
    writeFileSync(join(project, 'deepem.json'), json({ ...EMPTY }));
    expect(deepem('serve', project, '--port', port)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Cannot listen/),
    });
  });

  it('ends with Ctrl-C, and leaves no processes', async () => {
    expect((await post('/api/settings', {})).status).toBe(404);
    await ask('/api/settings', { ...own(), 'Content-Type': 'application/json' }, 'PUT', json({ diameter: 60 }));
    await post('/api/jobs', { kind: 'general', micrograph: null });
    const { pid } = server.process;
    await server.kill('SIGINT');
    const left = await new Promise<string>((resolve) => {
      let text = '';
      const ps = spawn('ps', ['-o', 'pid=', '--ppid', String(pid)]);
      ps.stdout.on('data', (data) => {
        text += data;
      });
      ps.on('close', () => resolve(text.trim()));
    });
    expect(left).toBe('');
  });
});

const LABEL = { id: 'micrographs/sim_0001', kind: 'particle', add: [] as object[], remove: [] as object[] };
const EMPTY = { version: 1, micrographs: [], root: null, diameter: null, pixelSize: null, checked: [], thresholds: {} };
