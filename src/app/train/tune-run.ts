/** A search of network and settings by cross-validation. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LabelError, UsageError } from '../../core/errors.js';
import { duration } from '../../core/words.js';
import { makeFolder, readText, writeWhole } from '../../storage/files.js';
import { loadPreset } from '../../storage/model-file.js';
import { assertFree } from '../../storage/outputs.js';
import { AUTO_RECIPE, type Recipe } from '../../training/recipe.js';
import {
  bestTrial,
  dealFolds,
  drawTrials,
  type FoldScore,
  isBehind,
  meanScore,
  type Trial,
} from '../../training/tune.js';
import type { RunEvent } from '../events.js';
import { type Ended, eventsOf, note, type Work, warn } from '../tell.js';
import { findTrainingInputs, type TrainingInputs, type TrainingSettings } from './training-inputs.js';
import { assertComplete, judgeFold } from './tune-fold.js';

/** A search. */
export interface TuneRunSettings extends TrainingSettings {
  /** Time for the search; a fold that has begun is finished. */
  readonly minutes: number;
  /** Of the cross-validation. */
  readonly folds: number;
  /** The first trial, and what is varied; the recipe auto by default. */
  readonly preset?: string;
  /** Folder of the results. */
  readonly out: string;
  /** Replaces a preset that is there. */
  readonly overwrite: boolean;
}

/** A trial with its folds so far. */
export interface JudgedTrial {
  readonly trial: Trial;
  readonly folds: readonly FoldScore[];
}

/** What a search came to. */
export interface Tuned extends Ended {
  /** The best first. */
  readonly trials: readonly JudgedTrial[];
  /** Folds of a whole trial. */
  readonly folds: number;
}

/** Results so far, and the preset of the best trial. */
export const [STATE, PRESET] = ['tune.json', 'preset.json'];
const MINUTE = 60;
/** What a training takes at the most on two cores (docs/results.md). */
const FOLD_MINUTES = 2;

/** What the search was started with: it only goes on with the same. */
const inputsSchema = z.object({
  preset: z.string().nullable(),
  seed: z.number(),
  folds: z.number(),
  diameter: z.number(),
  edge: z.number(),
  labels: z.string(),
  micrographs: z.array(z.object({ path: z.string(), labels: z.number() })),
});
type Inputs = z.infer<typeof inputsSchema>;
const stateSchema = z.object({
  inputs: inputsSchema,
  scores: z.array(
    z.object({
      trial: z.number(),
      fold: z.number(),
      averagePrecision: z.number(),
      bestF1: z.number(),
      seconds: z.number(),
    }),
  ),
});

/**
 * Trains trial after trial on all but some of the micrographs and judges them on these.
 *
 * @param signal - ends the search; the folds done so far are kept
 * @throws UsageError, FileError, LabelError if nothing can be compared like this
 */
