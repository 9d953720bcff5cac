/** What the accuracy bench runs: one fold of train, pick and evaluate, by the command line alone. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evaluation } from '../src/evaluation/evaluate.js';
import { type DataSet, labelsOf, splitOfFold, spread } from './data-sets.js';

/** Picks below this score are not written: the whole curve is judged. */
const LOWEST = '0.005';

/** What one run trains with. */
export interface Training {
  /** A recipe, or no training at all. */
  readonly recipe: 'auto' | 'deepem' | 'blob';
  /** Training micrographs, spread over those of the fold; all by default. */
  readonly micrographs?: number;
  /** Labels in all, spread over the training micrographs; all by default. */
  readonly labels?: number;
}

/** What came out of one fold. */
export interface FoldResult {
  readonly fold: number;
  readonly labels: number;
  readonly bestF1: number;
  readonly ownF1: number;
  readonly bestF2: number;
  readonly averagePrecision: number;
  readonly centringError: number;
  readonly objective: string;
  readonly calibrationError: number | null;
  readonly trainSeconds: number;
  readonly pickSeconds: number;
}

/** Trains without the judged micrographs of a fold, and judges. */
export function runFold(set: DataSet, training: Training, fold: number): FoldResult {
  const work = mkdtempSync(join(tmpdir(), 'deepem-bench-'));
  const { judged, others: all } = splitOfFold(set, fold);
  const others = spread(all, training.micrographs);
  const files = (chosen: readonly string[]) => chosen.map((name) => join(set.micrographs, name + set.ending));
  const labels = writeLabels(set, others, training.labels, join(work, 'labels'));
  const edge = ['--edge', `${set.edge}px`];
  const diameter = ['--diameter', `${set.diameter}px`];
  const model = join(work, 'model.onnx');
  const started = performance.now();
  if (training.recipe !== 'blob') {
    const how = ['--recipe', training.recipe, '-o', model];
    deepem(['train', ...files(others), '--picks', join(work, 'labels'), ...diameter, ...edge, ...how]);
  }
  const trained = performance.now();
  const { threshold, objective, calibrationError } =
    training.recipe === 'blob'
      ? { threshold: 0.5, objective: '', calibrationError: null }
      : JSON.parse(deepem(['info', model, '--json']));
  const picks = join(work, 'picks');
  const picker = training.recipe === 'blob' ? ['--blob', ...diameter] : ['--model', model];
  const out = ['--out', picks, '--threshold', LOWEST, '--format', 'csv'];
  const pickStarted = performance.now();
  deepem(['pick', ...files(judged), ...picker, ...edge, ...out]);
  const pickSeconds = (performance.now() - pickStarted) / 1000 / judged.length;
  writeLabels(set, judged, undefined, join(work, 'truth'));
  const how = ['--radius', `${set.radius}px`, ...edge, '--micrographs', set.micrographs, '--threshold', `${threshold}`];
  const result = JSON.parse(
    deepem(['evaluate', '--picks', picks, '--truth', join(work, 'truth'), ...how, '--json']),
  ) as Evaluation;
  rmSync(work, { recursive: true });
  return {
    ...{ fold, labels, objective, calibrationError, pickSeconds },
    bestF1: result.bestF1?.f1 ?? 0,
    ownF1: result.atThreshold?.f1 ?? 0,
    bestF2: result.bestF2?.f2 ?? 0,
    averagePrecision: result.averagePrecision,
    centringError: result.centringError ?? 0,
    trainSeconds: (trained - started) / 1000,
  };
}

function deepem(args: readonly string[]): string {
  return execFileSync(process.execPath, ['dist/cli/main.js', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
}

/** Writes labels of some micrographs; returns how many. */
function writeLabels(set: DataSet, names: readonly string[], count: number | undefined, folder: string): number {
  mkdirSync(folder);
  const labels = labelsOf(set, names, count);
  labels.forEach((particles, i) => {
    const rows = particles.map(({ x, y }) => `${x},${y}\n`);
    writeFileSync(join(folder, `${names[i]}.csv`), `x,y\n${rows.join('')}`);
  });
  return labels.flat().length;
}
