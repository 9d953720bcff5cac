/** `deepem info` */

import type { Command } from 'commander';
import { counted, describeAccuracy } from '../core/words.js';
import { layerShapes } from '../network/architecture.js';
import type { Model } from '../network/model.js';
import { loadModel } from '../storage/model-file.js';
import { print, printJson } from './console.js';

export function configure(command: Command): void {
  command
    .argument('<model.onnx>', 'made by deepem train')
    .option('--json', 'as one JSON object')
    .action(async (file: string, options: { json?: boolean }) => {
      const model = await loadModel(file);
      if (options.json) printJson({ architecture: model.architecture, ...model.metadata });
      else printInfo(model);
    });
}

/** Both thresholds, with the range in which they lie in 68 of 100 cases. */
export function describeThresholds({ f1, f2 }: NonNullable<Model['metadata']['thresholds']>): string {
  const words = ({ threshold, low, high }: typeof f1) =>
    `${threshold.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `best F1 at ${words(f1)}, best F2 at ${words(f2)}`;
}

/** A number as a person reads it: four digits. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}

function describeCalibrationError(error: number | null): string {
  return error === null ? 'of too few labels to say how good it is' : `off by ${(100 * error).toFixed(1)} % on average`;
}

function printInfo({ architecture, metadata }: Model): void {
  const { labels, preparation, deviationRange } = metadata;
  const range = deviationRange
    ? `${deviationRange.min.toFixed(3)} to ${deviationRange.max.toFixed(3)} of the median box`
    : 'none';
  const accuracy =
    metadata.accuracy === null
      ? 'not measured'
      : `on held-out boxes ${describeAccuracy(metadata.accuracy, metadata.chance)}`;
  const rows: [string, string][] = [
    ['made by', `${metadata.program}, recipe ${metadata.recipe}, seed ${metadata.seed}`],
    ['particle', `${short(metadata.diameter)} px across; boxes of ${metadata.box} px are written`],
    ['pixel size', metadata.pixelSize === null ? 'unknown' : `${short(metadata.pixelSize)} A`],
    [
      'preparation',
      `binned ${short(preparation.factor)} times, background ${short(preparation.backgroundSigma)} and variance window ${short(preparation.varianceSigma)} prepared px`,
    ],
    ['threshold', `${metadata.threshold.toFixed(3)}: ${metadata.thresholdFrom}`],
    ...(metadata.thresholds ? ([['', describeThresholds(metadata.thresholds)]] as [string, string][]) : []),
    ['calibration', metadata.calibration === null ? 'none' : describeCalibrationError(metadata.calibrationError)],
    ['prevalence', metadata.prevalence === null ? 'unknown' : metadata.prevalence.toFixed(3)],
    ['min distance', `${short(metadata.minDistance)} px`],
    ['std range', range],
    ['ground', metadata.unevennessLimit === null ? 'any' : `unevenness up to ${metadata.unevennessLimit.toFixed(3)}`],
    ['accuracy', accuracy],
    ['objective', metadata.objective],
    [
      'trained on',
      `${counted(labels.positives, 'particle')}, ${counted(labels.negatives, 'empty box')}, ${counted(labels.micrographs, 'micrograph')}, ${counted(metadata.epochs, 'epoch')}`,
    ],
    [
      'held out',
      `${counted(labels.heldOutPositives, 'particle')}, ${counted(labels.heldOutMicrographs, 'micrograph')}`,
    ],
    ['network', `${architecture.name}, box ${architecture.box}`],
  ];
  for (const [name, value] of rows) print(`${name.padEnd(14)}${value}`);
  const shapes = layerShapes(architecture);
  architecture.layers.forEach((layer, i) => {
    const { type, ...settings } = layer;
    const details = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    print(
      `  ${String(i + 1).padStart(2)} ${type.padEnd(20)}${details.join(', ').padEnd(34)}-> ${shapes[i + 1].maps} maps of ${shapes[i + 1].side}x${shapes[i + 1].side}`,
    );
  });
}
