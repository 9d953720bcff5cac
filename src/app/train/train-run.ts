/** A training on labels. */

import { defined } from '../../core/defined.js';
import { UsageError } from '../../core/errors.js';
import { loadPreset } from '../../storage/model-file.js';
import { AUTO_RECIPE, RECIPES, type Recipe, withEpochs } from '../../training/recipe.js';
import type { RunEvent } from '../events.js';
import { type Ended, eventsOf, type Work } from '../tell.js';
import { fewLabelsStart, type StartChoice } from './few-labels.js';
import { assertModelName, runTraining } from './training.js';
import { findTrainingInputs, type TrainingSettings } from './training-inputs.js';

/** A training run. */
export interface TrainRunSettings extends TrainingSettings {
  /** Where the model goes. */
  readonly output: string;
  readonly overwrite: boolean;
  /** Name of a network or a file with one, perhaps with a recipe; the recipe's own network by default. */
  readonly preset?: string;
  /** Name of a recipe. */
  readonly recipe: string;
  readonly start: StartChoice;
  readonly testFraction?: number;
  readonly epochs?: number;
  /** SVG of loss and accuracy. */
  readonly plot?: string;
  /** What was asked for, for the record. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/**
 * Trains a network on labelled micrographs, and goes on where the same training was cut off.
 *
 * @param signal - ends the training after the current step; the best model so far is saved
 * @throws UsageError, FileError, LabelError if nothing can be trained like this
 */
export function runTrain(settings: TrainRunSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Ended, void> {
  return eventsOf((work) => trainOn(settings, work), signal);
}

async function trainOn(settings: TrainRunSettings, work: Work): Promise<Ended> {
  const named = recipeNamed(settings.recipe);
  const isAuto = named === AUTO_RECIPE && !settings.preset;
  assertStart(settings, isAuto);
  assertModelName(settings.output);
  const preset = settings.preset
    ? await loadPreset(settings.preset)
    : { architecture: named.architecture, recipe: null };
  const recipe: Recipe = { ...(preset.recipe ?? named), architecture: preset.architecture };
  const { labels, pixelSize, diameter, edge } = await findTrainingInputs(settings, work);
  const few = isAuto ? await fewLabelsStart(labels, { ...settings, diameter }, work.tell) : null;
  const chosen = few?.recipe ?? recipe;
  const { asked, output, overwrite, plot, epochs, testFraction, threads, seed, device } = settings;
  const training = {
    ...{ asked, output, overwrite, ...defined({ plot, pixelSize: settings.pixelSize }) },
    train: {
      ...{ diameter, pixelSize, edge, labels: settings.labels, seed, device },
      architecture: chosen.architecture,
      recipe: epochs ? withEpochs(chosen, epochs) : chosen,
      ...defined({ start: few?.start, testFraction, threads }),
    },
  };
  return runTraining(labels, training, work);
}

/** @throws UsageError if there is none of the name */
function recipeNamed(name: string): Recipe {
  if (Object.hasOwn(RECIPES, name)) return RECIPES[name];
  throw new UsageError({
    what: 'Unknown recipe',
    received: `"${name}"`,
    expected: Object.keys(RECIPES).join(', '),
  });
}

/** @throws UsageError if the general model cannot be the start */
function assertStart({ start, preset, recipe }: TrainRunSettings, isAuto: boolean): void {
  if (start !== 'general' || isAuto) return;
  throw new UsageError({
    what: 'Only recipe auto with its own network starts from the general model',
    received: `--start general with ${preset ? '--preset' : `--recipe ${recipe}`}`,
    expected: '--start without these',
  });
}
