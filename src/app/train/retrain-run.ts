/** A training with the picks of an earlier model that a person sorted: the paper's loop (Fig. 2). */

import { defined } from '../../core/defined.js';
import { counted } from '../../core/words.js';
import type { Model } from '../../network/model.js';
import type { DeviceChoice } from '../../picking/device.js';
import { pairCoordinates } from '../../storage/coordinate-pairs.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { loadModel, loadTrainingRecord, type TrainingRecord } from '../../storage/model-file.js';
import type { HeldOutColumns } from '../../training/examples.js';
import type { RunEvent } from '../events.js';
import { withEvidence } from '../labels/evidence.js';
import type { LabelledInput } from '../labels/labelled-inputs.js';
import { type Ended, eventsOf, note, type Work } from '../tell.js';
import { addSorted, earlierInputs } from './retrain-labels.js';
import { readSorted, type SortedSets, type Sorting } from './sorting.js';
import { assertModelName, runTraining } from './training.js';

/** A training again. */
export interface RetrainRunSettings {
  /** File of the model, with its training record beside it. */
  readonly model: string;
  /** Further micrographs that were picked. */
  readonly micrographs: readonly string[];
  readonly sorting: Sorting;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  /** That of the model by default. */
  readonly seed?: number;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly plot?: string;
  readonly output: string;
  readonly overwrite: boolean;
  /** Trains also where accepted picks do not lie on particles. */
  readonly force: boolean;
  /** What was asked for, for the record. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/**
 * Trains again, on the labels of a model and the picks that were sorted.
 *
 * @param signal - ends the training after the current step; the best model so far is saved
 * @throws UsageError, FileError, LabelError if nothing can be trained like this
 */
export function runRetrain(settings: RetrainRunSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Ended, void> {
  return eventsOf((work) => trainAgain(settings, work), signal);
}

async function trainAgain(settings: RetrainRunSettings, work: Work): Promise<Ended> {
  assertModelName(settings.output);
  const model = await loadModel(settings.model);
  const record = await loadTrainingRecord(settings.model);
  const sorted = await readSorted(settings.sorting, work.tell);
  const { metadata, architecture } = model;
  const pixelSize = metadata.pixelSize ?? settings.pixelSize ?? null;
  const known = await earlierInputs(record, settings.micrographs, work.tell);
  const labels = addSorted(known, sorted, { diameterIn: diameterIn(model, settings), tell: work.tell });
  await assertAcceptedFit(labels, sorted, settings, metadata.diameter, work);
  note(work.tell, `trained on or held out: ${counted(labels.length, 'micrograph')}`);
  const heldOut = heldOutColumns(record);
  const reviewed = new Set(labels.flatMap((one) => (one.reviewed ? [one.input.path] : [])));
  const { asked, output, overwrite, plot, device, threads } = settings;
  const { recipe, edge, labels: kind, testFraction } = record.training;
  const training = {
    ...{ asked, output, overwrite, ...defined({ plot, pixelSize: settings.pixelSize }) },
    train: {
      ...{ diameter: metadata.diameter, pixelSize, architecture, edge, labels: kind, device },
      recipe: { ...recipe, architecture },
      earlier: { model, reviewed },
      seed: settings.seed ?? metadata.seed,
      ...defined({
        heldOut: heldOut.size > 0 ? heldOut : undefined,
        testFraction: testFraction ?? undefined,
        threads,
      }),
    },
  };
  return runTraining(labels, training, work);
}

/** The diameter of the particle in pixels of a micrograph. */
function diameterIn({ metadata }: Model, { pixelSize: asked }: RetrainRunSettings) {
  const { diameter } = metadata;
  const pixelSize = metadata.pixelSize ?? asked ?? null;
  return (input: InputMicrograph) =>
    pixelSize === null ? diameter : (diameter * pixelSize) / (asked ?? input.pixelSize ?? pixelSize);
}

/**
 * Looks whether accepted picks lie on particles, by themselves: they come from elsewhere than the labels of the model.
 *
 * @throws LabelError if the pixels contradict them
 */
async function assertAcceptedFit(
  labels: readonly LabelledInput[],
  { accepted, from }: SortedSets,
  { micrographs, force }: RetrainRunSettings,
  diameter: number,
  { tell }: Work,
): Promise<void> {
  if (from === null) return;
  const { pairs } = pairCoordinates(
    labels.map(({ input }) => input),
    accepted,
  );
  const confirmed = pairs.map(({ owner, set }) => ({ input: owner, positives: set, negatives: undefined }));
  const paths = micrographs.length > 0 ? micrographs : confirmed.map(({ input }) => input.path).slice(0, 1);
  await withEvidence(confirmed, { diameter, micrographs: paths, picks: from, force }, tell);
}

function heldOutColumns(record: TrainingRecord): HeldOutColumns {
  return new Map(record.micrographs.flatMap(({ path, heldOut }) => (heldOut ? [[path, heldOut] as const] : [])));
}
