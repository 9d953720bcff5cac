/** `deepem evaluate` */

import type { Command } from 'commander';
import { LabelError, UsageError } from '../errors.js';
import { type EvaluatedMicrograph, type Evaluation, evaluate, type Measures } from '../evaluation/evaluate.js';
import { type Length, toPixels } from '../length.js';
import { drawEvaluation } from '../report/evaluation-chart.js';
import { type CoordinateSet, mostExact, onePerMicrograph, placeOfSet } from '../storage/coordinate-pairs.js';
import { readCoordinateSets } from '../storage/coordinates.js';
import { writeWhole } from '../storage/files.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { stem } from '../storage/names.js';
import { assertFree } from '../storage/outputs.js';
import { describeWeakerRules, pairUp } from '../storage/pairing.js';
import { readMicrographHeader } from '../storage/read-micrograph.js';
import { note, print, printJson } from './console.js';
import { micrographsOf } from './inputs.js';
import { type LeftOver, labelOfSet, listLeftOver, pairWithMicrographs } from './labelled-inputs.js';
import { length, number, parsePixelSize } from './options.js';

interface EvaluateArguments {
  overwrite?: boolean;
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
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runEvaluate);
}

async function runEvaluate(options: EvaluateArguments): Promise<void> {
  if (options.edge && !options.micrographs) {
    throw new UsageError({ what: '--edge needs the sizes of the micrographs', expected: '--micrographs FOLDER' });
  }
  if (options.plot) assertFree([options.plot], options.overwrite);
  const inputs = options.micrographs ? await micrographsOf([options.micrographs]) : [];
  const failed: string[] = [];
  const leftOver: LeftOver[] = [];
  const picks = await readSets(options.picks, failed);
  const micrographs = await pair(picks, await readSets(options.truth, failed), inputs, leftOver);
  const pixels = (value: Length, name: string) => toPixels(value, options.pixelSize ?? null, name);
  const result = evaluate(micrographs, {
    radius: pixels(options.radius, '--radius'),
    ...(options.edge && { edge: pixels(options.edge, '--edge') }),
    ...(options.threshold !== undefined && { threshold: options.threshold }),
  });
  if (options.plot) await writeWhole(options.plot, drawEvaluation(result));
  if (options.json) printJson({ ...result, leftOver });
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

/** One entry a micrograph that has picks or truth; picks without true centres count as false. */
async function pair(
  picks: readonly CoordinateSet[],
  truth: readonly CoordinateSet[],
  inputs: readonly InputMicrograph[],
  leftOver: LeftOver[],
): Promise<EvaluatedMicrograph[]> {
  if (inputs.length > 0) return pairBySize(picks, truth, inputs, leftOver);
  const owners = onePerMicrograph(truth);
  const { pairs, sets } = pairUp(owners, picks, {
    ownerPlace: placeOfSet,
    setPlace: placeOfSet,
    choose: (some, owner) => mostExact(some, owner.micrograph),
  });
  if (pairs.length === 0) {
    throw new LabelError({
      what: 'No picks belong to any of the true centres',
      received: `for example the picks ${picks[0]?.file} (name "${picks[0]?.name}") and the truth ${truth[0]?.file} (name "${truth[0]?.name}")`,
      expected: 'equal names',
    });
  }
  const weaker = describeWeakerRules(pairs, 'picks');
  if (weaker) note(weaker);
  const alone = onePerMicrograph(sets);
  listLeftOver(
    'sets of picks have no true centres, and all their picks count as false',
    alone.map(labelOfSet),
    leftOver,
  );
  const own = new Map(pairs.map(({ owner, set }) => [owner, set.particles]));
  return [
    ...owners.map((set) => ({ name: set.name, truth: set.particles, picks: own.get(set) ?? [] })),
    ...alone.map((set) => ({ name: set.name, truth: [], picks: set.particles })),
  ];
}

/** As `pair`, with the sizes of the micrographs that both belong to. */
async function pairBySize(
  picks: readonly CoordinateSet[],
  truth: readonly CoordinateSet[],
  inputs: readonly InputMicrograph[],
  leftOver: LeftOver[],
): Promise<EvaluatedMicrograph[]> {
  const found = pairWithMicrographs(inputs, picks, 'picks', { partial: true, leftOver });
  const known = pairWithMicrographs(inputs, truth, 'true centres', { partial: true, leftOver });
  const alone = [...found.keys()].filter((input) => !known.has(input)).map(({ path }) => path);
  listLeftOver('micrographs have picks but no true centres, and all their picks count as false', alone, leftOver);
  const result: EvaluatedMicrograph[] = [];
  for (const input of inputs) {
    const [own, true_] = [found.get(input), known.get(input)];
    if (!own && !true_) continue;
    const { width, height } = await readMicrographHeader(input.path);
    result.push({
      ...{ name: stem(input.path), size: { width, height } },
      ...{ truth: true_?.particles ?? [], picks: own?.particles ?? [] },
    });
  }
  return result;
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
