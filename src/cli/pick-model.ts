/** The model of a pick run, and what its headers say of whether it fits. */

import { UsageError } from '../errors.js';
import { evenly } from '../evenly.js';
import { toPixels } from '../length.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import { rescaleModel } from '../picking/rescale.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { loadModel } from '../storage/model-file.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { fitWarnings } from '../verification/model-fit.js';
import { note } from './console.js';
import { firstPixelSize } from './labelled-inputs.js';
import type { NamedThreshold, PickArguments } from './pick-arguments.js';

/** Micrographs whose headers are looked at before a run. */
const HEADERS = 20;

/** @throws UsageError unless there is either a model or --blob with a diameter */
export function assertModelOrBlob({ model, blob, diameter }: PickArguments): void {
  if (blob && !model && diameter) return;
  if (model && !blob) return;
  throw new UsageError({
    what: 'What to pick with is not clear',
    received: [model && '--model', blob && '--blob', diameter && '--diameter'].filter(Boolean).join(', ') || 'nothing',
    expected: 'either --model MODEL.onnx, or --blob with --diameter',
  });
}

/**
 * The model to pick with: loaded, or of blobs, for the diameter and with the threshold that were asked for. Says what does not fit.
 *
 * @param inputs - the first one that says it gives the pixel size for lengths in angstroms
 * @throws UsageError, FileError, ModelError
 */
export async function chooseModel(inputs: readonly InputMicrograph[], options: PickArguments): Promise<Model> {
  const model = options.model ? await loadModel(options.model) : null;
  await sayWhatDoesNotFit(inputs, model, options);
  if (model && !options.diameter) return withThreshold(model, options.threshold);
  const pixelSize = await firstPixelSize(inputs, options.pixelSize);
  const diameter = toPixels(options.diameter ?? { value: 0, unit: 'px' }, pixelSize, '--diameter');
  // A diameter in pixels is that of every micrograph, whatever its pixel size.
  const referred = options.diameter?.unit === 'px' ? null : pixelSize;
  if (model) return withThreshold(rescaleModel(model, diameter, referred), options.threshold);
  return blobModel(diameter, referred);
}

/** Looks at the headers of some micrographs, evenly spread. */
async function sayWhatDoesNotFit(
  inputs: readonly InputMicrograph[],
  model: Model | null,
  { diameter, pixelSize }: PickArguments,
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
  for (const warning of warnings) note(`warning: ${warning}`);
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
