/** What a training on few labels, or on doubtful ones, starts from: the general model, unless it cannot tell these micrographs from noise. */

import { defined } from '../../core/defined.js';
import { forBrightParticles } from '../../network/bright.js';
import type { Model } from '../../network/model.js';
import type { Weights } from '../../network/parameters.js';
import { openPicker, pick } from '../../picking/pick.js';
import { rescaleModel } from '../../picking/rescale.js';
import { threadCount } from '../../runtime/cpus.js';
import { startEngine } from '../../runtime/engine.js';
import { GENERAL_MODEL_FILE, loadModel } from '../../storage/model-file.js';
import { readMicrograph } from '../../storage/read-micrograph.js';
import { FEW_LABELS, FEW_LABELS_RECIPE, type Recipe } from '../../training/recipe.js';
import type { Tell } from '../events.js';
import type { LabelledInput } from '../labels/labelled-inputs.js';
import { note } from '../tell.js';

/** A recipe, and the weights that go with it. */
export interface FewLabelsStart {
  readonly recipe: Recipe;
  readonly start: Weights;
}

/** Candidates from this score on must be more than in noise. */
const THRESHOLD = 0.1;

/** What is asked for: the general model with few labels, in any case, or never. */
export const STARTS = ['auto', 'general', 'recipe'] as const;
export type StartChoice = (typeof STARTS)[number];

/** @returns null where the recipe's own start is asked for, labels are not few, or the general model is no help */
export async function fewLabelsStart(
  labels: readonly LabelledInput[],
  { start, diameter, threads }: { readonly start: StartChoice; readonly diameter: number; readonly threads?: number },
  tell: Tell,
): Promise<FewLabelsStart | null> {
  const count = labels.reduce((sum, { positives }) => sum + positives.particles.length, 0);
  if (start === 'recipe' || (start === 'auto' && count >= FEW_LABELS)) return null;
  const general = await loadModel(GENERAL_MODEL_FILE);
  if (await tellsFromNoise(general, labels, { diameter, ...defined({ threads }) })) {
    return { recipe: FEW_LABELS_RECIPE, start: general.weights };
  }
  note(tell, 'the general model cannot tell these micrographs from noise, so the training does not start from it');
  return null;
}

/** Looks at the micrograph with most labels. One that cannot be read is reported when it is trained on. */
async function tellsFromNoise(
  general: Model,
  labels: readonly LabelledInput[],
  { diameter, threads }: { readonly diameter: number; readonly threads?: number },
): Promise<boolean> {
  const most = labels.reduce((a, b) => (b.positives.particles.length > a.positives.particles.length ? b : a));
  const micrograph = await readMicrograph(most.input.path).catch(() => null);
  if (micrograph === null) return true;
  const engine = startEngine(threadCount(threads));
  try {
    const dark = rescaleModel(general, diameter);
    const bright = { ...dark, weights: forBrightParticles(dark.weights, dark.architecture) };
    for (const model of [dark, bright]) {
      const { particles } = await pick(micrograph, openPicker(engine, model), { threshold: THRESHOLD });
      if (particles.length > 0) return true;
    }
    return false;
  } finally {
    await engine.close();
  }
}
