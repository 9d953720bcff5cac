/** `deepem features`: what each layer makes of one particle (the paper's Fig. S1). */

import type { Command } from 'commander';
import { UsageError } from '../core/errors.js';
import { isInside, type Point } from '../core/particle.js';
import { extract } from '../imaging/pad.js';
import { toResampled } from '../imaging/resample.js';
import { layerShapes } from '../network/architecture.js';
import { buildBoxGraph } from '../network/box-graph.js';
import { factorFor, prepare } from '../picking/prepare.js';
import { drawFeatureMaps } from '../report/picture.js';
import { startEngine } from '../runtime/engine.js';
import { writeWhole } from '../storage/files.js';
import { loadModel } from '../storage/model-file.js';
import { assertFree } from '../storage/outputs.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { print } from './console.js';
import { parsePair, parsePixelSize } from './options.js';

interface FeaturesArguments {
  overwrite?: boolean;
  at: Point;
  pixelSize?: number;
  output: string;
}

export function configure(command: Command): void {
  command
    .argument('<model.onnx>', 'made by deepem train')
    .argument('<micrograph>', 'that holds the particle')
    .requiredOption(
      '--at <x,y>',
      'centre of the particle in full-size pixels, y from the first stored row',
      parsePair('--at'),
    )
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the file says', parsePixelSize)
    .requiredOption('-o, --output <maps.png>', 'where the picture goes')
    .option('--overwrite', 'replace files that are there')
    .action(runFeatures);
}

async function runFeatures(modelFile: string, file: string, options: FeaturesArguments): Promise<void> {
  assertFree([options.output], options.overwrite);
  const { architecture, weights, metadata } = await loadModel(modelFile);
  const micrograph = await readMicrograph(file);
  if (!isInside(options.at, micrograph.width, micrograph.height, 0)) {
    throw new UsageError({
      what: '--at lies outside the micrograph',
      received: `${options.at.x},${options.at.y}`,
      expected: `up to ${micrograph.width - 1},${micrograph.height - 1}`,
    });
  }
  const factor = factorFor(metadata.preparation, metadata.pixelSize, options.pixelSize ?? micrograph.pixelSize);
  const { image } = prepare(micrograph, metadata.preparation, factor);
  const { box } = architecture;
  const start = (x: number) => Math.round(toResampled(x, factor) - (box - 1) / 2);
  const { pixels } = extract(image, start(options.at.x), start(options.at.y), box, box);
  const engine = startEngine(1);
  try {
    const session = await engine.load(buildBoxGraph(architecture, weights, { everyLayer: true }));
    const maps = await session.run({ boxes: { dims: [1, 1, box, box], data: pixels } });
    const shapes = layerShapes(architecture);
    const layers = architecture.layers.map(({ type }, i) => {
      const { maps: count, side } = shapes[i + 1];
      return { label: `${i + 1} ${type}, ${count} x ${side}x${side}`, maps: maps[`layer_${i + 1}`].data, count, side };
    });
    const input = { label: `prepared box, ${box}x${box}`, maps: pixels, count: 1, side: box };
    const drawn = layers.filter(({ side }) => side > 1);
    await writeWhole(options.output, await drawFeatureMaps([input, ...drawn]));
    print(`score ${maps.scores.data[0].toFixed(4)}; ${drawn.length} layers drawn in ${options.output}`);
  } finally {
    await engine.close();
  }
}
