/** `deepem pick` */

import { dirname, join, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { messageOf, UsageError } from '../errors.js';
import type { CoordinateFormat } from '../formats/coordinate-format.js';
import { WRITTEN_FORMATS, writtenFormats } from '../formats/coordinates.js';
import { writeMrc } from '../formats/mrc.js';
import { type Length, toPixels } from '../length.js';
import type { Micrograph } from '../micrograph.js';
import type { Model } from '../network/model.js';
import { blobModel } from '../picking/blob.js';
import type { DeviationRange } from '../picking/deviation.js';
import { openPicker, type Picker, type PickOptions, type PickResult, pick } from '../picking/pick.js';
import { rescaleModel } from '../picking/rescale.js';
import type { Provenance } from '../provenance.js';
import { startEngine, threadCount } from '../runtime/engine.js';
import { hashFile, makeFolder, writeWhole } from '../storage/files.js';
import { expandMicrographs, type InputMicrograph, listedName } from '../storage/inputs.js';
import { loadModel } from '../storage/model-file.js';
import { stem } from '../storage/names.js';
import { hasMicrographEnding, readMicrograph } from '../storage/read-micrograph.js';
import { openPicksWriter, type PicksWriter } from '../storage/write-picks.js';
import { PROGRAM } from '../version.js';
import { onInterrupt, startProgress } from './console.js';
import { firstPixelSize } from './labelled-inputs.js';
import { length, number, wordOrNumber } from './options.js';
import { type Outcome, report, summarise } from './pick-report.js';

interface PickArguments {
  model?: string;
  blob?: boolean;
  diameter?: Length;
  out: string;
  format: readonly CoordinateFormat[];
  threshold: number | NamedThreshold;
  step?: Length;
  minDistance?: Length;
  stdRange: DeviationRange | 'auto' | 'off';
  ground: number | 'auto' | 'off';
  overlap?: Length;
  edge?: Length;
  pixelSize?: number;
  threads?: number;
  saveScores?: boolean;
  json?: boolean;
}

/** The model's threshold, or one of the two it was held against. */
type NamedThreshold = 'auto' | 'f1' | 'f2';

/** Ending of the score maps. */
const SCORES = '_scores.mrc';

const HELP = `
Examples:
  deepem pick micrographs/ --model model.onnx --out picks/
  deepem pick micrographs/ --blob --diameter 190A --out bootstrap/
  deepem pick micrographs.star --model model.onnx --out picks/ --format star,csv --threshold 0.5

One file a micrograph and format, in the folders of the micrographs (for a micrographs.star: the folders below its RELION job):
${WRITTEN_FORMATS.map(({ name, summary }) => `  ${name.padEnd(15)} ${summary}`).join('\n')}
Where a format cannot hold a comment, NAME.provenance.json says what the picks were made from. The step of the original program: --step 20 --edge half a box.
A micrograph that cannot be read is listed at the end with its reason; the exit code is then 3.`;

export function configure(command: Command): void {
  command
    .argument('<micrographs...>', 'files, folders, globs, or a micrographs.star')
    .option('--model <model.onnx>', 'made by deepem train')
    .option('--blob', 'without a model: dark round blobs of the size given by --diameter')
    .option(
      '--diameter <length>',
      'of the blobs, for example 108px or 190A; with a model: of the particle in these micrographs, if it differs',
      length('--diameter'),
    )
    .requiredOption('--out <folder>', 'where the coordinates go')
    .option(
      '--format <list>',
      `one or more, with commas: ${WRITTEN_FORMATS.map(({ name }) => name).join(', ')}`,
      writtenFormats,
      writtenFormats('box,csv'),
    )
    .option(
      '--threshold <t>',
      "lowest score; auto: the model's; f1 or f2: the model's with the best F1 or F2",
      wordOrNumber('--threshold', ['auto', 'f1', 'f2'], { min: 0, max: 1 }),
      'auto',
    )
    .option(
      '--step <px>',
      'full-size pixels between scored positions (default: every one where affordable)',
      length('--step', 'px'),
    )
    .option('--min-distance <length>', "between two particles (default: the model's)", length('--min-distance', 'px'))
    .option(
      '--std-range <range>',
      'allowed standard deviation of the (binned) grey values in a box: auto, off, or MIN,MAX',
      parseRange,
      'auto',
    )
    .option(
      '--ground <limit>',
      'highest unevenness of the ground (carbon, ice, aggregates): auto, off, or a number',
      wordOrNumber('--ground', ['auto', 'off'], { min: 0 }),
      'auto',
    )
    .option(
      '--overlap <length>',
      'leave out particles closer to another than this, both (default: they stay)',
      length('--overlap', 'px'),
    )
    .option('--edge <length>', 'smallest distance from the edge (default: half the diameter)', length('--edge', 'px'))
    .option(
      '--pixel-size <A>',
      'angstroms per pixel, instead of what the files say',
      number('--pixel-size', { min: 0.01, max: 1000 }),
    )
    .option(
      '--threads <n>',
      'default: SLURM_CPUS_PER_TASK, else all cores',
      number('--threads', { min: 1, max: 1024, whole: true }),
    )
    .option('--save-scores', 'also write the score map, as .mrc')
    .option('--json', 'one JSON line a micrograph, then a summary')
    .addHelpText('after', HELP)
    .action(runPick);
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

/** @throws UsageError unless there is either a model or --blob with a diameter */
function assertModelOrBlob({ model, blob, diameter }: PickArguments): void {
  if (blob && !model && diameter) return;
  if (model && !blob) return;
  throw new UsageError({
    what: 'What to pick with is not clear',
    received: [model && '--model', blob && '--blob', diameter && '--diameter'].filter(Boolean).join(', ') || 'nothing',
    expected: 'either --model MODEL.onnx, or --blob with --diameter',
  });
}

async function chooseModel(inputs: readonly InputMicrograph[], options: PickArguments): Promise<Model> {
  const model = options.model ? await loadModel(options.model) : null;
  if (model && !options.diameter) return withThreshold(model, options.threshold);
  const pixelSize = await firstPixelSize(inputs, options.pixelSize);
  const diameter = toPixels(options.diameter ?? { value: 0, unit: 'px' }, pixelSize, '--diameter');
  return model ? withThreshold(rescaleModel(model, diameter), options.threshold) : blobModel(diameter, pixelSize);
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

async function runPick(args: readonly string[], options: PickArguments): Promise<void> {
  assertModelOrBlob(options);
  const inputs = withoutOutputs(await expandMicrographs(args), options.out);
  const model = await chooseModel(inputs, options);
  assertDistinctOutputs(inputs);
  await makeFolder(options.out);
  const engine = startEngine(threadCount(options.threads));
  const interruption = onInterrupt('Stopping after this micrograph. Ctrl-C again ends at once.');
  const started = performance.now();
  const progress = startProgress(inputs.length, 'picking');
  const outcomes: Outcome[] = [];
  try {
    const tools = { picker: openPicker(engine, model), writer: openPicksWriter(options.out, options.format) };
    for (const input of inputs) {
      if (interruption.signal.aborted) break;
      const outcome = await pickOne(input, tools, options);
      outcomes.push(outcome);
      progress.update(outcomes.length, input.path);
      report(outcome, outcomes.length, inputs.length, options.json ?? false);
    }
    await tools.writer.finish(runProvenance(options, model));
  } finally {
    progress.stop();
    interruption.dispose();
    await engine.close();
  }
  summarise(outcomes, inputs.length, (performance.now() - started) / 1000, options);
  const failed = outcomes.some(({ error }) => error !== undefined);
  process.exitCode = interruption.exitCode() || (failed ? 3 : 0);
}

/**
 * Leaves out the score maps of earlier runs.
 *
 * @throws UsageError if the coordinates would stand beside the micrographs
 */
function withoutOutputs(inputs: readonly InputMicrograph[], out: string): InputMicrograph[] {
  const folder = resolve(out);
  const micrographs = inputs.filter(({ path }) => !(resolve(path).startsWith(folder + sep) && path.endsWith(SCORES)));
  if (!micrographs.some(({ path }) => dirname(resolve(path)) === folder)) return micrographs;
  throw new UsageError({
    what: 'The coordinates would stand beside the micrographs, where they could overwrite labels',
    received: `--out ${out}`,
    expected: 'a folder without micrographs',
  });
}

function outputStem(input: InputMicrograph): string {
  return join(input.folder, stem(input.path));
}

/** @throws UsageError if two micrographs would be written to one file */
function assertDistinctOutputs(inputs: readonly InputMicrograph[]): void {
  const seen = new Map<string, string>();
  for (const input of inputs.filter(({ path }) => hasMicrographEnding(path))) {
    const other = seen.get(outputStem(input));
    if (other !== undefined) {
      throw new UsageError({
        what: 'Two micrographs would be written to the same file',
        received: `${other} and ${input.path}`,
        expected: 'different names once the ending is gone',
      });
    }
    seen.set(outputStem(input), input.path);
  }
}

/** What every micrograph is picked and written with. */
interface Tools {
  readonly picker: Picker;
  readonly writer: PicksWriter;
}

async function pickOne(input: InputMicrograph, tools: Tools, options: PickArguments): Promise<Outcome> {
  try {
    const read = await readMicrograph(input.path);
    const micrograph = { ...read, pixelSize: options.pixelSize ?? read.pixelSize ?? input.pixelSize };
    const result = await pick(micrograph, tools.picker, pickOptions(options, micrograph));
    const files = await writeResult(input, micrograph, tools, result, options);
    const { particles, removed } = result;
    return { micrograph: input.path, particles: particles.length, removed, files, warnings: read.warnings };
  } catch (error) {
    return { micrograph: input.path, error: messageOf(error) };
  }
}

function pickOptions(options: PickArguments, { pixelSize }: Micrograph): PickOptions {
  const pixels = (length: Length, name: string) => toPixels(length, pixelSize, name);
  return {
    ...(typeof options.threshold === 'number' && { threshold: options.threshold }),
    ...(options.step && { step: pixels(options.step, '--step') }),
    ...(options.minDistance && { minDistance: pixels(options.minDistance, '--min-distance') }),
    ...(options.edge && { edge: pixels(options.edge, '--edge') }),
    ...(options.ground !== 'auto' && { unevennessLimit: options.ground === 'off' ? null : options.ground }),
    ...(options.overlap && { overlapDistance: pixels(options.overlap, '--overlap') }),
    ...(options.stdRange !== 'auto' && { deviationRange: options.stdRange === 'off' ? null : options.stdRange }),
  };
}

async function writeResult(
  input: InputMicrograph,
  micrograph: Micrograph,
  { picker: { model }, writer }: Tools,
  { particles, scoreMap }: PickResult,
  options: PickArguments,
): Promise<string[]> {
  const { metadata } = model;
  const { width, height, pixelSize } = micrograph;
  const scale = metadata.pixelSize && pixelSize ? metadata.pixelSize / pixelSize : 1;
  const box = 2 * Math.round((metadata.box * scale) / 2);
  const { values = {}, optics = {} } = input.star ?? {};
  const picked = { name: listedName(input), width, height, pixelSize, values, optics, box, particles };
  const files = await writer.write(picked, input.folder, {
    ...runProvenance(options, model),
    ...{ micrograph: input.path, width, height, sha256: await hashFile(input.path), pixelSize },
    binning: Number(scoreMap.factor.toFixed(6)),
  });
  if (!options.saveScores) return files;
  const file = `${join(options.out, outputStem(input))}${SCORES}`;
  const spacing = pixelSize === null ? null : pixelSize * scoreMap.factor * scoreMap.step;
  await writeWhole(file, writeMrc(scoreMap, spacing, `${PROGRAM} score map`));
  return [...files, file];
}

function runProvenance(options: PickArguments, { metadata }: Model): Provenance {
  const threshold = typeof options.threshold === 'number' ? options.threshold : metadata.threshold;
  return { program: PROGRAM, model: options.model ?? `blobs of ${metadata.diameter} px`, threshold };
}
