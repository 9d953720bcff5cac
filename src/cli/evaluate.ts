/** `deepem evaluate` */

import type { Command } from 'commander';
import { LabelError, UsageError } from '../errors.js';
import { type EvaluatedMicrograph, type Evaluation, evaluate, type Measures } from '../evaluation/evaluate.js';
import { type Length, toPixels } from '../length.js';
import type { Particle } from '../particle.js';
import { drawEvaluation } from '../report/evaluation-chart.js';
import { type CoordinateSet, mostExact, readCoordinateSets } from '../storage/coordinates.js';
import { writeWhole } from '../storage/files.js';
import { expandMicrographs, type InputMicrograph } from '../storage/inputs.js';
import { baseName } from '../storage/names.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { note, print, printJson } from './console.js';
import { length, number, parsePixelSize } from './options.js';

interface EvaluateArguments {
  picks: string;
  truth: string;
  radius: Length;
  edge?: Length;
  micrographs?: string;
  pixelSize?: number;
  threshold?: number;
  json?: boolean;
  plot?: string;
}

const HELP = `
Example:
  deepem evaluate --picks picks/ --truth truth/ --radius 36px --edge 130px --micrographs micrographs/ --plot curve.svg

Picks choose in falling score; each takes the nearest true centre within the radius that is still free. AP is the area
under the precision envelope over all micrographs pooled. Pick with a low --threshold to see the whole curve.`;

export function configure(command: Command): void {
  command
    .requiredOption('--picks <path>', 'picks with scores: a folder or one file')
    .requiredOption('--truth <path>', 'true centres: a folder or one file')
    .requiredOption('--radius <length>', 'largest distance of a match, for example 36px', length('--radius', 'px'))
    .option('--edge <length>', 'leave out what is closer to the edge; needs --micrographs', length('--edge', 'px'))
    .option('--micrographs <path>', 'a folder of the micrographs, for their sizes')
    .option('--pixel-size <A>', 'angstroms per pixel, for lengths in angstroms', parsePixelSize)
    .option(
      '--threshold <t>',
      'judged beside the best one, for example the threshold of the model (deepem info)',
      number('--threshold', { min: 0, max: 1 }),
    )
    .option('--json', 'everything as one JSON object')
    .option('--plot <file.svg>', 'draw precision, recall and F2 (the curves of the paper, Fig. 3e-f)')
    .addHelpText('after', HELP)
    .action(runEvaluate);
}

async function runEvaluate(options: EvaluateArguments): Promise<void> {
  if (options.edge && !options.micrographs) {
    throw new UsageError({ what: '--edge needs the sizes of the micrographs', expected: '--micrographs FOLDER' });
  }
  const inputs = options.micrographs ? await expandMicrographs([options.micrographs]) : [];
  const failed: string[] = [];
  const picks = await readSets(options.picks, failed);
  const micrographs = await pair(picks, await readSets(options.truth, failed), inputs);
  const pixels = (value: Length, name: string) => toPixels(value, options.pixelSize ?? null, name);
  const result = evaluate(micrographs, {
    radius: pixels(options.radius, '--radius'),
    ...(options.edge && { edge: pixels(options.edge, '--edge') }),
    ...(options.threshold !== undefined && { threshold: options.threshold }),
  });
  if (options.plot) await writeWhole(options.plot, drawEvaluation(result));
  if (options.json) printJson(result);
  else printTable(result);
  for (const reason of failed) note(`left out: ${reason}`);
  process.exitCode = failed.length > 0 ? 3 : 0;
}

/** Reads coordinates; files that cannot be read are added to `failed`. */
async function readSets(path: string, failed: string[]): Promise<readonly CoordinateSet[]> {
  const read = await readCoordinateSets(path);
  failed.push(...read.failed.map(({ reason }) => reason));
  if (read.sets.length > 0) return read.sets;
  throw new LabelError({ what: `None of the coordinate files of ${path} can be read`, received: failed.join('; ') });
}

/** One entry a micrograph that has picks or truth. */
async function pair(
  picks: readonly CoordinateSet[],
  truth: readonly CoordinateSet[],
  inputs: readonly InputMicrograph[],
): Promise<EvaluatedMicrograph[]> {
  const key = ({ folder, name }: { folder: string; name: string }) => `${folder}\n${name}`;
  const entries = new Map<string, { folder: string; name: string }>();
  for (const set of truth) entries.set(key(set), set);
  const known = new Set(truth.map(({ name }) => name));
  const alone = picks.filter(({ name }) => !known.has(name));
  for (const set of alone) entries.set(key(set), set);
  if (alone.length === picks.length) {
    throw new LabelError({
      what: 'No picks belong to any of the true centres',
      received: `for example the picks ${picks[0]?.file} (base name "${picks[0]?.name}") and the truth ${truth[0]?.file} (base name "${truth[0]?.name}")`,
      expected: 'equal base names',
    });
  }
  if (alone.length > 0)
    note(`warning: ${alone.length} pick files have no true centres: all their picks count as false`);
  const result: EvaluatedMicrograph[] = [];
  for (const { folder, name } of entries.values()) {
    const found = (sets: readonly CoordinateSet[]) => coordinatesOf(sets, name, folder);
    const size = inputs.length > 0 ? await sizeOf(inputs, name) : undefined;
    result.push({ name, truth: found(truth), picks: found(picks), ...(size && { size }) });
  }
  return result;
}

/** Particles of a micrograph by its base name, of several in the same folder. */
function coordinatesOf(sets: readonly CoordinateSet[], name: string, folder: string): readonly Particle[] {
  const named = sets.filter((set) => set.name === name);
  const inFolder = named.filter((set) => set.folder === folder);
  return mostExact(inFolder.length > 0 ? inFolder : named, name)?.particles ?? [];
}

/** @throws LabelError if no micrograph has the name */
async function sizeOf(inputs: readonly InputMicrograph[], name: string) {
  const input = inputs.find(({ path }) => baseName(path) === name);
  if (input) return readMicrographHeader(input.path);
  throw new LabelError({
    what: `The size of the micrograph "${name}" is not known`,
    received: `${inputs.length} micrographs, none of that base name`,
    expected: 'every evaluated micrograph below --micrographs',
  });
}

function printTable(result: Evaluation): void {
  print(`true centres ${result.truthCount}, picks ${result.pickCount}`);
  print(`average precision ${result.averagePrecision.toFixed(4)}`);
  printMeasures('best F1', result.bestF1);
  printMeasures('best F2', result.bestF2);
  printMeasures('precision = recall', result.crossing);
  printMeasures('at own threshold', result.atThreshold);
  if (result.centringError !== null && result.meanOffset) {
    const { x, y } = result.meanOffset;
    print(
      `centring error ${result.centringError.toFixed(2)} px (median); mean offset ${x.toFixed(2)}, ${y.toFixed(2)} px`,
    );
  }
  for (const one of result.micrographs) {
    const f1 = one.bestF1 ? `best F1 ${one.bestF1.f1.toFixed(3)}` : 'no picks';
    print(
      `  ${one.name}: ${one.pickCount} picks, ${one.truthCount} true, AP ${one.averagePrecision.toFixed(3)}, ${f1}`,
    );
  }
}

function printMeasures(name: string, measures: Measures | null): void {
  if (!measures) return;
  const { f1, f2, precision, recall, threshold } = measures;
  print(
    `${name}: F1 ${f1.toFixed(4)}, F2 ${f2.toFixed(4)}, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, threshold ${threshold.toFixed(3)}`,
  );
}
