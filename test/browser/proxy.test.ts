/** The page behind a real proxy (nginx), below a path, and in a folder that is still empty. */

import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../../src/testing/folder.js';
import { browserTests, CHROMIUM, clickPlaces, FLAGS, type Served, serve, simulateProject } from './harness.js';

const folder = testFolder();
const browser = browserTests();
const NGINX = '/usr/sbin/nginx';
const NAME = 'hub.example.org';
const BASE = '/node/n12/8000';

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts nginx in front of a server; `passes` is what it puts in the place of `BASE`. */
async function startProxy(server: Served, passes: string): Promise<{ port: number; stop(): void }> {
  const at = folder.at('nginx');
  mkdirSync(at, { recursive: true });
  const port = await freePort();
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at}/${name};`);
  writeFileSync(
    join(at, 'nginx.conf'),
    `daemon off; pid ${at}/pid; error_log ${at}/errors; events {}
     http { access_log off; ${places.join(' ')}
       server { listen 127.0.0.1:${port};
         location ${BASE}/ { proxy_pass http://127.0.0.1:${new URL(server.url).port}${passes}; proxy_set_header Host $host; } } }`,
  );
  const nginx = spawn(NGINX, ['-c', join(at, 'nginx.conf')], { stdio: 'ignore' });
  return { port, stop: () => nginx.kill('SIGTERM') };
}

describe.runIf(existsSync(NGINX))('behind nginx', () => {
  it.each([
    ['that leaves the path in what it passes on', ''],
    ['that takes the path away', '/'],
  ])('%s, the page works, and no other name does', async (_, passes) => {
    const { project } = simulateProject(folder.at(), 2);
    const server = await serve(project, '--allow-host', NAME, '--base-path', BASE);
    const { port, stop } = await startProxy(server, passes);
    const mapped = `--host-resolver-rules=MAP *.example.org 127.0.0.1`;
    const own = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, mapped] });
    try {
      const { pathname, search } = new URL(server.url);
      expect(pathname).toBe(`${BASE}/`);
      const context = await own.newContext();
      const page = await context.newPage();
      await page.goto(`http://${NAME}:${port}${pathname}${search}`);
      await page.locator('canvas[data-tiles]:not([data-tiles="0"])').waitFor();
      await clickPlaces(page, 512, [{ x: 150, y: 150 }]);
      await expect.poll(() => page.getByTestId('label-count').textContent()).toBe('1');
      expect(readFileSync(join(project, 'labels', 'micrographs', 'sim_0001.csv'), 'utf8')).toMatch(/^x,y/m);
      expect(new URL(page.url()).pathname).toBe(`${BASE}/`);
      const other = await context.newPage();
      const answer = await other.goto(`http://other.example.org:${port}${pathname}${search}`);
      expect(answer?.status()).toBe(403);
    } finally {
      await own.close();
      stop();
      await server.kill('SIGKILL');
    }
  });
});

describe('an empty folder', () => {
  it('opens, waits, and shows the first micrograph once it is there', async () => {
    const { project } = simulateProject(folder.at('made'), 1);
    const empty = folder.at('session');
    mkdirSync(empty);
    const server = await serve(empty);
    const page = await browser.open(server.url);
    await page.getByText(/No micrographs in .*session yet/).waitFor();
    copyFileSync(join(project, 'micrographs', 'sim_0001.mrc'), join(empty, 'first.mrc'));
    await page.getByRole('application', { name: /first/ }).waitFor();
    await server.kill('SIGKILL');
  });
});
