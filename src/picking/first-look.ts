/** What the first micrographs of a run say of whether a model fits them: causes of what is unusual, from pixels and scores alone. */

import type { Usual } from '../network/model.js';
import { LARGEST_DISTANCE, type ScoreLook, spectrumDistance, unusualIn } from './usual.js';

/** A micrograph that was picked. */
export interface FirstLook {
  readonly spectrum: readonly number[];
  readonly look: ScoreLook;
}

/** How the same micrograph would look otherwise. */
export interface Trials {
  /** Its spectrum if the particle were so many times as large. */
  spectrumAt(times: number): Promise<readonly number[]>;
  /** What picking says of it with its grey values inverted. */
  inverted(): Promise<ScoreLook>;
}

/** Sizes that are tried, beside the particle's own. */
const TIMES = [1 / 4, 1 / 2, Math.SQRT1_2, Math.SQRT2, 2, 4] as const;
/** Another size explains a spectrum where it comes at least so much nearer to the usual ones. */
const NEARER = 0.5;
/** Strength that inverted grey values must gain, in logits. */
const INVERTED_GAIN = 0.2;
/** Bands of the highest frequencies, and natural logarithms of power that a filter takes from them. */
const [FILTERED_BANDS, FILTERED_LOSS] = [4, 1];

/** What does not fit, with its likely cause; null where the first micrographs look as usual. */
export async function causeOf(looks: readonly FirstLook[], usual: Usual, trials: Trials): Promise<string | null> {
  const isOften = (test: (one: FirstLook) => boolean) => 2 * looks.filter(test).length > looks.length;
  if (looks.length === 0) return null;
  const other = isOften(({ spectrum }) => spectrumDistance(spectrum, usual.spectrum) > LARGEST_DISTANCE);
  if (other) {
    const times = await likelySize(looks[0], usual, trials);
    if (times !== null)
      return `the particles seem to be ${Number(times.toPrecision(2))} times as large in pixels as is assumed; check --diameter and --pixel-size`;
  }
  if (isOften(({ look }) => look.strength < usual.strength.low)) {
    const inverted = await trials.inverted();
    if (inverted.strength > looks[0].look.strength + INVERTED_GAIN)
      return 'grey values seem to be inverted: the model finds more in the negative of the first micrograph; invert the micrographs';
  }
  if (other) {
    return isOften((one) => isFiltered(one, usual))
      ? 'they seem to be low-pass filtered or denoised, and the model was trained on others; picks may be poor'
      : 'their power spectra differ from those trained on (another microscope, binning, defocus or filter); look at some picks before going on';
  }
  const words = looks.map(({ look }) => unusualIn(look, usual));
  const [word] = words.filter((one) => one !== null);
  const isUsual = words.filter((one) => one !== null).length * 2 <= words.length;
  return isUsual || word === undefined ? null : `${word} in most of them; look at some picks before going on`;
}

async function likelySize(first: FirstLook, usual: Usual, trials: Trials): Promise<number | null> {
  const own = spectrumDistance(first.spectrum, usual.spectrum);
  let best = { times: 1, distance: Math.min(LARGEST_DISTANCE, NEARER * own) };
  for (const times of TIMES) {
    const distance = spectrumDistance(await trials.spectrumAt(times), usual.spectrum);
    if (distance < best.distance) best = { times, distance };
  }
  return best.times === 1 ? null : best.times;
}

function isFiltered({ spectrum }: FirstLook, usual: Usual): boolean {
  const high = spectrum.length - FILTERED_BANDS;
  return spectrum.slice(high).every((value, i) => value < usual.spectrum.mean[high + i] - FILTERED_LOSS);
}
