/** The model of a pick run, and what its headers say of whether it fits. */

import { UsageError } from '../core/errors.js';
import { evenly } from '../core/evenly.js';
import { toPixels } from '../core/length.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import { rescaleModel } from '../picking/rescale.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { GENERAL_MODEL_FILE, loadModel } from '../storage/model-file.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { fitWarnings } from '../verification/model-fit.js';
import { note } from './console.js';
import { firstPixelSize } from './labelled-inputs.js';
import type { NamedThreshold, PickArguments, SizedArguments } from './pick-arguments.js';

/** Micrographs whose headers are looked at before a run. */
const HEADERS = 20;

/** @throws UsageError unless there is a diameter, or a model of one's own, which has one */
export function assertModelOrDiameter({ model, blob, diameter }: PickArguments): void {
  if (model && blob) {
    throw new UsageError({
      what: 'What to pick with is not clear',
      received: '--model and --blob',
      expected: 'one of them, or neither: then the general model picks',
    });
  }
  if (diameter === 'auto' && (model || blob)) {
    throw new UsageError({
      what: 'Only the general model estimates the diameter',
      received: `--diameter auto with ${model ? '--model' : '--blob'}`,
      expected: 'a length such as --diameter 190A',
    });
  }
  if (model || diameter) return;
  throw new UsageError({
    what: 'The size of the particle is unknown',
    received: 'neither --diameter nor --model',
    expected:
      '--diameter with the length of the particle, such as --diameter 190A, or --diameter auto, to pick without labels; or --model MODEL.onnx',
  });
}

/** Whether the model that comes with the program picks. */
export function isGeneral({ model, blob }: PickArguments): boolean {
  return !model && !blob;
}

/** The file of the model that picks: one's own, or the one that comes with the program; null for blobs. */
export function modelFile({ model, blob }: PickArguments): string | null {
  return blob ? null : (model ?? GENERAL_MODEL_FILE);
}

/**
 * The model to pick with: one's own, the general one, or of blobs, for the diameter and with the threshold that were asked for. Says what does not fit.
 *
 * @param inputs - the first one that says it gives the pixel size for lengths in angstroms
 * @throws UsageError, FileError, ModelError
 */
export async function chooseModel(inputs: readonly InputMicrograph[], options: SizedArguments): Promise<Model> {
  const file = modelFile(options);
  const model = file === null ? null : await loadModel(file);
  await sayWhatDoesNotFit(inputs, options.model ? model : null, options);
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
  { diameter, pixelSize }: SizedArguments,
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
