/** `deepem threshold` */

import type { Command } from 'commander';
import { readLabels } from '../app/labels/labelled-inputs.js';
import { LabelError } from '../core/errors.js';
import { counted } from '../core/words.js';
import { histogramThreshold } from '../evaluation/histogram.js';
import { drawCharts } from '../report/chart.js';
import { type CoordinateSet, onePerMicrograph } from '../storage/coordinate-pairs.js';
import { writeWhole } from '../storage/files.js';
import { originOf } from '../storage/origin.js';
import { assertFree } from '../storage/outputs.js';
import { print, printJson } from './console.js';
import { tellPeople } from './show.js';

interface ThresholdArguments {
  overwrite?: boolean;
  json?: boolean;
  plot?: string;
}

const STEPS = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
/** Bars of the histogram. */
const BINS = 20;

const HELP = `
Example:
  deepem pick micrographs/ --model model.onnx --out picks/ --threshold 0.02
  deepem threshold picks/ --plot scores.svg

Finds the threshold that parts the scores best into two groups (Otsu), and shows how many particles each threshold keeps: for picks
of --blob, or to look at. Models have a threshold already (deepem info). Pick with a
low --threshold first, so that both groups are there; then deepem convert picks/ --to star --threshold T --out chosen/ keeps
those above it.`;

export function configure(command: Command): void {
  command
    .argument('<picks>', 'picks with scores: a folder of coordinate files, or one file')
    .option('--json', 'as one JSON object')
    .option('--plot <file.svg>', 'draw how many particles each threshold keeps, and the histogram')
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runThreshold);
}

/** Picks down to here hold both groups. */
const WHOLE = 0.05;

/** Highest score below which nothing was written, of all sets. */
async function cutOf(sets: readonly CoordinateSet[]): Promise<number> {
  const origins = await Promise.all(sets.map(originOf));
  return Math.max(0, ...origins.map(({ threshold }) => threshold ?? 0));
}

/** @throws LabelError if low scores were cut off: there are no two groups to part */
function assertNotCut(cut: number, path: string): void {
  if (cut <= WHOLE) return;
  throw new LabelError({
    what: `No threshold can be found from the scores of ${path}`,
    received: `picks that were cut at a score of ${cut.toFixed(3)}, so that the low scores are missing`,
    expected: 'picks of all scores',
    hint: 'Pick again with --threshold 0.02, into another folder',
  });
}

async function runThreshold(path: string, options: ThresholdArguments): Promise<void> {
  if (options.plot) assertFree([options.plot], options.overwrite);
  const sets = onePerMicrograph(await readLabels(path, tellPeople));
  const scores = sets.flatMap(({ particles }) =>
    particles.flatMap(({ score }) => (score === undefined ? [] : [score])),
  );
  assertNotCut(await cutOf(sets), path);
  const threshold = histogramThreshold(scores);
  if (threshold === null) {
    throw new LabelError({
      what: `The scores of ${path} do not part into two groups`,
      received: `${counted(scores.length, 'pick')} with scores`,
      expected: 'picks with different scores',
      hint: 'Pick with --threshold 0.02',
    });
  }
  const kept = (limit: number) => scores.filter((score) => score >= limit).length;
  const choices = STEPS.map((limit) => ({ threshold: limit, particles: kept(limit) }));
  if (options.plot) await writeWhole(options.plot, drawScores(scores, choices));
  if (options.json) {
    printJson({ threshold, particles: kept(threshold), micrographs: sets.length, choices });
    return;
  }
  for (const choice of choices) {
    const each = (choice.particles / sets.length).toFixed(1);
    print(`threshold ${choice.threshold.toFixed(2)}: ${counted(choice.particles, 'particle')}, ${each} a micrograph`);
  }
  print(`from the histogram: ${threshold.toFixed(3)}, which keeps ${kept(threshold)} of ${scores.length}`);
}

function drawScores(scores: readonly number[], choices: readonly { threshold: number; particles: number }[]): string {
  const bins = Array.from({ length: BINS }, (_, bin) => ({
    x: (bin + 0.5) / BINS,
    y: scores.filter((score) => Math.min(BINS - 1, Math.floor(score * BINS)) === bin).length,
  }));
  return drawCharts([
    { title: 'Scores', x: 'score', y: 'picks', series: [{ label: 'picks', points: bins }] },
    {
      title: 'Particles kept',
      x: 'threshold',
      y: 'particles',
      series: [{ label: 'kept', points: choices.map(({ threshold, particles }) => ({ x: threshold, y: particles })) }],
    },
  ]);
}
