/** The server: opens the project, listens on this machine, and ends cleanly. */

import { hostname } from 'node:os';
import { serve } from '@hono/node-server';
import { messageOf, UsageError } from '../core/errors.js';
import { makeApp } from './app.js';
import { type Context, makeContext } from './context.js';
import { doorOf, keepDoor } from './door.js';
import { type BasePath, hostInAddress, isWildcard } from './hosts.js';
import { startImages } from './images.js';
import { openLabels } from './labels.js';
import { openMaskStore } from './masks.js';
import { openModels } from './models.js';
import { readPage } from './page.js';
import { openPickSets } from './pick-sets.js';
import { openProject } from './project.js';

/** How the server runs. */
export interface ServeOptions {
  /** The project. */
  readonly folder: string;
  /** Micrographs, where they are not all below the folder. */
  readonly micrographs: readonly string[];
  readonly host: string;
  /** Names of proxies, by which browsers reach the page. */
  readonly allowed: readonly string[];
  /** Path below which a proxy serves the page. */
  readonly basePath: BasePath;
  /** 0: any that is free. */
  readonly port: number;
  /** Folder of the built page. */
  readonly page: string;
  /** Main file of the command line. */
  readonly program: string;
}

/** A server that listens. */
export interface RunningServer {
  /** Address with the token. */
  readonly url: string;
  readonly micrographs: number;
  /** What was taken over, and what was not. */
  readonly notices: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @throws UsageError if the port is taken; FileError
 */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const page = await readPage(options.page);
  const project = await openProject(options.folder, options.micrographs);
  const [labels, masks] = [await openLabels(project), await openMaskStore(project)];
  const images = startImages();
  const sets = openPickSets(project, labels, masks);
  const parts = { project, labels, masks, models: openModels(project), sets, images };
  const context = makeContext(parts, options.program);
  // The one that the page shows first is there when the page is.
  const [first] = project.micrographs().values();
  if (first) images.make({ kind: 'tile', path: first.path, level: 0, x: 0, y: 0 }).catch(() => {});
  const waiting = first ? null : waitForMicrographs(context);
  const door = await doorOf(project.folder);
  const { token } = door;
  const { host, allowed, basePath } = options;
  const app = makeApp(context, { token, host, allowed, basePath, page });
  const listening = await listen(app.fetch, host, options.port, door.port).catch(async (error) => {
    await images.close();
    throw error;
  });
  const { server, port } = listening;
  await keepDoor(project.folder, { token, port });
  return {
    url: `http://${isWildcard(host) ? hostname() : hostInAddress(host)}:${port}${basePath}/?token=${token}`,
    micrographs: project.micrographs().size,
    notices: [...project.notices(), ...labels.notices],
    async close() {
      clearInterval(waiting ?? undefined);
      await context.jobs.close();
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await images.close();
    },
  };
}

/** How often an empty folder is looked into. */
const WAIT_MS = 3000;

/** Looks for the first micrographs until there are some. */
function waitForMicrographs({ project, tell }: Context): NodeJS.Timeout {
  const timer = setInterval(async () => {
    await project.refresh().catch(() => {});
    if (project.micrographs().size === 0) return;
    clearInterval(timer);
    tell({ kind: 'project' });
  }, WAIT_MS);
  return timer;
}

/**
 * Listens on the port that was asked for; where any will do, on that of the last server of the project, if it is free.
 *
 * @throws UsageError if the port is taken
 */
async function listen(fetch: Fetch, host: string, wanted: number, last: number | null) {
  if (wanted === 0 && last !== null) {
    const again = await listenOn(fetch, host, last).catch(() => null);
    if (again) return again;
  }
  return listenOn(fetch, host, wanted);
}

type Fetch = Parameters<typeof serve>[0]['fetch'];

function listenOn(fetch: Fetch, host: string, wanted: number) {
  const server = serve({ fetch, hostname: host, port: wanted });
  return new Promise<{ server: typeof server; port: number }>((resolve, reject) => {
    server.once('listening', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address ? address.port : wanted });
    });
    server.once('error', (cause) =>
      reject(
        new UsageError(
          { what: `Cannot listen on ${host}:${wanted}`, received: messageOf(cause), hint: 'Give another --port' },
          { cause },
        ),
      ),
    );
  });
}
