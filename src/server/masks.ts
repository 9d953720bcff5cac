/** Regions of micrographs in which nothing counts as a particle, `masks/ID.json`, as `deepem pick --mask masks` reads them. */

import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Point } from '../core/particle.js';
import { isInRegion, type Region } from '../core/regions.js';
import { startQueue } from '../runtime/queue.js';
import { readRegions, writeRegions } from '../storage/masks.js';
import type { Project } from './project.js';

/** Below the project. */
const MASKS = 'masks';

/** The masks of a project. */
export interface MaskStore {
  /** As they are on disk now. @throws FileError if the file is damaged */
  of(id: string): Promise<readonly Region[]>;
  /** Writes the regions of a micrograph, in place of those before; without any, it has no file. */
  put(id: string, regions: readonly Region[]): Promise<void>;
  /** Whether a place was excluded when the mask was last looked at. */
  excludes(id: string, place: Point): boolean;
  /** Changes with every mask. */
  version(): number;
}

interface Known {
  readonly regions: readonly Region[];
  /** Time of the file; 0 where there is none. */
  readonly modified: number;
}

const NONE: Known = { regions: [], modified: 0 };

/** Opens the masks; a damaged file excludes nothing until it is looked at, which says so. */
export async function openMaskStore(project: Project): Promise<MaskStore> {
  const known = new Map<string, Known>();
  let version = 0;
  const inTurn = startQueue();
  const fileOf = (id: string) => join(project.folder, MASKS, `${id}.json`);

  async function of(id: string): Promise<readonly Region[]> {
    const file = fileOf(id);
    const modified = (await stat(file).catch(() => null))?.mtimeMs ?? 0;
    const before = known.get(id) ?? NONE;
    if (before.modified === modified) return before.regions;
    const regions = modified === 0 ? [] : await readRegions(file);
    known.set(id, { regions, modified });
    version++;
    return regions;
  }

  if (existsSync(join(project.folder, MASKS))) {
    for (const id of project.micrographs().keys()) await of(id).catch(() => {});
  }
  return {
    of,
    put: (id, regions) =>
      inTurn(async () => {
        const file = fileOf(id);
        if (regions.length === 0) await rm(file, { force: true });
        else await writeRegions(file, regions);
        known.set(id, { regions, modified: (await stat(file).catch(() => null))?.mtimeMs ?? 0 });
        version++;
      }),
    excludes: (id, place) => (known.get(id) ?? NONE).regions.some((region) => isInRegion(place, region)),
    version: () => version,
  };
}
