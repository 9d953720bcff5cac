/** 2D classes: what they are, their members, and decisions about whole classes or selections of other programs. */

import type { Hono } from 'hono';
import { z } from 'zod';
import { LabelError } from '../core/errors.js';
import type { Point } from '../core/particle.js';
import { pairCoordinates } from '../storage/coordinate-pairs.js';
import { setsOfBytes } from '../storage/coordinates.js';
import { outputStem } from '../storage/outputs.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { notKept } from '../training/sort-picks.js';
import type { ApiDecided, ApiLabels, Decision } from './api.js';
import { classesOf, classFilesOf, classMembers, pageOf } from './classes.js';
import { type Context, thresholdOf } from './context.js';
import { decideAbout, UNKNOWN_DIAMETER } from './decisions.js';
import { particlesAt } from './particles.js';
import { bodyOf, micrographOf, NAME, nameOf, numberOf } from './requests.js';

const LARGEST_PAGE = 200;
const MOST_CLASSES = 1000;
const decideSchema = z.strictObject({
  set: z.string().regex(NAME),
  number: z.int().min(1).max(MOST_CLASSES),
  decision: z.enum(['accepted', 'rejected']).nullable(),
});

/** Adds the routes. */
export function addClassRoutes(app: Hono, context: Context): void {
  addClasses(app, context);
  addClassDecisions(app, context);
}

const numberOfClass = (value: Parameters<typeof numberOf>[0]) => numberOf(value, 'number', 1, MOST_CLASSES);

function addClasses(app: Hono, { project, labels, images }: Context): void {
  app.get('/api/classes', async (c) => c.json(await classesOf(project, labels, nameOf(c, 'set'))));

  app.get('/api/class-average', async (c) => {
    const path = classFilesOf(project, nameOf(c, 'set')).averages;
    try {
      const { data, type } = await images.make({ kind: 'section', path, index: numberOfClass(c) - 1 });
      return c.body(new Uint8Array(data), 200, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
    } catch {
      return c.json({ error: 'There is no such class average' }, 404);
    }
  });

  app.get('/api/class-members', async (c) => {
    const members = await classMembers(project, labels, nameOf(c, 'set'), numberOfClass(c));
    return c.json(pageOf(members, numberOf(c, 'offset'), numberOf(c, 'limit', 1, LARGEST_PAGE)));
  });
}

function addClassDecisions(app: Hono, context: Context): void {
  const { project, labels, sets } = context;

  app.post('/api/decide-class', async (c) => {
    const { set, number, decision } = await bodyOf(c, decideSchema);
    const members = await classMembers(project, labels, set, number);
    const places = new Map(members.map(({ id }) => [id, [] as Point[]]));
    for (const { id, x, y } of members) places.get(id)?.push({ x, y });
    return c.json(await decideAll(context, places, decision));
  });

  /** What RELION's Select job or cryoSPARC's Select 2D kept: the other particles of the set are rejected. */
  app.post('/api/selection', async (c) => {
    const set = nameOf(c, 'set');
    const file = (c.req.query('name') ?? '').slice(-200);
    const kept = await keptOf(context, new Uint8Array(await c.req.arrayBuffer()), file);
    const [decided, threshold] = [await sets.decided(set), await thresholdOf(context, set)];
    const others = new Map<string, readonly Point[]>();
    for (const [id, points] of kept) {
      const picks = particlesAt(decided.get(id) ?? [], threshold);
      const size = await readMicrographHeader(micrographOf(project, id).path);
      others.set(
        id,
        notKept(picks, points, size, diameterOf(context)).map(({ x, y }) => ({ x, y })),
      );
    }
    const [accepted, rejected] = [
      await decideAll(context, kept, 'accepted'),
      await decideAll(context, others, 'rejected'),
    ];
    const answer: ApiDecided = {
      before: accepted.before,
      after: rejected.after,
      accepted: accepted.accepted,
      rejected: rejected.rejected,
    };
    return c.json(answer);
  });
}

function diameterOf({ project }: Context): number {
  return project.settings().diameter ?? UNKNOWN_DIAMETER;
}

/** Decides about places of several micrographs. */
async function decideAll(
  context: Context,
  places: ReadonlyMap<string, readonly Point[]>,
  decision: Decision,
): Promise<ApiDecided> {
  const { labels, tell } = context;
  const [before, after]: [ApiLabels[], ApiLabels[]] = [[], []];
  for (const [id, points] of places) {
    before.push(await labels.of(id));
    const now = await labels.update(id, (known) => decideAbout(known, points, decision, diameterOf(context)));
    after.push(now);
    tell({ kind: 'labels', labels: now });
  }
  const count = [...places.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    ...{ before, after },
    accepted: decision === 'accepted' ? count : 0,
    rejected: decision === 'rejected' ? count : 0,
  };
}

/** The particles of a selection by micrograph. @throws LabelError if they belong to none of the project */
async function keptOf({ project }: Context, bytes: Uint8Array, file: string): Promise<Map<string, Point[]>> {
  const inputs = [...project.micrographs().values()];
  const { pairs } = pairCoordinates(inputs, setsOfBytes(bytes, file));
  if (pairs.length === 0) {
    throw new LabelError({
      what: `The particles of ${file} belong to none of the micrographs`,
      expected: 'what a Select job kept, with the names of the micrographs',
    });
  }
  return new Map(pairs.map(({ owner, set }) => [outputStem(owner), set.particles.map(({ x, y }) => ({ x, y }))]));
}
