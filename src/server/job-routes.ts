/** Long work, and the stream of what happens. */

import type { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { type Context, thresholdOf } from './context.js';
import { jobRequestSchema, planJob, planResumption } from './job-plans.js';
import { bodyOf, NAME } from './requests.js';

const resumeSchema = z.strictObject({ name: z.string().regex(NAME) });
/** Nothing is sent for longer than this: some proxies end what is silent. */
const HEARTBEAT_MS = 15_000;

/** Waits, unless the page goes away; a server that ends does not wait for it. */
function pause(stream: SSEStreamingApi): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, HEARTBEAT_MS).unref();
    stream.onAbort(resolve);
  });
}

/** Adds the routes. */
export function addJobRoutes(app: Hono, context: Context): void {
  const { jobs, project } = context;

  app.post('/api/jobs', async (c) => {
    const request = await bodyOf(c, jobRequestSchema);
    const threshold = 'set' in request ? await thresholdOf(context, request.set) : 0;
    if (request.kind === 'train' || request.kind === 'pick') await project.refresh();
    return c.json(jobs.add(await planJob(request, context, threshold)));
  });

  app.post('/api/jobs/resume', async (c) => {
    const { name } = await bodyOf(c, resumeSchema);
    return c.json(jobs.add(await planResumption(name, context)));
  });

  app.delete('/api/jobs/:id', (c) => {
    const cancelled = jobs.cancel(Number(c.req.param('id')));
    return cancelled ? c.json({}) : c.json({ error: 'There is no such job that runs' }, 404);
  });

  app.get('/api/events', (c) => {
    // A proxy must pass events on as they come.
    c.header('X-Accel-Buffering', 'no');
    return streamSSE(c, async (stream) => {
      const stop = context.listen((event) => {
        stream.writeSSE({ data: JSON.stringify(event) }).catch(() => stream.abort());
      });
      stream.onAbort(stop);
      while (!stream.aborted) {
        await stream.writeSSE({ event: 'beat', data: '' });
        await pause(stream);
      }
      stop();
    });
  });
}
