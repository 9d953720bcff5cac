/** Picks: scores, galleries, what is doubtful, and how good they are. */

import type { Hono } from 'hono';
import { z } from 'zod';
import { UsageError } from '../core/errors.js';
import type { ApiEvaluation } from './api.js';
import { type Context, thresholdOf } from './context.js';
import { evaluateChecked, galleryOf, scoresOf, worstOf } from './pick-views.js';
import { bodyOf, idOf, micrographOf, nameOf, numberOf } from './requests.js';
import { selectedStar, tableOf } from './table.js';

const thresholdSchema = z.strictObject({ set: z.string(), threshold: z.number().min(0).max(1) });
const excludedSchema = z.strictObject({ ids: z.array(z.string()).max(1_000_000), excluded: z.boolean() });
const LARGEST_PAGE = 200;
const WORST = 20;

/** Adds the routes. */
export function addReviewRoutes(app: Hono, context: Context): void {
  addPicks(app, context);
  addTable(app, context);
  addJudgement(app, context);
}

function addPicks(app: Hono, context: Context): void {
  const { project, sets, tell } = context;

  app.get('/api/picks', async (c) => {
    micrographOf(project, idOf(c));
    return c.json(await sets.of(nameOf(c, 'set'), idOf(c)));
  });

  app.get('/api/scores', async (c) => c.json(await scoresOf(sets, nameOf(c, 'set'))));

  app.put('/api/threshold', async (c) => {
    const { set, threshold } = await bodyOf(c, thresholdSchema);
    if (!(await sets.names()).includes(set)) throw new UsageError({ what: 'There are no such picks', received: set });
    await project.change((now) => ({ thresholds: { ...now.thresholds, [set]: threshold } }));
    tell({ kind: 'project' });
    return c.json({});
  });

  app.get('/api/gallery', async (c) => {
    const set = nameOf(c, 'set');
    const gallery = galleryOf(await sets.decided(set), {
      order: c.req.query('order') === 'doubtful' ? 'doubtful' : 'score',
      threshold: await thresholdOf(context, set),
      offset: c.req.query('offset') === undefined ? null : numberOf(c, 'offset'),
      limit: numberOf(c, 'limit', 1, LARGEST_PAGE),
    });
    return c.json(gallery);
  });
}

function addTable(app: Hono, context: Context): void {
  const { project, sets, tell } = context;

  app.get('/api/table', async (c) => {
    return c.json(await tableOf(context, c.req.query('set') === undefined ? null : nameOf(c, 'set')));
  });

  app.get('/api/micrographs_selected.star', async (c) => {
    const headers = { 'Content-Disposition': 'attachment; filename="micrographs_selected.star"' };
    return c.body(await selectedStar(context), 200, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  });

  app.put('/api/excluded', async (c) => {
    const { ids, excluded } = await bodyOf(c, excludedSchema);
    for (const id of ids) micrographOf(project, id);
    const asked = new Set(ids);
    await project.change((now) => {
      const others = now.excluded.filter((id) => !asked.has(id));
      return { excluded: excluded ? [...others, ...asked] : others };
    });
    for (const name of await sets.names()) tell({ kind: 'picks', name });
    tell({ kind: 'project' });
    return c.json({});
  });
}

function addJudgement(app: Hono, context: Context): void {
  const { project, labels, sets, models } = context;

  app.get('/api/worst', async (c) => {
    const set = nameOf(c, 'set');
    const worst = worstOf(await sets.decided(set), await thresholdOf(context, set), project.settings().checked);
    return c.json(worst.slice(0, WORST));
  });

  app.get('/api/evaluations', async (c) => {
    const { checked, diameter } = project.settings();
    const found: ApiEvaluation[] = [];
    for (const { name } of await models.list()) {
      const heldOut = await models.evaluation(name);
      if (heldOut) found.push(heldOut);
    }
    for (const name of diameter === null ? [] : await sets.names()) {
      const trained = await models.trainedOn(name);
      const judged = await evaluateChecked(name, sets, labels.of, { checked, trained, diameter: diameter ?? 0 });
      if (judged) found.push(judged);
    }
    return c.json(found);
  });
}
