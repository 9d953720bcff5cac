/**
 * Peak memory of `deepem pick` beside what it says before it begins: untrained networks on noise, from small to the largest
 * micrographs. Writes docs/results/memory.json, from which the table in docs/results.md is made. Some five minutes.
 * Usage: npm run bench -- memory
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../src/core/random.js';
import { writeMrc } from '../src/formats/mrc.js';
import { encodeModel } from '../src/network/model.js';
import { initialWeights } from '../src/network/parameters.js';
import { PRESETS } from '../src/network/presets.js';
import { blobModel } from '../src/picking/blob.js';
import { MACHINE, runProgram } from './machine.js';

const PIXEL_SIZE = 1.77;
/** Preset, binning, micrograph, step and turns. */
const CASES = [
  ['wide', 4, 4096, 4096, 8, 2],
  ['wide', 4, 8192, 8192, 4, 4],
  ['wide', 1, 2048, 2048, 2, 2],
  ['wide', 1, 8192, 8192, 20, 1],
  ['wide', 1, 11520, 8184, 4, 1],
  ['19s', 1, 8192, 8192, 20, 1],
  ['klh', 1, 2048, 2048, 3, 4],
  ['klh', 1, 2048, 2048, 1, 4],
  ['small', 1, 8192, 8192, 1, 4],
] as const;

/** A network of initial weights that finds next to nothing. */
function modelFor(work: string, name: string, factor: number): string {
  const architecture = PRESETS[name];
  const diameter = (architecture.box * factor) / 1.5;
  const prepared = diameter / factor;
  const { metadata } = blobModel(diameter, PIXEL_SIZE);
  const preparation = { factor, backgroundSigma: prepared, varianceSigma: 2 * prepared, limit: 6 };
  const settings = { preparation, smoothing: 1.5, diameter, threshold: 0.9, unevennessLimit: 3 };
  const file = join(work, `${name}_${factor}.onnx`);
  const weights = initialWeights(architecture, random(1));
  writeFileSync(file, encodeModel({ architecture, weights, metadata: { ...metadata, ...settings } }));
  return file;
}

function micrographOf(work: string, width: number, height: number): string {
  const file = join(work, `${width}x${height}.mrc`);
  if (existsSync(file)) return file;
  const source = random(1);
  const pixels = Float32Array.from({ length: width * height }, () => source.normal());
  writeFileSync(file, writeMrc({ pixels, width, height }, PIXEL_SIZE, 'noise'));
  return file;
}

const work = mkdtempSync(join(tmpdir(), 'deepem-memory-'));
const results = CASES.map(([name, factor, width, height, step, turns], i) => {
  const args = ['pick', micrographOf(work, width, height), '--model', modelFor(work, name, factor)];
  const how = ['--step', String(step), '--turns', String(turns), '--out', join(work, `out${i}`)];
  const { stderr, seconds, kibibytes } = runProgram(...args, ...how);
  const estimate = Number(/up to some ([\d.]+) GB/.exec(stderr)?.[1]);
  const gigabytes = (1024 * kibibytes) / 1e9;
  const result = { name, factor, width, height, step, turns, estimate, gigabytes, seconds };
  process.stderr.write(`${JSON.stringify(result)}\n`);
  return result;
});
rmSync(work, { recursive: true });
writeFileSync('docs/results/memory.json', `${JSON.stringify({ machine: MACHINE, results }, null, 1)}\n`);
