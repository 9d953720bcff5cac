/**
 * Trains the network of preset `wide` on simulated micrographs of many particles, no two of them alike, and writes
 * src/training/pretrained-weights.ts: what recipe `auto` starts from. Nothing real is looked at, and none of the bodies that
 * demo, tests and experiments simulate. Usage: npx tsx scripts/pretrain.ts [--fields 28] [--steps 3000] [--out FILE]
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Random, random } from '../src/core/random.js';
import { blur } from '../src/imaging/blur.js';
import { WINDOWS } from '../src/picking/prepare.js';
import { applyCtf } from '../src/simulation/ctf.js';
import { simulate } from '../src/simulation/simulate.js';
import { type Volume, volumeFromMap } from '../src/simulation/volume.js';
import { floatsToText } from '../src/training/float-text.js';
import type { LabelledMicrograph } from '../src/training/labelled.js';
import { AUTO_RECIPE } from '../src/training/recipe.js';
import { train } from '../src/training/train.js';

const [SIDE, DIAMETER] = [640, 28];
const SEED = { bodies: 977, fields: 31, training: 5 };
/** The result depends on it to the last bit. */
const THREADS = 1;
const { values: given } = parseArgs({
  options: {
    fields: { type: 'string', default: '28' },
    steps: { type: 'string', default: '3000' },
    out: { type: 'string', default: 'src/training/pretrained-weights.ts' },
  },
});

/** A soft body of up to nine ellipsoids, or a hollow one, stretched, on a grid of 48 x 48 x 48. */
function randomBody(source: Random): Volume {
  const [side, radius, voxelSize] = [48, 20, 5];
  const stretch = [0.5 + 0.5 * source.uniform(), 0.5 + 0.5 * source.uniform(), 1];
  const hollow = source.uniform() < 0.25;
  const count = 1 + source.integer(9);
  const lobes = Array.from({ length: count }, () => {
    const direction = [source.normal(), source.normal(), source.normal()];
    const distance = (count === 1 ? 0 : 0.65) * radius * Math.cbrt(source.uniform());
    const axis = () => radius * (count === 1 ? 0.6 + 0.4 * source.uniform() : 0.18 + 0.3 * source.uniform());
    return {
      centre: direction.map((value) => (value / (Math.hypot(...direction) || 1)) * distance),
      axes: [axis(), axis(), axis()],
      density: 0.6 + 0.8 * source.uniform(),
    };
  });
  const solid = hollow ? lobes.slice(0, 2) : lobes;
  const density = (point: readonly number[]) => {
    const shell = 1 - Math.abs(Math.hypot(...point) / radius - 0.75) / 0.15;
    const wall = Math.max(0, shell) * (0.7 + 0.3 * Math.cos(3 * Math.atan2(point[1], point[0])));
    return solid.reduce(
      (sum, { centre, axes, density }) => {
        const distance = Math.hypot(...point.map((value, i) => (value - centre[i]) / axes[i]));
        return sum + density * Math.min(1, Math.max(0, (1.15 - distance) / 0.3));
      },
      hollow ? wall : 0,
    );
  };
  const values = Float32Array.from({ length: side ** 3 }, (_, i) => {
    const position = [i % side, Math.floor(i / side) % side, Math.floor(i / side ** 2)];
    return density(position.map((value, axis) => (value - (side - 1) / 2) / stretch[axis]));
  });
  return volumeFromMap(values, side, voxelSize);
}

/** A field of one body, with noise that the microscope has shaped as well as white noise, and ice of uneven thickness. */
function makeField(index: number): LabelledMicrograph {
  const source = random(SEED.bodies, index);
  const body = randomBody(source);
  const diameter = 100 + 200 * source.uniform();
  const made = simulate(
    {
      bodies: [{ ...body, voxelSize: (body.voxelSize * diameter) / body.diameter, diameter }],
      ...{ width: SIDE, height: SIDE, pixelSize: diameter / DIAMETER },
      snr: 0.05 * 12 ** source.uniform(),
      particles: 20 + source.integer(160),
      defocus: [8000, 40_000],
      dirt: [(['none', 'none', 'carbon', 'aggregate', 'ice'] as const)[source.integer(5)]],
      seed: SEED.fields + index,
    },
    index,
  );
  const noise = () => ({
    pixels: Float32Array.from({ length: SIDE ** 2 }, () => source.normal()),
    ...{ width: SIDE, height: SIDE },
  });
  const shaped = applyCtf(noise(), made.defocus, diameter / DIAMETER).pixels;
  const share = 1.2 * source.uniform();
  const thickness = blur(noise(), 20 + 40 * source.uniform()).pixels;
  const pixels = made.micrograph.pixels.map((value, i) => value + share * shaped[i] + 20 * thickness[i]);
  return {
    name: `field ${index}`,
    micrograph: { ...made.micrograph, pixels, pixelSize: null },
    particles: made.particles,
  };
}

const fields = Array.from({ length: Number(given.fields) }, (_, i) => makeField(i));
const recipe = {
  ...AUTO_RECIPE,
  pretrained: null,
  epochs: 1000,
  mostSteps: Number(given.steps),
  windows: WINDOWS,
};
const options = { diameter: DIAMETER, recipe, labels: 'complete' as const, seed: SEED.training, threads: THREADS };
for await (const report of train(fields, options)) {
  if (report.kind === 'epoch')
    process.stdout.write(`epoch ${report.epoch}/${report.epochs}: loss ${report.loss.toFixed(4)}\n`);
  if (report.kind !== 'done') continue;
  const { values, statistics } = report.model.weights;
  writeFileSync(
    given.out,
    `/** Weights of preset \`wide\` that know simulated particles. Made by scripts/pretrain.ts: not to be edited. */

export const PRETRAINED_VALUES: string =
  '${floatsToText(values)}';
export const PRETRAINED_STATISTICS: string =
  '${floatsToText(statistics)}';
`,
  );
  process.stdout.write(
    `${given.out}: average precision on held-out fields ${report.heldOut?.averagePrecision.toFixed(3)}\n`,
  );
}
