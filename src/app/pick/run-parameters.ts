/** What decides the results of a run, as its folder keeps it: a run only goes on with the same. */

import { defined } from '../../core/defined.js';
import { PROGRAM } from '../../core/version.js';
import type { Model } from '../../network/model.js';
import { hashFile } from '../../storage/files.js';
import type { Masks } from '../../storage/masks.js';
import type { RunParameters } from '../../storage/run-history.js';
import { modelFileOf, type SizedSettings } from './settings.js';

/**
 * The names of settings in the parameters; null: it decides nothing about the results, or stands there in another form. Every setting has its line,
 * so that a new one is not forgotten. Some names are older than those of the settings: folders of earlier versions hold them.
 */
const NAMES: { readonly [Name in keyof SizedSettings]-?: string | null } = {
  step: 'step',
  turns: 'turns',
  minDistance: 'minDistance',
  deviationRange: 'stdRange',
  unevennessLimit: 'ground',
  overlapDistance: 'overlap',
  edge: 'edge',
  pixelSize: 'pixelSize',
  diameter: 'diameter',
  saveScores: 'saveScores',
  saveLeftOut: 'saveLeftOut',
  ...{ with: null, formats: null, threshold: null, lowerWhereEmpty: null, masks: null },
  ...{ out: null, threads: null, memory: null, device: null, force: null, overwrite: null },
};

/** The parameters of a run, for its folder. */
export async function runParameters(
  settings: SizedSettings,
  model: Model,
  masks: Masks | null,
): Promise<RunParameters> {
  const file = modelFileOf(settings);
  // A threshold that is read off the scores is kept elsewhere: it is found once the run is open.
  const ofModel = settings.with.kind === 'general' ? 'from the scores' : model.metadata.threshold;
  const named = (Object.keys(NAMES) as (keyof SizedSettings)[]).flatMap((name) => {
    const [key, value] = [NAMES[name], settings[name]];
    return key === null || value === false ? [] : [[key, value] as const];
  });
  return defined({
    program: PROGRAM,
    model: file === null ? 'blob' : await hashFile(file),
    threshold: typeof settings.threshold === 'number' ? settings.threshold : ofModel,
    formats: settings.formats.map(({ name }) => name),
    keepScores: settings.lowerWhereEmpty ? undefined : true,
    masks: masks?.hash,
    ...Object.fromEntries(named),
  });
}