export function runTune(settings: TuneRunSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Tuned, void> {
  return eventsOf((work) => tune(settings, work), signal);
}

async function tune(settings: TuneRunSettings, work: Work): Promise<Tuned> {
  const found = await findTrainingInputs(settings, work);
  assertComplete(settings.labels !== 'incomplete');
  const inputs = inputsOf(found, settings);
  const base = settings.preset ? await loadBase(settings.preset) : AUTO_RECIPE;
  warnOfShortTime(settings.minutes, inputs.folds, work);
  await makeFolder(settings.out);
  const scores = await resume(inputs, join(settings.out, STATE), work);
  if (scores.length === 0) assertFree([join(settings.out, PRESET)], settings.overwrite);
  await search({ found, inputs, base, scores, settings }, work);
  return finish(scores, inputs, base, settings, work);
}

/** @throws LabelError unless there is something to hold out */
function inputsOf({ labels, diameter, edge }: TrainingInputs, settings: TuneRunSettings): Inputs {
  const labelled = labels.filter(({ positives }) => positives.particles.length > 0).length;
  if (labelled < 2) {
    throw new LabelError({
      what: 'Tuning holds out whole micrographs',
      received: `${labelled} labelled micrograph`,
      expected: 'two or more',
    });
  }
  const { seed, preset = null, labels: kind } = settings;
  const micrographs = labels.map(({ input, positives }) => ({ path: input.path, labels: positives.particles.length }));
  const folds = Math.min(settings.folds, labelled);
  return { preset, seed, folds, diameter, edge, labels: kind, micrographs };
}

function warnOfShortTime(minutes: number, folds: number, { tell }: Work): void {
  const least = 2 * folds * FOLD_MINUTES;
  if (minutes >= least) return;
  warn(
    tell,
    `--minutes ${minutes} may be too short to compare anything: two trials are ${2 * folds} trainings of a minute or two each; give --minutes ${least} or more, or fewer --folds`,
  );
}

async function loadBase(preset: string): Promise<Recipe> {
  const { architecture, recipe } = await loadPreset(preset);
  return { ...(recipe ?? AUTO_RECIPE), architecture };
}

/** @throws UsageError if the folder holds another search */
async function resume(inputs: Inputs, file: string, { tell }: Work): Promise<FoldScore[]> {
  if (!existsSync(file)) return [];
  const state = stateSchema.safeParse(JSON.parse(await readText(file)));
  if (state.success && JSON.stringify(state.data.inputs) === JSON.stringify(inputs)) {
    note(tell, `going on from ${state.data.scores.length} folds in ${file}`);
    return state.data.scores;
  }
  throw new UsageError({
    what: `${file} is another search`,
    received: 'other micrographs, labels, preset, diameter, edge, folds, seed or --labels',
    expected: 'the same as before',
    hint: 'Give another folder to --out',
  });
}

/** A search under way; `scores` grows. */
interface Search {
  readonly found: TrainingInputs;
  readonly inputs: Inputs;
  readonly base: Recipe;
  readonly scores: FoldScore[];
  readonly settings: TuneRunSettings;
}

/** Folds of trials until the time is over, each kept as soon as it is done. */
async function search({ found, inputs, base, scores, settings }: Search, work: Work): Promise<void> {
  const end = performance.now() + 1000 * MINUTE * settings.minutes;
  const labelled = inputs.micrographs.filter((micrograph) => micrograph.labels > 0);
  const dealt = dealFolds(
    labelled.map(({ path }) => path),
    inputs.folds,
    inputs.seed,
  );
  for (const trial of drawTrials(inputs.seed, base)) {
    for (let fold = 0; fold < inputs.folds; fold++) {
      const own = scores.filter((score) => score.trial === trial.number);
      if (own.some((score) => score.fold === fold)) continue;
      const best = bestTrial(scores, inputs.folds);
      if (best && isBehind(own, best)) break;
      if (work.signal.aborted || performance.now() >= end) return;
      // The first fold looks whether labels are complete: a trial that learns badly could not tell.
      const labels = scores.length > 0 ? 'complete' : settings.labels;
      const judged = await judgeFold({ trial, heldOut: dealt[fold], found, settings: { ...settings, labels } }, work);
      if (!judged) return;
      scores.push({ trial: trial.number, fold, ...judged });
      await writeWhole(join(settings.out, STATE), `${JSON.stringify({ inputs, scores }, null, 1)}\n`);
      const left = duration(Math.max(0, (end - performance.now()) / 1000));
      const figures = `AP ${judged.averagePrecision.toFixed(3)}, F1 ${judged.bestF1.toFixed(3)}`;
      note(work.tell, `trial ${trial.number}, fold ${fold + 1}/${inputs.folds}: ${figures}, ${left} left`);
    }
  }
}

/** The trials, and the winner as a preset. */
async function finish(
  scores: readonly FoldScore[],
  { seed, folds }: Inputs,
  base: Recipe,
  { out }: TuneRunSettings,
  { tell }: Work,
): Promise<Tuned> {
  const best = bestTrial(scores, folds);
  const trials = trialsOf(new Set(scores.map(({ trial }) => trial)).size, seed, base);
  const judged = trials
    .map((trial) => ({ trial, folds: scores.filter((score) => score.trial === trial.number) }))
    .sort((a, b) => meanScore(b.folds) - meanScore(a.folds));
  if (best) {
    const { number, architecture, recipe } = trials[best[0].trial];
    await writeWhole(join(out, PRESET), `${JSON.stringify({ architecture, recipe }, null, 1)}\n`);
    note(tell, `best: trial ${number}, written to ${join(out, PRESET)}`);
  } else note(tell, 'No trial has finished all its folds: start it again with the same --out to go on.');
  return { trials: judged, folds, failed: [] };
}

/** The first trials. */
function trialsOf(count: number, seed: number, base: Recipe): Trial[] {
  const trials: Trial[] = [];
  for (const trial of drawTrials(seed, base)) {
    if (trials.length === count) break;
    trials.push(trial);
  }
  return trials;
}
