/** What `train` and `tune` start from: micrographs with labels, and lengths in pixels. */

import { UsageError } from '../../core/errors.js';
import { type Length, toPixels } from '../../core/length.js';

import type { DeviceChoice } from '../../picking/device.js';
import type { TrainOptions } from '../../training/train.js';
import { micrographsOf } from '../inputs.js';
import { withEvidence } from '../labels/evidence.js';
import { firstPixelSize, type LabelledInput, type LabelPlaces, matchLabels } from '../labels/labelled-inputs.js';
import type { Work } from '../tell.js';

/** What is trained on, and how the labels are taken. */
export interface TrainingSettings extends LabelPlaces {
  /** Files, folders, globs, `@LIST`, or a `micrographs.star`. */
  readonly micrographs: readonly string[];
  readonly diameter: Length;
  /** Labels closer to the edge are left out; half the diameter by default. */
  readonly edge?: Length;
  /** Whether every particle is labelled. */
  readonly labels: NonNullable<TrainOptions['labels']>;
  readonly seed: number;
  readonly threads?: number;
  readonly device: DeviceChoice;
  /** Trains also where the labels do not lie on particles. */
  readonly force: boolean;
}

/** Labelled micrographs with lengths in full-size pixels. */
export interface TrainingInputs {
  readonly labels: readonly LabelledInput[];
  /** Of the first micrograph in angstroms, or null. */
  readonly pixelSize: number | null;
  readonly diameter: number;
  readonly edge: number;
}

/** A network sees nothing of smaller particles. */
const SMALLEST_DIAMETER = 4;

/**
 * Finds micrographs and labels, converts lengths with the pixel size of the first micrograph, and looks whether the labels lie on particles.
 *
 * @throws LabelError if no labels belong to the micrographs, or if the pixels contradict them; UsageError if a length cannot be converted
 */
export async function findTrainingInputs(settings: TrainingSettings, { tell }: Work): Promise<TrainingInputs> {
  const labels = await matchLabels(await micrographsOf(settings.micrographs, tell), settings, tell);
  const pixelSize = await firstPixelSize(
    labels.map(({ input }) => input),
    settings.pixelSize,
  );
  const diameter = toPixels(settings.diameter, pixelSize, '--diameter');
  if (!(diameter >= SMALLEST_DIAMETER)) {
    throw new UsageError({
      what: 'Wrong diameter',
      received: `${diameter} pixels`,
      expected: `${SMALLEST_DIAMETER} pixels or more`,
    });
  }
  const { micrographs, picks, force } = settings;
  return {
    labels: await withEvidence(labels, { diameter, micrographs, picks, force }, tell),
    ...{ pixelSize, diameter },
    edge: settings.edge ? toPixels(settings.edge, pixelSize, '--edge') : diameter / 2,
  };
}
