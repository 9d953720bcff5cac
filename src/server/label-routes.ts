/** Settings of the project, and labels. */

import type { Hono } from 'hono';
import { z } from 'zod';
import { LabelError } from '../core/errors.js';
import { isInside, type Point } from '../core/particle.js';
import { pairCoordinates } from '../storage/coordinate-pairs.js';
import { setsOfBytes } from '../storage/coordinates.js';
import { stem } from '../storage/names.js';
import { outputStem } from '../storage/outputs.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { addConfirmed } from '../training/confirmed.js';
import type { ApiLabels, ApiMask } from './api.js';
import type { Context } from './context.js';
import { decideAbout, UNKNOWN_DIAMETER } from './decisions.js';
import { particlesAt } from './particles.js';
import { bodyOf, idOf, micrographOf, NAME } from './requests.js';

const coordinate = z.number().min(-1e6).max(1e6);
const points = z.array(z.strictObject({ x: coordinate, y: coordinate })).max(100_000);
const changeSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(['particle', 'negative']),
  add: points,
  remove: points,
});
const settingsSchema = z.strictObject({
  diameter: z.number().min(4).max(10_000).nullable().optional(),
  pixelSize: z.number().min(0.01).max(1000).nullable().optional(),
});
const checkedSchema = z.strictObject({ id: z.string(), checked: z.boolean() });
const line = z.array(z.strictObject({ x: coordinate, y: coordinate }));
const maskSchema = z.strictObject({
  id: z.string(),
  regions: z
    .array(
      z.union([
        z.strictObject({ outline: line.min(3).max(10_000) }),
        z.strictObject({ path: line.min(1).max(10_000), width: z.number().gt(0).max(10_000) }),
      ]),
    )
    .max(1000),
});
const fromPicksSchema = z.strictObject({
  id: z.string(),
  set: z.string().regex(NAME),
  threshold: z.number().min(0).max(1),
});
const decisionSchema = z.strictObject({
  id: z.string(),
  x: coordinate,
  y: coordinate,
  decision: z.enum(['accepted', 'rejected']).nullable(),
});

/** Lines of the largest file of labels that is imported. */
const MOST_LINES = 1_000_000;
const NEWLINE = 0x0a;

/** @throws LabelError if there are so many lines that reading them would keep the page waiting */
function assertFewLines(bytes: Uint8Array, file: string): void {
  let lines = 0;
  for (const byte of bytes) if (byte === NEWLINE) lines++;
  if (lines <= MOST_LINES) return;
  throw new LabelError({
    what: `${file} is too large to import`,
    received: `${lines} lines`,
    expected: `at most ${MOST_LINES}`,
    hint: 'deepem convert splits it into one file for each micrograph, for the folder labels/',
  });
}

/** Adds the routes. */
export function addLabelRoutes(app: Hono, context: Context): void {
  addSettings(app, context);
  addLabels(app, context);
  addImports(app, context);
  addMasks(app, context);
}

function addSettings(app: Hono, { project, labels, tell }: Context): void {
  app.put('/api/settings', async (c) => {
    const { diameter, pixelSize } = await bodyOf(c, settingsSchema);
    await project.change(() => ({
      ...(diameter !== undefined && { diameter }),
      ...(pixelSize !== undefined && { pixelSize }),
    }));
    tell({ kind: 'project' });
    return c.json({});
  });

  app.post('/api/refresh', async (c) => {
    await project.refresh();
    tell({ kind: 'project' });
    return c.json({});
  });

  app.post('/api/checked', async (c) => {
    const { id, checked } = await bodyOf(c, checkedSchema);
    micrographOf(project, id);
    await project.change((now) => {
      const others = now.checked.filter((other) => other !== id);
      return { checked: checked ? [...others, id] : others };
    });
    await labels.settle(id);
    tell({ kind: 'project' });
    return c.json({});
  });
}

function addLabels(app: Hono, context: Context): void {
  const { project, labels } = context;
  app.get('/api/labels', async (c) => {
    micrographOf(project, idOf(c));
    return c.json(await labels.of(idOf(c)));
  });

  app.post('/api/labels', async (c) => {
    const change = await bodyOf(c, changeSchema);
    micrographOf(project, change.id);
    return c.json(told(context, await labels.change(change)));
  });

  app.post('/api/decide', async (c) => {
    const { id, decision, ...place } = await bodyOf(c, decisionSchema);
    micrographOf(project, id);
    const diameter = project.settings().diameter ?? UNKNOWN_DIAMETER;
    return c.json(told(context, await labels.update(id, (now) => decideAbout(now, [place], decision, diameter))));
  });
}

function addMasks(app: Hono, { project, masks, tell }: Context): void {
  app.get('/api/mask', async (c) => {
    micrographOf(project, idOf(c));
    const mask: ApiMask = { id: idOf(c), regions: await masks.of(idOf(c)) };
    return c.json(mask);
  });

  app.put('/api/mask', async (c) => {
    const mask = await bodyOf(c, maskSchema);
    micrographOf(project, mask.id);
    await masks.put(mask.id, mask.regions);
    tell({ kind: 'mask', mask });
    return c.json({});
  });
}

function addImports(app: Hono, context: Context): void {
  const { project, sets } = context;
  app.post('/api/labels/import', async (c) => {
    const file = (c.req.query('name') ?? '').slice(-200);
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    assertFewLines(bytes, file);
    const sets = setsOfBytes(bytes, file);
    const inputs = [...project.micrographs().values()];
    const { pairs, sets: leftOver } = pairCoordinates(inputs, sets);
    if (pairs.length === 0) {
      throw new LabelError({
        what: `The coordinates of ${file} belong to none of the micrographs`,
        received: `for example "${sets[0]?.name}"`,
        expected: `a name such as "${stem(inputs[0].path)}"`,
      });
    }
    let imported = 0;
    for (const { owner, set } of pairs) imported += await addParticles(context, outputStem(owner), set.particles);
    return c.json({ imported, micrographs: pairs.length, leftOver: leftOver.map(({ micrograph }) => micrograph) });
  });

  app.post('/api/labels/from-picks', async (c) => {
    const { id, set, threshold } = await bodyOf(c, fromPicksSchema);
    const { path } = micrographOf(project, id);
    if (!(await sets.all(set)).has(id)) throw new LabelError({ what: `${path} has no picks in ${set}` });
    const picks = (await sets.decided(set)).get(id) ?? [];
    const imported = await addParticles(context, id, particlesAt(picks, threshold));
    return c.json({ imported, micrographs: 1 });
  });
}

/** Tells every page of changed labels. */
function told<T extends ApiLabels>({ tell }: Context, changed: T): T {
  tell({ kind: 'labels', labels: changed });
  return changed;
}

/** Adds particles inside the micrograph where none is labelled yet; returns how many. */
async function addParticles(context: Context, id: string, found: readonly Point[]): Promise<number> {
  const { project, labels } = context;
  const { width, height } = await readMicrographHeader(micrographOf(project, id).path);
  const accepted = found.filter((point) => isInside(point, width, height, 0)).map(({ x, y }) => ({ x, y }));
  const before = labels.last(id).particles.length;
  const diameter = project.settings().diameter ?? UNKNOWN_DIAMETER;
  const changed = await labels.update(id, (now) => addConfirmed(now, { accepted, rejected: [] }, diameter));
  return told(context, changed).particles.length - before;
}
