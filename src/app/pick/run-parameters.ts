/** What decides the results of a run, as its folder keeps it: a run only goes on with the same. */

import { PROGRAM } from '../../core/version.js';
import type { Model } from '../../network/model.js';
import { hashFile } from '../../storage/files.js';
import type { Masks } from '../../storage/masks.js';
import type { RunParameters } from '../../storage/run-history.js';
import { modelFileOf, type SizedSettings } from './settings.js';

/** Threads and the place of the model do not count. The names are those that folders of earlier versions hold. */
export async function runParameters(
  settings: SizedSettings,
  model: Model,
  masks: Masks | null,
): Promise<RunParameters> {
  const file = modelFileOf(settings);
  const { step, turns, minDistance, edge, pixelSize, diameter, threshold } = settings;
  // A threshold that is read off the scores is kept elsewhere: it is found once the run is open.
  const ofModel = settings.with.kind === 'general' ? 'from the scores' : model.metadata.threshold;
  const parameters = {
    program: PROGRAM,
    model: file === null ? 'blob' : await hashFile(file),
    threshold: typeof threshold === 'number' ? threshold : ofModel,
    formats: settings.formats.map(({ name }) => name),
    ...{ step, turns, minDistance },
    stdRange: settings.deviationRange,
    ground: settings.unevennessLimit,
    keepScores: settings.lowerWhereEmpty ? undefined : true,
    overlap: settings.overlapDistance,
    ...{ edge, pixelSize, diameter },
    saveScores: settings.saveScores || undefined,
    saveLeftOut: settings.saveLeftOut || undefined,
    masks: masks?.hash,
  };
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}
