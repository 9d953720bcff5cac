/**
 * Other pickers beside deepem on the same micrographs and the same machine: the eight of beta-galactosidase as float32 MRC. No one
 * trains here, so that time and result are those of the picking alone: RELION's Laplacian of Gaussians (`relion_autopick`, Debian package
 * `relion`) and Topaz with its own model (`topaz`, from tbepler/topaz, where it is on the path) against blobs. A rival that is not installed is left out, and said so. Writes docs/results/rivals.json.
 * Usage: npm run bench -- rivals
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import type { Evaluation } from '../src/evaluation/evaluate.js';
import { writeMrc } from '../src/formats/mrc.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { DATA } from './data-sets.js';
import { MACHINE } from './machine.js';

/** Of beta-galactosidase here (../shared/data/README.md): angstroms per pixel, particle diameter and edge in pixels. */
const PIXEL_SIZE = 1.77;
const DIAMETER = 108;
const EDGE = 130;
/** Diameters that RELION searches, as parts of the true one. */
const RANGE = [0.9, 1.1] as const;

/** One picker: a command in the work folder, and where its coordinates then are. */
interface Rival {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly picks: string;
}

const PROGRAM = resolve('dist/cli/main.js');
const deepem = (...args: string[]) => [PROGRAM, ...args];

function run(work: string, program: string, args: readonly string[]) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: work,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) return null;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(-1000)}${stdout.slice(-1000)}`);
  return { seconds: (performance.now() - started) / 1000, stdout };
}

async function convertAll(work: string): Promise<void> {
  const from = join(DATA, 'beta-galactosidase', 'micrographs');
  mkdirSync(join(work, 'mics'));
  for (const name of readdirSync(from)) {
    const image = await readMicrograph(join(from, name));
    writeFileSync(join(work, 'mics', `${parse(name).name}.mrc`), writeMrc(image, PIXEL_SIZE, 'rivals'));
  }
}

const diameters = RANGE.map((part) => (part * DIAMETER * PIXEL_SIZE).toFixed(0));
const RIVALS: readonly Rival[] = [
  {
    name: 'RELION, Laplacian of Gaussians',
    program: 'relion_autopick',
    args: [
      ...['--i', 'mics/*.mrc', '--odir', 'relion/', '--angpix', String(PIXEL_SIZE), '--LoG', '--shrink', '0'],
      ...['--LoG_diam_min', diameters[0], '--LoG_diam_max', diameters[1], '--LoG_adjust_threshold', '-1'],
    ],
    picks: 'relion/mics',
  },
  {
    name: 'Topaz, its own model',
    program: 'topaz',
    args: ['extract', '-r', String(Math.round(DIAMETER / 16)), '-x', '8', '-o', 'topaz/picks.txt', 'mics'],
    picks: 'topaz/picks.txt',
  },
  {
    name: 'deepem, blobs',
    program: process.execPath,
    args: deepem('pick', 'mics', '--blob', '--diameter', `${DIAMETER}px`, '--out', 'blob', '--threshold', '0.005'),
    picks: 'blob',
  },
];

const work = mkdtempSync(join(tmpdir(), 'deepem-rivals-'));
await convertAll(work);
mkdirSync(join(work, 'topaz'));
const truth = resolve(DATA, 'beta-galactosidase', 'truth');
const results = [];
for (const { name, program, args, picks } of RIVALS) {
  const done = run(work, program, args);
  if (!done) {
    process.stderr.write(`${name}: ${program} is not installed\n`);
    continue;
  }
  const judged = run(work, process.execPath, [
    ...deepem('evaluate', '--picks', picks, '--truth', truth, '--radius', '36px'),
    ...['--edge', `${EDGE}px`, '--micrographs', 'mics', '--json'],
  ]);
  const { averagePrecision, bestF1 } = JSON.parse(judged?.stdout ?? '') as Evaluation;
  results.push({ name, seconds: done.seconds, averagePrecision, bestF1: bestF1?.f1 ?? null });
  process.stderr.write(`${JSON.stringify(results.at(-1))}\n`);
}
rmSync(work, { recursive: true });
writeFileSync(
  'docs/results/rivals.json',
  `${JSON.stringify({ machine: MACHINE, micrographs: 8, results }, null, 1)}\n`,
);
