/** The routes: each checks what it is given, asks the part that knows, and answers in JSON or pictures. */

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { getPath } from 'hono/utils/url';
import { DeepemError, messageOf, UsageError } from '../core/errors.js';
import { addClassRoutes } from './class-routes.js';
import type { Context } from './context.js';
import { describeProject } from './context.js';
import type { BasePath } from './hosts.js';
import { addImageRoutes } from './image-routes.js';
import { addJobRoutes } from './job-routes.js';
import { addLabelRoutes } from './label-routes.js';
import { addNameRoutes } from './name-routes.js';
import type { PageFile } from './page.js';
import { addReviewRoutes } from './review-routes.js';
import { type GuardOptions, guard } from './security.js';

/** Coordinate files are the largest that anyone sends. */
const LARGEST_BODY = 32 << 20;

/** What the application is made of. */
export interface AppOptions extends GuardOptions {
  /** The page's own files by path. */
  readonly page: ReadonlyMap<string, PageFile>;
}

function pathBelow(basePath: BasePath, path: string): string {
  return basePath !== '' && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

/** Makes the application. */
export function makeApp(context: Context, { page, ...options }: AppOptions): Hono {
  const { basePath } = options;
  // A proxy may leave the path in front of what it passes on, or take it away: both are answered.
  const app = new Hono({ getPath: (request) => pathBelow(basePath, getPath(request)) });
  app.use((c, next) => {
    const { pathname, search } = new URL(c.req.url);
    return pathname === basePath ? Promise.resolve(c.redirect(`${basePath}/${search}`)) : next();
  });
  app.use(guard(options));
  app.use(
    bodyLimit({
      maxSize: LARGEST_BODY,
      onError: (c) => c.json({ error: `The request is too large: at most ${LARGEST_BODY >> 20} MiB are taken` }, 413),
    }),
  );
  app.get('/api/project', async (c) => c.json(await describeProject(context)));
  addLabelRoutes(app, context);
  addImageRoutes(app, context);
  addReviewRoutes(app, context);
  addClassRoutes(app, context);
  addNameRoutes(app, context);
  addJobRoutes(app, context);
  app.get('*', (c) => {
    const file = page.get(c.req.path === '/' ? '/index.html' : c.req.path);
    if (!file) return c.json({ error: 'There is no such page' }, 404);
    const forever = c.req.path.startsWith('/assets/');
    return c.body(new Uint8Array(file.bytes), 200, {
      'Content-Type': file.type,
      'Cache-Control': forever ? 'max-age=31536000, immutable' : 'no-cache',
    });
  });
  app.notFound((c) => c.json({ error: 'There is no such page' }, 404));
  app.onError((error, c) => {
    const status = error instanceof UsageError || error instanceof SyntaxError ? 400 : 500;
    const known = error instanceof DeepemError || status === 400;
    if (!known) process.stderr.write(`deepem serve: ${c.req.method} ${c.req.path}: ${error.stack ?? error}\n`);
    return c.json({ error: messageOf(error) }, error instanceof DeepemError ? 400 : status);
  });
  return app;
}
