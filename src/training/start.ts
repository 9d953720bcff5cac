/** What a training starts from: random weights, or those of a network that knows simulated particles already. */

import { random } from '../core/random.js';
import { toResampled } from '../imaging/resample.js';
import type { Architecture } from '../network/architecture.js';
import { forBrightParticles } from '../network/bright.js';
import { initialWeights, meanOfWeights, type Weights } from '../network/parameters.js';
import { PRESETS } from '../network/presets.js';
import { viewsAnEpoch } from './batches.js';
import { textToFloats } from './float-text.js';
import type { PreparedMicrograph } from './labelled.js';
import { PRETRAINED_STATISTICS, PRETRAINED_VALUES } from './pretrained-weights.js';
import type { Recipe } from './recipe.js';
import { SEED_STREAM } from './seeds.js';

/** Where a training starts, and the recipe with the schedule that goes with it. */
export interface Start {
  readonly weights: Weights;
  readonly recipe: Recipe;
  /** What the weights are of: the general model and an earlier one know particles, others simulated ones, or nothing. */
  readonly from: StartKind;
  /** Whether labels are so few that the schedule is a short one, from such weights. */
  readonly few: boolean;
}

/** Weights that a training starts from. */
export type StartKind = 'general' | 'earlier' | 'simulated' | 'random';

/** What else a start depends on. */
export interface StartOptions {
  /** Particle diameter in full-size pixels of the model's pixel size. */
  readonly diameter: number;
  /** Labels that are not held out. */
  readonly trained: number;
  readonly seed: number;
  /** Of an earlier model that is trained on; undefined: none. */
  readonly earlier?: Weights;
  /** Of a model that knows dark particles of any kind; undefined: none. */
  readonly general?: Weights;
}

/** Steps at the most of a training that goes on from an earlier model: it knows the particle already. */
const STEPS_AGAIN = 450;

/**
 * The weights of an earlier model where the recipe has a schedule for such a start; else those that come with the program where the recipe asks
 * for them and the network is theirs; else random ones.
 *
 * @param micrographs - labelled; where their particles are bright, the weights are turned over: they know dark ones
 */
export function startOf(
  recipe: Recipe,
  architecture: Architecture,
  micrographs: readonly PreparedMicrograph[],
  { diameter, trained, seed, earlier, general }: StartOptions,
): Start {
  const { pretrained } = recipe;
  const labels = micrographs.reduce((sum, { positives }) => sum + positives.length, 0);
  if (earlier && pretrained) {
    const mostSteps = Math.min(STEPS_AGAIN, pretrained.mostSteps ?? STEPS_AGAIN);
    const again = { ...recipe, learningRate: pretrained.few.learningRate, mostSteps };
    return { weights: earlier, recipe: again, from: 'earlier', few: labels < pretrained.few.fewerThan };
  }
  if (!pretrained || (!general && !hasPretrainedStart(recipe, architecture))) {
    const weights = initialWeights(architecture, random(seed, SEED_STREAM.weights));
    return { weights, recipe, from: 'random', few: false };
  }
  const known = general ?? { values: textToFloats(PRETRAINED_VALUES), statistics: textToFloats(PRETRAINED_STATISTICS) };
  const weights = meanAtLabels(micrographs, diameter) > 0 ? forBrightParticles(known, architecture) : known;
  const { mostSteps } = pretrained;
  const { fewerThan, learningRate, views } = pretrained.few;
  const from = general ? 'general' : 'simulated';
  if (labels >= fewerThan) return { weights, recipe: { ...recipe, mostSteps }, from, few: false };
  const epochs = views ? Math.max(1, Math.round(views / viewsAnEpoch(recipe, trained))) : recipe.epochs;
  const short = { ...recipe, learningRate, epochs, mostSteps: null };
  return { weights, recipe: short, from, few: true };
}

/** What comes out of a training: its weights, with a share of those that it started from. */
export function withStart(trained: Weights, { weights, recipe }: Start): Weights {
  return recipe.startShare === 0 ? trained : meanOfWeights(trained, weights, recipe.startShare);
}

/** Whether a training starts from the weights that come with the program: where the recipe asks for them and the network is theirs. */
export function hasPretrainedStart({ pretrained }: Pick<Recipe, 'pretrained'>, architecture: Architecture): boolean {
  return pretrained !== null && sameNetwork(architecture, PRESETS.wide);
}

/** True where two networks have the same weights to train: name and dropout do not count. */
function sameNetwork(a: Architecture, b: Architecture): boolean {
  const text = ({ box, layers }: Architecture) =>
    JSON.stringify([box, layers.filter(({ type }) => type !== 'dropout')]);
  return text(a) === text(b);
}

/** Mean prepared value within half a diameter of the labels: below 0 where particles are dark. */
function meanAtLabels(micrographs: readonly PreparedMicrograph[], diameter: number): number {
  let [sum, count] = [0, 0];
  for (const { image, scale, positives } of micrographs) {
    const { pixels, width, height, factor } = image;
    const radius = (diameter * scale) / factor / 2;
    for (const point of positives) {
      const [x, y] = [toResampled(point.x, factor), toResampled(point.y, factor)];
      for (let v = Math.max(0, Math.ceil(y - radius)); v <= Math.min(height - 1, y + radius); v++) {
        for (let u = Math.max(0, Math.ceil(x - radius)); u <= Math.min(width - 1, x + radius); u++) {
          if (Math.hypot(u - x, v - y) > radius) continue;
          sum += pixels[v * width + u];
          count++;
        }
      }
    }
  }
  return count === 0 ? 0 : sum / count;
}
