/** Micrographs as pictures. */

import { join } from 'node:path';
import type { Hono, Context as HonoContext } from 'hono';
import { evenly } from '../core/evenly.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import type { ApiMicrographDetail } from './api.js';
import type { Context } from './context.js';
import type { ImageRequest } from './image-protocol.js';
import { particlesAt } from './particles.js';
import { levelCount, TILE } from './pyramid.js';
import { idOf, micrographOf, nameOf, numberOf } from './requests.js';

/** Pictures of a micrograph stay as they are for as long as a person looks at them. */
const CACHED = { 'Cache-Control': 'private, max-age=600' };
/** Averages are made of this many picks at the most, of this many micrographs. */
const MOST_AVERAGED = 500;
const MOST_MICROGRAPHS = 8;
const BANDS = 4;

/** Thumbnails of a project: below a name that begins with a dot nothing is taken for a micrograph. */
const CACHE = '.deepem-cache';

/** Adds the routes. */
export function addImageRoutes(app: Hono, { project, sets, images }: Context): void {
  const pathOf = (c: HonoContext) => micrographOf(project, idOf(c)).path;

  async function picture(c: HonoContext, request: ImageRequest, headers: Record<string, string> = CACHED) {
    try {
      const { data, type } = await images.make(request);
      return c.body(new Uint8Array(data), 200, { 'Content-Type': type, ...headers });
    } catch (error) {
      return c.json({ error: error instanceof Error ? error.message : String(error) }, 404);
    }
  }

  app.get('/api/micrograph', async (c) => {
    const input = micrographOf(project, idOf(c));
    const { width, height, pixelSize } = await readMicrographHeader(input.path);
    const detail: ApiMicrographDetail = {
      ...{ id: idOf(c), width, height, levels: levelCount(width, height), tile: TILE },
      pixelSize: project.settings().pixelSize ?? input.pixelSize ?? pixelSize,
    };
    return c.json(detail);
  });

  app.get('/api/tile', (c) =>
    picture(c, {
      ...{ kind: 'tile', path: pathOf(c) },
      ...{ level: numberOf(c, 'level', 0, 20), x: numberOf(c, 'x'), y: numberOf(c, 'y') },
    }),
  );

  app.get('/api/thumbnail', (c) =>
    picture(c, { kind: 'thumbnail', path: pathOf(c), cache: join(project.folder, CACHE) }),
  );

  app.get('/api/crop', (c) => {
    const centre = { x: numberOf(c, 'x', -1e6), y: numberOf(c, 'y', -1e6) };
    return picture(c, { kind: 'crop', path: pathOf(c), centre, side: numberOf(c, 'side', 4, 8192) });
  });

  app.get('/api/score-map', async (c) => {
    micrographOf(project, idOf(c));
    const path = sets.scoreMap(nameOf(c, 'set'), idOf(c));
    if (path === null) return c.json({ error: 'There is no score map' }, 404);
    return picture(c, { kind: 'scores', path }, { 'Cache-Control': 'no-cache' });
  });

  app.get('/api/averages', async (c) => {
    const [set, threshold] = [nameOf(c, 'set'), numberOf(c, 'threshold', 0, 1)];
    const diameter = project.settings().diameter ?? 100;
    const picked = evenly([...(await sets.decided(set))], MOST_MICROGRAPHS).flatMap(([id, picks]) => {
      const { path } = micrographOf(project, id);
      return particlesAt(picks, threshold).map((pick) => ({ path, ...pick }));
    });
    if (picked.length === 0) return c.json({ error: 'There are no picks above the threshold' }, 404);
    return picture(c, { kind: 'averages', diameter, ...averagesOf(picked) }, { 'Cache-Control': 'no-cache' });
  });
}

/** A pick with the path of its micrograph. */
interface Picked {
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly score: number;
}

/** Averages of all picks, and of bands of the best, the next, and so on. */
function averagesOf(picked: Picked[]) {
  const best = picked.sort((a, b) => b.score - a.score);
  const band = Math.ceil(best.length / BANDS);
  const groups = [best, ...Array.from({ length: BANDS }, (_, i) => best.slice(i * band, (i + 1) * band))];
  const some = groups.filter((group) => group.length > 0).map((group) => evenly(group, MOST_AVERAGED));
  const scores = (group: typeof best) => `${group.at(-1)?.score.toFixed(2)} to ${group[0].score.toFixed(2)}`;
  return {
    groups: some.map(byPath),
    labels: some.map((group, i) => `${i === 0 ? 'all' : `band ${i}`}: ${group.length}\n${scores(group)}`),
  };
}

function byPath(picks: readonly { readonly path: string; readonly x: number; readonly y: number }[]) {
  const paths = [...new Set(picks.map(({ path }) => path))];
  return paths.map((path) => ({ path, points: picks.filter((pick) => pick.path === path) }));
}
