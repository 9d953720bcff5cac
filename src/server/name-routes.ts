/** Models and sets of picks get other names, are deleted, and come back. */

import type { Hono } from 'hono';
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import type { Context } from './context.js';
import { removeAll, renameAll, restoreAll } from './rename.js';
import { bodyOf, NAME } from './requests.js';

const name = z.string().regex(NAME, 'a name of letters, digits, dots, dashes and underscores');
const renameSchema = z.strictObject({ name, to: name });
const nameSchema = z.strictObject({ name });
const idSchema = z.strictObject({ id: name });

/** Adds the routes. */
export function addNameRoutes(app: Hono, { project, jobs, tell }: Context): void {
  /** @throws UsageError while a job works on it */
  function assertIdle(wanted: string): void {
    const busy = jobs.list().some(({ state, result }) => ['waiting', 'running'].includes(state) && result === wanted);
    if (!busy) return;
    throw new UsageError({
      what: `A job is working on ${wanted}`,
      expected: 'no such job',
      hint: 'Stop it, or wait for its end',
    });
  }
  const changed = (names: readonly string[]) => {
    for (const one of names) tell({ kind: 'picks', name: one });
    tell({ kind: 'project' });
  };

  app.post('/api/rename', async (c) => {
    const { name: from, to } = await bodyOf(c, renameSchema);
    assertIdle(from);
    await renameAll(project, from, to);
    changed([from, to]);
    return c.json({});
  });

  app.post('/api/delete', async (c) => {
    const { name: wanted } = await bodyOf(c, nameSchema);
    assertIdle(wanted);
    const id = await removeAll(project, wanted);
    changed([wanted]);
    return c.json({ id });
  });

  app.post('/api/restore', async (c) => {
    const { id } = await bodyOf(c, idSchema);
    await restoreAll(project, id);
    changed([id]);
    return c.json({});
  });
}
