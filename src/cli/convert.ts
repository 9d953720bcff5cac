/** `deepem convert` */

import { type Command, Option } from 'commander';
import { namesOf, runConvert } from '../app/particles/convert-run.js';
import { defined } from '../core/defined.js';
import { UsageError } from '../core/errors.js';
import type { Transform } from '../core/transform.js';
import { counted } from '../core/words.js';
import type { CoordinateFormat } from '../formats/coordinate-format.js';
import { COORDINATE_FORMATS, formatNamed, WRITTEN_FORMATS, writtenFormats } from '../formats/coordinates.js';
import { print } from './console.js';
import { number, parsePair, parsePixelSize } from './options.js';
import { show } from './show.js';

interface ConvertArguments extends Omit<Transform, 'shift'> {
  to: readonly CoordinateFormat[];
  out: string;
  from?: CoordinateFormat;
  shift: Transform['shift'];
  threshold?: number;
  box?: number;
  pixelSize?: number;
  micrographs?: string;
  overwrite?: boolean;
}

const HELP = `
Examples:
  deepem convert Picks/ --to star --out star/
  deepem convert topaz.txt --scale 8 --to star,box --box 180 --out picks/
  deepem convert ground_truth/ --from cryoppp --micrographs micrographs/ --to csv --out truth/
  deepem convert J3/picked_particles.cs --flip-y --micrographs micrographs/ --to particles-star --out relion/

Formats:
${COORDINATE_FORMATS.map(({ name, summary }) => `  ${name.padEnd(15)} ${summary}`).join('\n')}
The format of a file is told by its ending; --from is needed for cryoppp and for unusual endings. Changes are made in the order swap,
scale, shift, flips. Not sure which are needed? deepem doctor tells.`;

export function configure(command: Command): void {
  command
    .argument('<paths...>', 'coordinate files, or folders of them')
    .requiredOption('--to <list>', `one or more, with commas: ${namesOf(WRITTEN_FORMATS)}`, writtenFormats)
    .requiredOption('--out <folder>', 'where the new files go')
    .option('--from <format>', 'what the files are, where the ending does not say', (name: string) => formatNamed(name))
    .option('--micrographs <path>', 'the micrographs, for their sizes and names: a folder, or a micrographs.star')
    .option('--swap', 'exchange x and y', false)
    .option('--scale <f>', 'multiply both coordinates', number('--scale', { min: 1e-3, max: 1e3 }), 1)
    .addOption(
      new Option('--shift <x,y>', 'add pixels').argParser(parsePair('--shift')).default({ x: 0, y: 0 }, 'none'),
    )
    .option('--flip-x', 'count columns from the last one', false)
    .option('--flip-y', 'count rows from the last one', false)
    .option('--threshold <t>', 'leave out scores below this, and picks without a score', number('--threshold'))
    .option('--box <px>', "side of the boxes in full-size pixels, even (default: the files' own)", evenSide)
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(convert);
}

function evenSide(text: string): number {
  const side = number('--box', { min: 2, max: 65536, whole: true })(text);
  if (side % 2 === 0) return side;
  throw new UsageError({ what: 'Wrong value of --box', received: text, expected: 'an even number' });
}

async function convert(paths: readonly string[], options: ConvertArguments): Promise<void> {
  const { to, out, swap, scale, shift, flipX, flipY, from, threshold, box, pixelSize, micrographs } = options;
  const settings = {
    ...{ paths, to, out, swap, scale, shift, flipX, flipY, overwrite: options.overwrite ?? false },
    ...defined({ from, threshold, box, pixelSize, micrographs }),
  };
  const { files, picks, below, notPoints, failed } = await show((signal) => runConvert(settings, signal), {
    stopping: 'Stopping after this file. Ctrl-C again ends at once.',
  });
  print(`${counted(picks, 'particle')} of ${counted(files, 'micrograph')}, written to ${out}`);
  if (below > 0) print(`${below} are left out by --threshold`);
  if (notPoints > 0) print(`${notPoints} are left out: a coordinate is NaN or infinite`);
  if (failed.length > 0) print(`could not be converted: ${counted(failed.length, 'file')}`);
  for (const reason of failed) print(`  ${reason}`);
}
