/** Training: labelled micrographs in, a model out, a report after every epoch. It prints nothing and touches no disk. */

import { UsageError } from '../core/errors.js';
import type { Architecture } from '../network/architecture.js';
import type { Weights } from '../network/parameters.js';
import type { DeviceChoice } from '../picking/device.js';
import { threadCount } from '../runtime/cpus.js';
import { type Engine, startEngine } from '../runtime/engine.js';
import type { Checkpoint } from './checkpoint.js';
import { openGradientWorkers } from './device.js';
import { type EarlierModel, withUnsure } from './earlier.js';
import { runEpochs } from './epochs.js';
import type { HeldOutColumns, Split } from './examples.js';
import { againstEarlier, finish } from './finish.js';
import { gather } from './gather.js';
import { checkLabels, type LabelCheck } from './label-check.js';
import type { LabelledMicrograph, PreparedMicrograph } from './labelled.js';
import { planTraining, type Settings } from './plan.js';
import { AUTO_RECIPE, type Recipe } from './recipe.js';
import type { TrainReport } from './reports.js';

/** How a network is trained. */
export interface TrainOptions {
  /** Particle diameter in full-size pixels. */
  readonly diameter: number;
  /** Angstroms per pixel that lengths in pixels refer to, or null; that of the first micrograph by default. */
  readonly pixelSize?: number | null;
  /** Network; the recipe's by default. */
  readonly architecture?: Architecture;
  /** A trained network that the training starts from, of the same architecture: the general model, with `FEW_LABELS_RECIPE`. */
  readonly start?: Weights;
  /** Training recipe; `AUTO_RECIPE` by default. */
  readonly recipe?: Recipe;
  /**
   * Share of micrographs held out for accuracy and threshold; by default 0.2, or none where the recipe spares none of so few
   * labels.
   */
  readonly testFraction?: number;
  /** Labels and negatives closer to the edge than this many full-size pixels are left out; half the diameter by default. */
  readonly edge?: number;
  /** Columns to be held out, by micrograph, as in an earlier training; `testFraction` then does not count. */
  readonly heldOut?: HeldOutColumns;
  /** An earlier model whose sorted picks are among the labels; it is what comes out unless the new one is surely better on what is held out. */
  readonly earlier?: EarlierModel;
  /** Whether all particles are labelled; by default the recipe finds out after the first epoch, or takes them as complete. */
  readonly labels?: 'complete' | 'incomplete' | 'auto';
  /** Seed of every random choice; 1 by default. */
  readonly seed?: number;
  /** Threads; all cores by default. */
  readonly threads?: number;
  /** What computes the gradients; the CPU by default. */
  readonly device?: DeviceChoice;
  /** A state of the same training, to go on from. */
  readonly checkpoint?: Checkpoint;
  /** Ends training after the current step; the best model so far is returned. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a network.
 *
 * @param micrographs - read one after the other; only their prepared images are kept
 * @returns reports; the last one, of kind `done`, holds the model (there is none if the signal comes before any training)
 * @throws LabelError if nothing can be trained on; UsageError if the recipe cannot learn from incomplete labels
 */
export async function* train(
  micrographs: Iterable<LabelledMicrograph> | AsyncIterable<LabelledMicrograph>,
  options: TrainOptions,
): AsyncGenerator<TrainReport, void, void> {
  const settings = withDefaults(options);
  assertObjective(settings);
  const threads = threadCount(settings.threads);
  const data = await gather(micrographs, settings);
  if (settings.signal?.aborted) return;
  const plan = planTraining(data, await sortedPicks(data.prepared, settings.earlier, threads), settings);
  yield plan.report;
  const { architecture, seed } = settings;
  const { recipe } = plan.start;
  const positions = recipe.sampling.kind === 'patches' ? recipe.sampling.positions : 1;
  const { workers, ...found } = await openGradientWorkers(settings.device, {
    ...{ architecture, loss: recipe.loss, batch: plan.source.batch, positions, threads },
  });
  const engine = startEngine(threads);
  try {
    if (settings.device !== 'cpu') yield { kind: 'device', ...found };
    const smoothing = (recipe.smoothing * options.diameter) / data.preparation.factor;
    const run = {
      ...{ architecture, seed, workers, engine, start: plan.start, source: plan.source, heldOut: plan.heldOut },
      checkLabels: labelChecker(engine, settings, plan.split, smoothing),
      checkpoint: settings.checkpoint ?? null,
    };
    const best = yield* runEpochs(run, settings.signal);
    const { model, heldOut } = await finish(engine, { data, plan, settings, best, smoothing });
    const verdict = await againstEarlier(engine, model, { prepared: data.prepared, plan, settings });
    yield {
      ...{ kind: 'done', epoch: best.epoch, interrupted: settings.signal?.aborted ?? false, heldOut },
      ...{ model: verdict.kept ?? model, before: verdict.before, kept: verdict.kept !== null, loss: verdict.loss },
    };
  } finally {
    await Promise.all([workers.close(), engine.close()]);
  }
}

function withDefaults(options: TrainOptions): Settings {
  return {
    architecture: (options.recipe ?? AUTO_RECIPE).architecture,
    labels: 'auto' as const,
    edge: options.diameter / 2,
    seed: 1,
    device: 'cpu' as const,
    recipe: AUTO_RECIPE,
    ...options,
  };
}

/** What the earlier model found besides, where its picks were sorted. */
async function sortedPicks(
  prepared: readonly PreparedMicrograph[],
  earlier: EarlierModel | undefined,
  threads: number,
): Promise<readonly PreparedMicrograph[]> {
  if (!earlier) return prepared;
  const engine = startEngine(threads);
  try {
    return await withUnsure(engine, prepared, earlier);
  } finally {
    await engine.close();
  }
}

/** The risk of unlabelled places is part of the patches' loss. */
function assertObjective({ recipe, labels }: Settings): void {
  if (labels !== 'incomplete' || recipe.sampling.kind === 'patches') return;
  throw new UsageError({
    what: `Recipe ${recipe.name} takes every place without a label as no particle`,
    received: 'labels that are incomplete',
    expected: 'a recipe that learns from patches, such as auto',
  });
}

/** What looks after the first epoch whether labels are missing; null where that is known, or not used. */
function labelChecker(
  engine: Engine,
  { recipe, labels, architecture, diameter }: Settings,
  split: Split,
  smoothing: number,
): ((weights: Weights) => Promise<LabelCheck>) | null {
  const { sampling } = recipe;
  if (sampling.kind !== 'patches' || labels === 'complete') return null;
  const particleDistance = sampling.particleDistance * diameter;
  const options = { diameter, smoothing, particleDistance };
  return async (weights) => {
    const check = await checkLabels(engine, architecture, weights, split.training, options);
    return labels === 'auto' ? check : { ...check, complete: false };
  };
}
