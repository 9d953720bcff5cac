/** `deepem simulate` */

import { type Command, Option } from 'commander';
import { writeSimulated } from '../app/simulated-fields.js';
import { UsageError } from '../core/errors.js';
import { counted } from '../core/words.js';
import { readMrcVolume } from '../formats/mrc.js';
import { simulate } from '../simulation/simulate.js';
import { asymmetric, barrel, type Volume, volumeFromMap } from '../simulation/volume.js';
import { readWhole } from '../storage/files.js';
import { openOutputs } from '../storage/unfinished.js';
import { print, startProgress } from './console.js';
import { number } from './options.js';

interface SimulateArguments {
  overwrite?: boolean;
  out: string;
  micrographs: number;
  size: { width: number; height: number };
  body: string;
  snr: number;
  pixelSize: number;
  particles: number;
  seed: number;
}

const HELP = `
Example:
  deepem simulate --out simulated/ --micrographs 10 --body barrel,asymmetric --snr 0.05

Writes float32 .mrc files and beside each a .csv with the true centres (x, y, diameter in pixels, body). SNR: variance of the
CTF-modulated signal inside the particles' circles over that of the noise. Fields have carbon, an aggregate, ice or
nothing beside the particles, in turn. The same seed gives the same bytes.`;

export function configure(command: Command): void {
  command
    .requiredOption('--out <folder>', 'where the micrographs go')
    .option('--micrographs <n>', 'how many', number('--micrographs', { min: 1, max: 100_000, whole: true }), 10)
    .addOption(
      new Option('--size <px>', 'columns and rows: 1024, or 1024x768')
        .argParser(parseSize)
        .default(parseSize('1024'), '1024'),
    )
    .option('--body <list>', 'barrel, asymmetric, or a density map (.mrc); several with commas', 'barrel')
    .option('--snr <ratio>', 'signal to noise', number('--snr', { min: 1e-6, max: 1e6 }), 0.05)
    .option('--pixel-size <A>', 'angstroms per pixel', number('--pixel-size', { min: 0.1, max: 100 }), 6)
    .option('--particles <n>', 'in each micrograph', number('--particles', { min: 0, max: 100_000, whole: true }), 60)
    .option('--seed <n>', 'of all random choices', number('--seed', { min: 0, max: 2 ** 31 - 1, whole: true }), 1)
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runSimulate);
}

function parseSize(text: string): { width: number; height: number } {
  const match = /^(\d+)(?:x(\d+))?$/.exec(text.trim());
  const [width, height] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (match && Math.min(width, height) >= 64 && Math.max(width, height) <= 16_384) return { width, height };
  throw new UsageError({
    what: 'Wrong value of --size',
    received: `"${text}"`,
    expected: '64 to 16384, or WIDTHxHEIGHT',
  });
}

async function runSimulate(options: SimulateArguments): Promise<void> {
  const bodies: Volume[] = [];
  for (const name of options.body.split(',')) bodies.push(await loadBody(name.trim()));
  const outputs = await openOutputs(options.out, simulatedFiles(options), options.overwrite);
  const { snr, pixelSize, particles, seed } = options;
  const progress = startProgress(options.micrographs, 'simulating');
  let [count, diameter] = [0, 0];
  try {
    for (let i = 0; i < options.micrographs; i++) {
      const made = simulate({ bodies, ...options.size, snr, pixelSize, particles, seed }, i);
      await writeSimulated(made, options.body.split(','), options.out, nameOf(i));
      count += made.particles.length;
      diameter = made.diameter;
      progress.update(i + 1, '');
    }
  } finally {
    progress.stop();
  }
  await outputs.finish();
  const size = `${diameter.toFixed(0)} px across`;
  print(
    `${counted(options.micrographs, 'micrograph')} with ${counted(count, 'particle')}, ${size}, written to ${options.out}`,
  );
}

/** Name of a micrograph, from 0. */
function nameOf(i: number): string {
  return `sim_${String(i + 1).padStart(4, '0')}`;
}

function simulatedFiles({ micrographs }: SimulateArguments): string[] {
  return Array.from({ length: micrographs }, (_, i) => nameOf(i)).flatMap((name) =>
    ['mrc', 'csv'].map((ending) => `${name}.${ending}`),
  );
}

/**
 * A body by name, or from a density map.
 *
 * @throws UsageError, FileError
 */
async function loadBody(name: string): Promise<Volume> {
  if (name === 'barrel') return barrel();
  if (name === 'asymmetric') return asymmetric();
  if (!/\.(mrc|map)$/i.test(name)) {
    throw new UsageError({
      what: 'Unknown body',
      received: `"${name}"`,
      expected: 'barrel, asymmetric, or a density map (.mrc)',
    });
  }
  const { values, nx, ny, nz, pixelSize } = readMrcVolume(await readWhole(name), name);
  if (nx !== ny || nx !== nz || pixelSize === null) {
    throw new UsageError({
      what: `Cannot simulate with ${name}`,
      received: `${nx}x${ny}x${nz} voxels of ${pixelSize ?? 'unknown'} A`,
      expected: 'a cube with a pixel size',
    });
  }
  return volumeFromMap(values, nx, pixelSize);
}
