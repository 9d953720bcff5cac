/** What is chosen on held-out micrographs: smallest distance, standard-deviation filter, calibration, threshold. */

import { evenly } from '../core/evenly.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { thresholdFromLabels } from '../evaluation/labelled-threshold.js';
import { indexPoints } from '../evaluation/match.js';
import { mixtureThreshold } from '../evaluation/mixture.js';
import type { Model, ModelMetadata } from '../network/model.js';
import type { Engine } from '../runtime/engine.js';
import { type Choice, choose } from './choose.js';
import { SAME_DIAMETERS } from './confirmed.js';
import { labelsIn, type Split } from './examples.js';
import type { Recipe } from './recipe.js';
import { candidatesOf, type ScoredRegion, scoreRegions } from './scored-region.js';
import { measureUsual } from './usual.js';

/**
 * Where precision cannot be measured, candidates that are particles with more than this probability are picked: F1 is best a
 * little below a half (see above), and the groups of the scores are no normal distributions. Set with beta-galactosidase in view.
 */
const LIKELY = 0.3;
/** Training micrographs whose candidates are looked at then, and to see what is usual. */
const MOST_REGIONS = 3;
/** What to judge with. */
export interface ChooseOptions {
  readonly recipe: Recipe;
  readonly seed: number;
  /** False where labels are missing: then precision cannot be measured, and only a threshold is found. */
  readonly labelsComplete: boolean;
  /** Whether labels were so few that the training was a short one. */
  readonly few: boolean;
  /** Whether the training started from the general model: its scores at labels are not learned by heart. */
  readonly fromGeneral: boolean;
}

/**
 * Picks the held-out regions as `pick` does (none of them counts as nearly empty), and chooses the smallest distance (and, where the recipe lets it, which filters are
 * used) with the best mean of F1 and average precision; then calibrates the scores, and takes the
 * threshold with the best F1 or F2, as the recipe says. Where labels are missing, only the threshold is found, from the scores of the
 * candidates in the training regions.
 *
 * @returns the choice (only words where nothing can be chosen), and how the model does with it
 */
export async function chooseThreshold(
  engine: Engine,
  model: Model,
  split: Split,
  options: ChooseOptions,
): Promise<{ choice: Partial<Choice> & Pick<ModelMetadata, 'usual'>; heldOut: Evaluation | null }> {
  const heldOut = await scoreRegions(engine, model, split.heldOut, true);
  const training = await scoreRegions(engine, model, evenly(split.training, MOST_REGIONS));
  const made = chooseOn(model, training, heldOut, options);
  const chosen: Model = { ...model, metadata: { ...model.metadata, ...made.choice } };
  const micrographs = [...split.training, ...split.heldOut].map(({ micrograph }) => micrograph);
  const usual = measureUsual(chosen, [...training, ...heldOut], micrographs);
  return { ...made, choice: { ...made.choice, usual } };
}

/** The choice on regions that are scored. */
function chooseOn(
  model: Model,
  training: readonly ScoredRegion[],
  heldOut: readonly ScoredRegion[],
  { recipe, seed, labelsComplete, few, fromGeneral }: ChooseOptions,
): { choice: Partial<Choice>; heldOut: Evaluation | null } {
  const usual = recipe.deviationFilter === 'always' ? {} : { deviationRange: null };
  const unchosen = (reason: string) => ({
    choice: { ...usual, thresholdFrom: `the middle: ${reason}` },
    heldOut: null,
  });
  if (!labelsComplete || (few && heldOut.length === 0)) {
    const reason = labelsComplete ? 'nothing was held out' : 'labels are missing, so that precision cannot be measured';
    const found = thresholdFromScores(model, training, fromGeneral);
    if (found === null) return unchosen(`${reason}, and candidates are too few`);
    return {
      choice: { ...usual, threshold: found.threshold, thresholdFrom: `${found.from}: ${reason}` },
      heldOut: null,
    };
  }
  if (heldOut.length === 0) return unchosen('nothing was held out');
  const chosen = choose(model, heldOut, { recipe, seed });
  return 'unchosen' in chosen ? unchosen(chosen.unchosen) : chosen;
}

/**
 * The threshold between the two groups of the scores of all candidates in some regions, or the one that the scores at labels lead one to expect,
 * whichever is higher: of candidates that are no particles, some score between both. null where there are too few.
 */
function thresholdFromScores(model: Model, scored: readonly ScoredRegion[], withLabels: boolean) {
  const choice = { ...model.metadata, deviationRange: null };
  const candidates: number[] = [];
  const labelled: number[] = [];
  for (const one of scored) {
    const own = candidatesOf(model, one, choice);
    const labels = indexPoints(labelsIn(one.region));
    const distance = SAME_DIAMETERS * model.metadata.diameter * one.region.micrograph.scale;
    candidates.push(...own.map(({ score }) => score));
    const atLabels = own.filter(({ x, y }) => (labels?.within(x, y, distance).length ?? 0) > 0);
    labelled.push(...atLabels.map(({ score }) => score));
  }
  const groups = mixtureThreshold(candidates, LIKELY);
  const expected = withLabels ? thresholdFromLabels(labelled, candidates) : null;
  if (groups === null && expected === null) return null;
  return (expected ?? 0) > (groups ?? 0)
    ? { threshold: expected ?? 0, from: 'the scores at labels' }
    : { threshold: groups ?? 0, from: "two groups of the candidates' scores" };
}
