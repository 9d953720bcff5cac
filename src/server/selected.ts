/** The particles of a set as files, `selected/SET/`: what counts as particles at a threshold, for the commands that export and classify. */

import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.js';
import { csvFormat } from '../formats/csv.js';
import { writeWhole } from '../storage/files.js';
import type { Context } from './context.js';
import { particlesAt } from './particles.js';

/** Below the project. */
export const SELECTED = 'selected';
const PROVENANCE = '.provenance.json';

/**
 * Writes the particles of a set, in place of those that were written before; where picks come from goes with them.
 *
 * @returns the folder, below the project
 * @throws UsageError if there is none
 */
export async function writeSelected({ project, sets }: Context, set: string, threshold: number): Promise<string> {
  const folder = join(SELECTED, set);
  const [target, source] = [join(project.folder, folder), join(project.folder, 'picks', set)];
  const found = [...(await sets.decided(set))].flatMap(([id, picks]) => {
    const particles = particlesAt(picks, threshold);
    return particles.length > 0 ? [{ id, particles }] : [];
  });
  if (found.length === 0) {
    throw new UsageError({
      what: `${set} has no particles`,
      received: `a threshold of ${threshold}`,
      hint: 'Lower the threshold',
    });
  }
  await rm(target, { recursive: true, force: true });
  for (const { id, particles } of found) {
    const picked = { name: id, width: 0, height: 0, pixelSize: null, values: {}, optics: {}, box: 0 };
    const points = particles.map(({ x, y, score }) => ({ x, y, score }));
    const text = csvFormat.perMicrograph?.write({ ...picked, particles: points }, { provenance: '', existing: null });
    await writeWhole(join(target, `${id}.csv`), text ?? '');
    const origin = join(source, `${id}${PROVENANCE}`);
    if (!existsSync(origin)) continue;
    await copyFile(origin, join(target, `${id}${PROVENANCE}`));
  }
  return folder;
}
