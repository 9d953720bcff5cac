/** The model of a pick run, and what its headers say of whether it fits. */

import { UsageError } from '../../core/errors.js';
import { evenly } from '../../core/evenly.js';
import { toPixels } from '../../core/length.js';
import type { Model } from '../../network/model.js';
import { blobModel } from '../../picking/blob.js';
import { rescaleModel } from '../../picking/rescale.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { loadModel } from '../../storage/model-file.js';
import { readMicrographHeader } from '../../storage/read-micrograph.js';
import { fitWarnings } from '../../verification/model-fit.js';
import type { Tell } from '../events.js';
import { firstPixelSize } from '../labels/labelled-inputs.js';
import { warn } from '../tell.js';
import { modelFileOf, type NamedThreshold, type SizedSettings } from './settings.js';

/** Micrographs whose headers are looked at before a run. */
const HEADERS = 20;

/**
 * The model to pick with: one's own, the general one, or of blobs, for the diameter and with the threshold that were asked for. Says what does not fit.
 *
 * @param inputs - the first one that says it gives the pixel size for lengths in angstroms
 * @throws UsageError, FileError, ModelError
 */
export async function chooseModel(
  inputs: readonly InputMicrograph[],
  settings: SizedSettings,
  tell: Tell,
): Promise<Model> {
  const file = modelFileOf(settings);
  const model = file === null ? null : await loadModel(file);
  await sayWhatDoesNotFit(inputs, settings.with.kind === 'model' ? model : null, settings, tell);
  if (model && !settings.diameter) return withThreshold(model, settings.threshold);
  const pixelSize = await firstPixelSize(inputs, settings.pixelSize);
  const diameter = toPixels(settings.diameter ?? { value: 0, unit: 'px' }, pixelSize, '--diameter');
  // A diameter in pixels is that of every micrograph, whatever its pixel size.
  const referred = settings.diameter?.unit === 'px' ? null : pixelSize;
  if (model) return withThreshold(rescaleModel(model, diameter, referred), settings.threshold);
  return blobModel(diameter, referred);
}

/** Looks at the headers of some micrographs, evenly spread. */
async function sayWhatDoesNotFit(
  inputs: readonly InputMicrograph[],
  model: Model | null,
  { diameter, pixelSize }: SizedSettings,
  tell: Tell,
): Promise<void> {
  const headers = await Promise.all(
    evenly(inputs, HEADERS).map(async ({ path, pixelSize: listed }) => {
      const header = await readMicrographHeader(path).catch(() => null);
      return header && { name: path, ...header, pixelSize: listed ?? header.pixelSize };
    }),
  );
  const warnings = fitWarnings({
    ...{ model: model?.metadata ?? null, micrographs: headers.filter((header) => header !== null) },
    ...(diameter && { diameter }),
    ...(pixelSize && { pixelSize }),
  });
  for (const warning of warnings) warn(tell, warning);
}

/** @throws UsageError if the model has no such threshold */
function withThreshold(model: Model, name: number | NamedThreshold): Model {
  if (typeof name === 'number' || name === 'auto') return model;
  const { thresholds, thresholdFrom } = model.metadata;
  if (thresholds) return { ...model, metadata: { ...model.metadata, threshold: thresholds[name].threshold } };
  throw new UsageError({
    what: `The model has no threshold ${name}`,
    received: `a threshold from ${thresholdFrom}`,
    expected: 'a model trained with held-out micrographs',
    hint: 'Give a number, or auto',
  });
}
