/** `deepem evaluate` */

import { join } from 'node:path';
import type { Command } from 'commander';
import type { Tell } from '../app/events.js';
import { micrographsOf } from '../app/inputs.js';
import {
  assertAboveCut,
  type JudgedMicrograph,
  pairJudged,
  readSets,
  withHistories,
} from '../app/labels/judged-inputs.js';
import { UsageError } from '../core/errors.js';
import { SOME_FAILED } from '../core/exit-codes.js';
import { type Length, toPixels } from '../core/length.js';
import { isInside, type Point } from '../core/particle.js';
import { counted } from '../core/words.js';
import { type Evaluation, evaluate, type Measures } from '../evaluation/evaluate.js';
import { matchPicks } from '../evaluation/match.js';
import { drawEvaluation } from '../report/evaluation-chart.js';
import { drawJudged } from '../report/judged.js';
import { writeWhole } from '../storage/files.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { assertFree } from '../storage/outputs.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { note, print, printJson } from './console.js';
import { length, number, parsePixelSize } from './options.js';
import { tellPeople } from './show.js';

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
  plotMicrographs?: string;
  includeTrained?: boolean;
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
    .option(
      '--plot-micrographs <folder>',
      'draw right (blue), false (red) and missed (yellow) picks; needs --micrographs',
    )
    .option('--include-trained', 'judge also micrographs that the model was trained on')
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runEvaluate);
}

async function runEvaluate(options: EvaluateArguments): Promise<void> {
  if (options.edge && !options.micrographs) {
    throw new UsageError({ what: '--edge needs the sizes of the micrographs', expected: '--micrographs FOLDER' });
  }
  if (options.plot) assertFree([options.plot], options.overwrite);
  if (options.plotMicrographs && !options.micrographs) {
    throw new UsageError({ what: '--plot-micrographs draws on the micrographs', expected: '--micrographs FOLDER' });
  }
  const failed: string[] = [];
  const leftOver: { readonly what: string; readonly names: readonly string[] }[] = [];
  const tell: Tell = (event) => {
    tellPeople(event);
    if (event.kind === 'left-over') leftOver.push({ what: event.what, names: event.names });
  };
  const inputs = options.micrographs ? await micrographsOf([options.micrographs], tell) : [];
  const picks = await readSets(options.picks, failed);
  const judged = await pairJudged(picks, await readSets(options.truth, failed), inputs, tell);
  const { includeTrained = false } = options;
  const { cut, micrographs } = await withHistories(judged, { includeTrained }, tell);
  assertAboveCut(options.threshold, cut);
  const pixels = (value: Length, name: string) => toPixels(value, options.pixelSize ?? null, name);
  const result = evaluate(micrographs, {
    radius: pixels(options.radius, '--radius'),
    ...(options.edge && { edge: pixels(options.edge, '--edge') }),
    ...(options.threshold !== undefined && { threshold: options.threshold }),
  });
  if (options.plot) await writeWhole(options.plot, drawEvaluation(result));
  if (options.plotMicrographs) {
    const edge = options.edge ? pixels(options.edge, '--edge') : 0;
    await drawAll(micrographs, result, { radius: pixels(options.radius, '--radius'), edge }, options);
  }
  const sparse = sparseTruth(micrographs, pixels(options.radius, '--radius'));
  if (options.json) printJson({ ...result, cut, sparse, leftOver });
  else printTable(result, cut, sparse);
  for (const reason of failed) note(`left out: ${reason}`);
  process.exitCode = failed.length > 0 ? SOME_FAILED : 0;
}

/** Draws every micrograph with its picks above the threshold: the one given, else the best. */
async function drawAll(
  micrographs: readonly JudgedMicrograph[],
  { atThreshold, bestF1 }: Evaluation,
  { radius, edge }: { readonly radius: number; readonly edge: number },
  { plotMicrographs = '', overwrite }: EvaluateArguments,
): Promise<void> {
  const threshold = (atThreshold ?? bestF1)?.threshold ?? 0;
  const fileOf = ({ folder = '' }: Partial<InputMicrograph>, name: string) =>
    join(plotMicrographs, folder, `${name}.png`);
  const drawn = micrographs.flatMap((one) =>
    one.input ? [{ ...one, file: fileOf(one.input, one.name), input: one.input }] : [],
  );
  assertFree(
    drawn.map(({ file }) => file),
    overwrite,
  );
  for (const { input, file, truth, picks } of drawn) {
    const image = await readMicrograph(input.path);
    const judged = (point: Point) => isInside(point, image.width, image.height, edge);
    const kept = picks.filter((pick) => (pick.score ?? 1) >= threshold && judged(pick));
    const picture = await drawJudged(image, {
      truth: truth.filter(judged),
      picks: kept,
      radius,
      diameter: 2 * radius,
    });
    await writeWhole(file, picture);
  }
  note(`${drawn.length} pictures at threshold ${threshold.toFixed(3)} in ${plotMicrographs}`);
}

/** Share of the confident picks that must have a true centre for precision to mean something. */
const COMPLETE_SHARE = 0.5;
/** Share of the true centres that must be found, for a missing truth to be likelier than bad picks. */
const MOSTLY_FOUND = 0.8;

/**
 * Whether true centres seem to be missing: nearly all of them are found, and most picks that score as high as the better half of those
 * found have none.
 *
 * @returns the share of these picks that have a true centre; null where the truth looks complete
 */
function sparseTruth(micrographs: readonly JudgedMicrograph[], radius: number): number | null {
  const matches = micrographs.flatMap(({ truth, picks }) => matchPicks(truth, picks, radius));
  const right = matches.filter(({ truth }) => truth >= 0).map(({ pick }) => pick.score ?? 1);
  const truth = micrographs.reduce((sum, one) => sum + one.truth.length, 0);
  if (truth === 0 || right.length < MOSTLY_FOUND * truth) return null;
  const median = right.sort((a, b) => b - a)[Math.floor(right.length / 2)];
  const confident = matches.filter(({ pick }) => (pick.score ?? 1) >= median);
  const share = confident.filter((match) => match.truth >= 0).length / confident.length;
  return share < COMPLETE_SHARE ? share : null;
}

function printTable(result: Evaluation, cut: number | null, sparse: number | null): void {
  print(`true centres ${result.truthCount}, picks ${result.pickCount}`);
  if (sparse !== null) {
    print(
      `precision cannot be measured: of the picks that score like the better half of those with a true centre, ${(100 * sparse).toFixed(0)} % have one. ` +
        'The truth looks incomplete (or the picks are mostly wrong): give micrographs with every particle labelled',
    );
    print(
      `recall ${(result.curve.at(-1)?.recall ?? 0).toFixed(3)} of all picks, ${(result.atThreshold?.recall ?? result.bestF1?.recall ?? 0).toFixed(3)} at the threshold`,
    );
    return;
  }
  if (cut !== null) {
    print(
      `these picks were cut at a score of ${cut.toFixed(3)}: the curve ends there, so that the average precision is a lower bound and the best threshold may lie below; ` +
        'pick with --threshold 0.02 into another folder to see all of it',
    );
  }
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
      `  ${one.name}: ${counted(one.pickCount, 'pick')}, ${one.truthCount} true, AP ${one.averagePrecision.toFixed(3)}, ${f1}`,
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
