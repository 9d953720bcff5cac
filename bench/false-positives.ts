/**
 * False positives where nothing is to be found: a model trained on the beta-galactosidase micrographs picks the thumbnails of
 * six quality classes and a micrograph with a large ice crystal, at some sizes of the particle, with scores that are kept or
 * lowered in nearly empty micrographs. The threshold is the highest at
 * which each good thumbnail gives 20 picks. Writes docs/results/false-positives.json and the table in docs/results.md.
 * Usage: npm run bench -- false-positives [MODEL.onnx]
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import type { Particle } from '../src/core/particle.js';
import { parseCoordinates } from '../src/formats/coordinates.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { DATA } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';

const THUMBNAILS = `${DATA}/thumbnails`;
const DIRTY = `${DATA}/contaminated/Ucsf_stack_1142_DW.mrc`;
const MASK = `${DATA}/contaminated/mask_Ucsf_stack_1142_DW.mrc`;
/** Diameters of the particle in pixels of the thumbnails. */
const DIAMETERS = [8, 10, 12, 14];
const WANTED = 20;
const GOOD = '0';
const EMPTY = ['3', '4', '5'];

function deepem(...args: string[]): void {
  execFileSync(process.execPath, ['dist/cli/main.js', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Picks every image below some paths in one run of the program; the files lie in `out` as the images in their folders. */
function pickAll(images: string, model: string, diameter: number, keepScores: boolean, out: string): void {
  const how = ['--diameter', `${diameter}px`, '--threshold', '0.02', '--format', 'csv', '--out', out];
  if (keepScores) how.push('--keep-scores');
  deepem('pick', images, '--model', model, ...how);
}

function readPicks(file: string): readonly Particle[] {
  return parseCoordinates(readFileSync(file), file).map(({ particle }) => particle);
}

function trainModel(work: string): string {
  const model = join(work, 'model.onnx');
  const data = join(DATA, 'beta-galactosidase');
  const how = ['--picks', join(data, 'truth'), '--diameter', '108px', '--edge', '130px', '-o', model];
  deepem('train', join(data, 'micrographs'), ...how);
  return model;
}

if (!existsSync(THUMBNAILS)) throw new Error(`${THUMBNAILS} is not there; this bench needs the real data`);
const work = mkdtempSync(join(tmpdir(), 'deepem-bench-'));
const model = process.argv[2] ?? trainModel(work);
const mask = await readMicrograph(MASK);
const inIce = ({ x, y }: Particle) => mask.pixels[Math.round(y) * mask.width + Math.round(x)] > 0.5;
const classes = readdirSync(THUMBNAILS).sort();
const runs = DIAMETERS.flatMap((diameter) => [true, false].map((keepScores) => ({ diameter, keepScores })));
const results = runs.map(({ diameter, keepScores }) => {
  const out = join(work, `${diameter} ${keepScores}`);
  pickAll(THUMBNAILS, model, diameter, keepScores, join(out, 'thumbnails'));
  pickAll(DIRTY, model, diameter, keepScores, join(out, 'dirty'));
  const images = classes.flatMap((name) =>
    readdirSync(join(THUMBNAILS, name))
      .sort()
      .map((file) => ({
        kind: name[0],
        scores: scoresOf(readPicks(join(out, 'thumbnails', name, `${parse(file).name}.csv`))),
      })),
  );
  const ice = scoresOf(readPicks(join(out, 'dirty', `${parse(DIRTY).name}.csv`)).filter(inIce));
  const good = images.filter(({ kind }) => kind === GOOD);
  const threshold = Math.min(...good.map(({ scores }) => scores[WANTED - 1] ?? 0));
  const above = (scores: readonly number[]) => scores.filter((score) => score >= threshold).length;
  const counts = (kind: string) => images.filter((image) => image.kind === kind).map(({ scores }) => above(scores));
  const empty = EMPTY.flatMap(counts);
  return {
    ...{ diameter, keepScores, threshold },
    good: counts(GOOD),
    classes: EMPTY.map((kind) => ({ kind, counts: counts(kind) })),
    ice: above(ice),
    mean: empty.reduce((sum, count) => sum + count, 0) / empty.length,
  };
});
rmSync(work, { recursive: true });

function scoresOf(picks: readonly Particle[]): number[] {
  return picks.map(({ score }) => score ?? 0).sort((a, b) => b - a);
}

writeFileSync('docs/results/false-positives.json', `${JSON.stringify({ machine: MACHINE, results }, null, 1)}\n`);
const table = [
  '| diameter, px | scores in nearly empty micrographs | threshold | class 0 (good) | class 3 | class 4 | class 5 | mean of 3, 4, 5 | ice of the contaminated micrograph |',
  `|${'---|'.repeat(9)}`,
  ...results.map(({ diameter, keepScores, threshold, good, classes: kinds, mean, ice }) => {
    const cells = [
      diameter,
      keepScores ? 'kept' : 'lowered',
      threshold.toFixed(3),
      good.join(' '),
      ...kinds.map(({ counts }) => counts.join(' ')),
    ];
    return `| ${[...cells, mean.toFixed(1), ice].join(' | ')} |`;
  }),
].join('\n');
writeSection('false-positives', table);
