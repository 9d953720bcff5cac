/** What `pick` and `watch` are told: how to pick, and what to write. */

import { type Command, Option } from 'commander';
import { DEFAULT_PICK_SETTINGS, type NamedThreshold, type PickSettings, type PickWith } from '../app/pick/settings.js';
import { defined } from '../core/defined.js';
import { UsageError } from '../core/errors.js';
import type { Length } from '../core/length.js';
import type { CoordinateFormat } from '../formats/coordinate-format.js';
import { WRITTEN_FORMATS, writtenFormats } from '../formats/coordinates.js';
import type { Turns } from '../network/dense-graph.js';
import type { DeviationRange } from '../picking/deviation.js';
import type { DeviceChoice } from '../picking/device.js';
import { deviceOption } from './device.js';
import { length, parseMemory, parsePixelSize, parseThreads, wordOrNumber } from './options.js';

/** The arguments that `addPickOptions` adds. */
export interface PickArguments {
  model?: string;
  blob?: boolean;
  diameter?: Length | 'auto';
  out: string;
  format: readonly CoordinateFormat[];
  threshold: number | NamedThreshold;
  step?: Length;
  turns?: Turns;
  minDistance?: Length;
  stdRange: DeviationRange | 'auto' | 'off';
  ground: number | 'auto' | 'off';
  keepScores?: boolean;
  overlap?: Length;
  edge?: Length;
  mask?: string;
  pixelSize?: number;
  threads?: number;
  memory?: number;
  device: DeviceChoice;
  saveScores?: boolean;
  saveLeftOut?: boolean;
  force?: boolean;
  overwrite?: boolean;
  json?: boolean;
}

/** The formats, for help texts. */
export const FORMATS_HELP = WRITTEN_FORMATS.map(({ name, summary }) => `  ${name.padEnd(15)} ${summary}`).join('\n');

/** Adds the options that say how to pick and what to write. */
export function addPickOptions(command: Command): Command {
  return command
    .option('--model <model.onnx>', 'made by deepem train (default: the general model, which needs no labels)')
    .option('--blob', 'dark round blobs instead of a network: a baseline')
    .option(
      '--diameter <length>',
      "of the particle, for example 108px or 190A; needed without --model, where auto estimates it (default: the model's)",
      lengthOrAuto('--diameter'),
    )
    .requiredOption('--out <folder>', 'where the coordinates go')
    .addOption(
      new Option('--format <list>', `one or more, with commas: ${WRITTEN_FORMATS.map(({ name }) => name).join(', ')}`)
        .argParser(writtenFormats)
        .default(DEFAULT_PICK_SETTINGS.formats, DEFAULT_PICK_SETTINGS.formats.map(({ name }) => name).join()),
    )
    .option(
      '--threshold <t>',
      "lowest score; auto: the model's; f1 or f2: the model's with the best F1 or F2 (of 100 labels or more)",
      wordOrNumber('--threshold', ['auto', 'f1', 'f2'], { min: 0, max: 1 }),
      DEFAULT_PICK_SETTINGS.threshold,
    )
    .option('--step <px>', "full-size pixels between scored positions (default: the model's)", length('--step', 'px'))
    .addOption(
      new Option(
        '--turns <n>',
        "quarter turns of the network that are averaged, 1, 2 or 4 (default: the model's)",
      ).argParser(parseTurns),
    )
    .option('--min-distance <length>', "between two particles (default: the model's)", length('--min-distance', 'px'))
    .option(
      '--std-range <range>',
      "allowed standard deviation of the (binned) grey values in a box: auto (the model's, if it has one), off, or MIN,MAX in grey values",
      parseRange,
      DEFAULT_PICK_SETTINGS.deviationRange,
    )
    .option(
      '--ground <limit>',
      "highest unevenness of the ground (carbon, ice, aggregates): auto (the model's: deepem info), off, or a number; lower is stricter",
      wordOrNumber('--ground', ['auto', 'off'], { min: 0 }),
      DEFAULT_PICK_SETTINGS.unevennessLimit,
    )
    .option(
      '--keep-scores',
      'do not lower scores in micrographs that look nearly empty (only calibrated models do: of 100 labels or more)',
    )
    .option(
      '--overlap <length>',
      'leave out particles closer to another than this, both (default: they stay)',
      length('--overlap', 'px'),
    )
    .option('--edge <length>', 'smallest distance from the edge (default: half the diameter)', length('--edge', 'px'))
    .option('--mask <folder>', 'masks of micrographs, in which nothing is picked: NAME.json of the page, or images')
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option('--threads <n>', 'default: as the scheduler allots, else the cores that this process may use', parseThreads)
    .option(
      '--memory <size>',
      'most that may be used, such as 4GB (default: 1.5 GB, or more for micrographs beyond 8192 x 8192)',
      parseMemory,
    )
    .addOption(deviceOption('scores'))
    .option('--save-scores', 'also write the score map, as .mrc')
    .option('--save-left-out', 'also write the candidates that filters left out, with the filter, as _left_out.json')
    .option('--force', 'pick everything again, where the folder holds a run with other parameters')
    .option('--overwrite', 'replace files in the output folder that no run of it wrote')
    .option('--json', 'one JSON line a micrograph, then a summary');
}

function lengthOrAuto(name: string): (text: string) => Length | 'auto' {
  const parse = length(name);
  return (text) => (text === 'auto' ? 'auto' : parse(text));
}

function parseTurns(text: string): Turns {
  const turns = ([1, 2, 4] as const).find((number) => String(number) === text);
  if (turns) return turns;
  throw new UsageError({ what: 'Wrong value of --turns', received: `"${text}"`, expected: '1, 2 or 4' });
}

function parseRange(text: string): DeviationRange | 'auto' | 'off' {
  if (text === 'auto' || text === 'off') return text;
  const [min, max, ...rest] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (rest.length === 0 && min >= 0 && max > min) return { min, max, unit: 'grey' };
  throw new UsageError({
    what: 'Wrong value of --std-range',
    received: `"${text}"`,
    expected: 'auto, off, or two rising grey values such as 22,34',
  });
}

/**
 * Resolves the arguments once: nothing below the command line reads them.
 *
 * @throws UsageError unless there is a diameter, or a model of one's own, which has one
 */
export function pickSettings(given: PickArguments): PickSettings {
  const { diameter, out, threshold, step, turns, minDistance, edge, pixelSize, threads, memory, device } = given;
  return {
    ...DEFAULT_PICK_SETTINGS,
    ...defined({ diameter, step, turns, minDistance, edge, pixelSize, threads, memory }),
    ...defined({ overlapDistance: given.overlap, masks: given.mask }),
    ...{ with: pickWith(given), out, formats: given.format, threshold, device },
    deviationRange: given.stdRange,
    unevennessLimit: given.ground,
    lowerWhereEmpty: !given.keepScores,
    ...defined({ saveScores: given.saveScores, saveLeftOut: given.saveLeftOut }),
    ...defined({ force: given.force, overwrite: given.overwrite }),
  };
}

/** What picks. @throws UsageError unless there is a diameter, or a model of one's own, which has one */
function pickWith({ model, blob, diameter }: PickArguments): PickWith {
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
  if (model) return { kind: 'model', file: model };
  if (diameter) return { kind: blob ? 'blob' : 'general' };
  throw new UsageError({
    what: 'The size of the particle is unknown',
    received: 'neither --diameter nor --model',
    expected:
      '--diameter with the length of the particle, such as --diameter 190A, or --diameter auto, to pick without labels; or --model MODEL.onnx',
  });
}
