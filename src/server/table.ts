/** The session as a table, and the micrographs that stay as a `micrographs_selected.star`. */

import { VERSION } from '../core/version.js';
import { writeMicrographsStar } from '../formats/micrographs-star.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import type { ApiTable } from './api.js';
import { type Context, thresholdOf } from './context.js';
import { particlesAt } from './particles.js';
import { doubtfulAmong } from './pick-views.js';

/** Columns of every project. */
const OWN = ['labels', 'rejected', 'picks', 'doubtful', 'mean score'] as const;

/**
 * A row for each micrograph: labels, picks of a set, and the numbers that its `micrographs.star` holds, such as defocus and resolution.
 *
 * @param set - of picks; null: none
 */
export async function tableOf(context: Context, set: string | null): Promise<ApiTable> {
  const { project, labels, sets } = context;
  const [picks, threshold] =
    set === null ? [new Map(), 0] : [await sets.everyDecided(set), await thresholdOf(context, set)];
  const ids = [...project.micrographs().keys()];
  const known = new Set(ids.flatMap((id) => Object.keys(project.star(id)?.values ?? {})));
  const numeric = [...known].filter(
    (label) => label !== 'rlnOpticsGroup' && ids.some((id) => numberIn(project.star(id)?.values[label]) !== null),
  );
  return {
    columns: [...OWN, ...numeric.map((label) => label.replace(/^rln/, ''))],
    rows: ids.map((id) => {
      const own = picks.get(id);
      const particles = own ? particlesAt(own, threshold) : [];
      const mean = particles.reduce((sum, { score }) => sum + score, 0) / particles.length;
      return {
        id,
        values: [
          ...[labels.count(id, 'particle'), labels.count(id, 'negative')],
          ...(own ? [particles.length, doubtfulAmong(own, threshold)] : [null, null]),
          particles.length > 0 ? mean : null,
          ...numeric.map((label) => numberIn(project.star(id)?.values[label])),
        ],
      };
    }),
  };
}

function numberIn(text: string | undefined): number | null {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The micrographs that are not excluded, for RELION and cryoSPARC, with all that the list knew that they came from. */
export async function selectedStar({ project }: Context): Promise<string> {
  const gone = new Set(project.settings().excluded);
  const rows = [];
  for (const [id, { path }] of project.micrographs()) {
    if (gone.has(id)) continue;
    const star = project.star(id);
    const pixelSize = star?.pixelSize ?? project.givenPixelSize() ?? (await pixelSizeIn(path));
    rows.push({ name: star?.name ?? path, pixelSize, values: star?.values ?? {}, optics: star?.optics ?? {} });
  }
  return writeMicrographsStar(rows, `deepem ${VERSION}; ${gone.size} micrographs were excluded`);
}

async function pixelSizeIn(path: string): Promise<number | null> {
  return (await readMicrographHeader(path).catch(() => null))?.pixelSize ?? null;
}
