/** `deepem extract` */

import { type Command, Option } from 'commander';
import { type Extracted, type ExtractSettings, runExtract } from '../app/particles/extract-run.js';
import { defined } from '../core/defined.js';
import { counted, duration } from '../core/words.js';
import { print } from './console.js';
import { number, parsePixelSize } from './options.js';
import { show } from './show.js';

interface ExtractArguments {
  overwrite?: boolean;
  box: number;
  out: string;
  scaleTo?: number;
  invert?: boolean;
  normalize?: boolean;
  float16?: boolean;
  edge: 'drop' | 'pad';
  threshold?: number;
  ctf?: string;
  pixelSize?: number;
}

const HELP = `
Examples:
  deepem extract picks/ micrographs/ --box 256 --out particles/ --invert --normalize
  deepem extract picks/ micrographs/ --ctf CtfFind/job003/micrographs_ctf.star --box 256 --scale-to 64 --out particles/

Writes one stack a micrograph and particles.star (optics groups, coordinates, scores, image names; with --ctf also voltage, Cs, amplitude
contrast and each micrograph's defocus). As in RELION the centre of a box of n pixels is pixel n/2 from 0. RELION wants white particles on
black (--invert for micrographs as recorded) and a background of mean 0 and standard deviation 1 (--normalize). Run it in the RELION project
folder with relative paths: image names in particles.star are as --out is given.`;

export function configure(command: Command): void {
  const side = (name: string) => number(name, { min: 2, max: 8192, whole: true });
  command
    .argument('<picks>', 'coordinates: a folder, or one file')
    .argument('<micrographs...>', 'files, folders, globs, or a micrographs.star')
    .requiredOption('--box <px>', 'side of the box in full-size pixels, even', side('--box'))
    .requiredOption('--out <folder>', 'where the stacks and particles.star go')
    .option(
      '--scale-to <px>',
      'side of the images, even: scaled down by cutting the Fourier transform',
      side('--scale-to'),
    )
    .option('--invert', 'dark particles become white')
    .option('--normalize', 'background outside 75 % of the box to mean 0 and standard deviation 1')
    .option('--float16', 'half the disk space (RELION 4.0 and later)')
    .addOption(
      new Option('--edge <what>', 'boxes that reach beyond the micrograph: left out, or filled by reflection')
        .choices(['drop', 'pad'])
        .default('drop'),
    )
    .option('--threshold <t>', 'leave out scores below this', number('--threshold'))
    .option('--ctf <micrographs.star>', 'optics and defocus of the micrographs, as RELION estimated them')
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(extract);
}

async function extract(picks: string, micrographs: readonly string[], options: ExtractArguments): Promise<void> {
  const { box, out, scaleTo = box, edge, threshold, ctf, pixelSize } = options;
  const settings: ExtractSettings = {
    ...{ picks, micrographs, box, out, scaleTo, edge },
    invert: options.invert ?? false,
    normalize: options.normalize ?? false,
    float16: options.float16 ?? false,
    overwrite: options.overwrite ?? false,
    ...defined({ threshold, ctf, pixelSize }),
  };
  const extracted = await show((signal) => runExtract(settings, signal), {
    stopping: 'Stopping after this micrograph. Ctrl-C again ends at once.',
  });
  summarise(extracted, settings);
}

function summarise(extracted: Extracted, { edge, out }: ExtractSettings): void {
  const { particles, micrographs, atEdge, outside, below, failed, seconds } = extracted;
  print(
    `${counted(particles, 'particle')} of ${counted(micrographs, 'micrograph')} in ${duration(seconds)}, written to ${out}`,
  );
  if (atEdge > 0)
    print(`boxes that reach beyond the edge: ${atEdge}, ${edge === 'drop' ? 'left out' : 'filled by reflection'}`);
  if (outside > 0) print(`centres outside the micrograph: ${outside}, left out`);
  if (below > 0) print(`below --threshold: ${below}, left out`);
  if (failed.length > 0) print(`could not be extracted from: ${counted(failed.length, 'micrograph')}`);
  for (const reason of failed) print(`  ${reason}`);
}
