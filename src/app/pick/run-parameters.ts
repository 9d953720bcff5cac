/** What decides the results of a run, as its folder keeps it: a run only goes on with the same. */

import { defined } from '../../core/defined.js';
import { PROGRAM } from '../../core/version.js';
import type { Model } from '../../network/model.js';
import { hashFile } from '../../storage/files.js';
import type { Masks } from '../../storage/masks.js';
import type { RunParameters } from '../../storage/run-history.js';
import { modelFileOf, type SizedSettings } from './settings.js';

/** Settings that decide nothing about the results, or stand in the parameters by another name. */
const ELSEWHERE = [
  ...['with', 'formats', 'threshold', 'masks', 'out', 'threads', 'memory', 'device', 'force', 'overwrite'],
  ...['micrographs', 'root', 'shard', 'folder', 'interval', 'patience', 'until'],
];
/** Names that folders of earlier versions hold. */
const NAMES: Readonly<Record<string, string>> = {
  deviationRange: 'stdRange',
  unevennessLimit: 'ground',
  overlapDistance: 'overlap',
};

/** Every setting counts that is not listed above: a run with another value of a new one is another run. */
export async function runParameters(
  settings: SizedSettings,
  model: Model,
  masks: Masks | null,
): Promise<RunParameters> {
  const file = modelFileOf(settings);
  // A threshold that is read off the scores is kept elsewhere: it is found once the run is open.
  const ofModel = settings.with.kind === 'general' ? 'from the scores' : model.metadata.threshold;
  const { lowerWhereEmpty, ...others } = settings;
  return defined({
    program: PROGRAM,
    model: file === null ? 'blob' : await hashFile(file),
    threshold: typeof settings.threshold === 'number' ? settings.threshold : ofModel,
    formats: settings.formats.map(({ name }) => name),
    keepScores: lowerWhereEmpty ? undefined : true,
    masks: masks?.hash,
    ...Object.fromEntries(
      Object.entries(others)
        .filter(([name, value]) => !ELSEWHERE.includes(name) && value !== false)
        .map(([name, value]) => [NAMES[name] ?? name, value]),
    ),
  });
}
