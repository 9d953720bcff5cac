/** `deepem inspect` */

import type { Command } from 'commander';
import { messageOf } from '../core/errors.js';
import { type Inspection, inspectFile } from '../storage/inspect.js';
import { print, printJson } from './console.js';

const HELP = `
Example:
  deepem inspect micrographs/mic_001.mrc picks/mic_001.box

Shows the header, the statistics and the histogram of an image or stack (.mrc, .mrcs, .tif, .png, .jpg), the blocks of a .star, or what is in a
coordinate file, and what is odd about it.`;

export function configure(command: Command): void {
  command
    .argument('<files...>', 'images, stacks, STAR files, coordinates')
    .option('--json', 'one JSON line a file')
    .addHelpText('after', HELP)
    .action(runInspect);
}

/** Columns of the table are at most so wide, longer values stick out. */
const WIDEST = 20;
const BARS = ' ▁▂▃▄▅▆▇█';

async function runInspect(files: readonly string[], { json }: { json?: boolean }): Promise<void> {
  for (const file of files) {
    try {
      const inspection = await inspectFile(file);
      if (json) printJson(inspection);
      else show(inspection);
    } catch (error) {
      if (json) printJson({ file, error: messageOf(error) });
      else print(`${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  }
}

function show({ file, kind, facts, pixels, findings }: Inspection): void {
  print(`${file}: ${kind}`);
  const widest = (lengths: readonly number[]) => Math.min(WIDEST, Math.max(...lengths));
  const widths = [widest(facts.map(({ name }) => name.length)), widest(facts.map(({ value }) => value.length))];
  for (const { name, value, meaning = '' } of facts)
    print(`  ${name.padEnd(widths[0])}  ${value.padEnd(widths[1])}  ${meaning}`.trimEnd());
  if (pixels) {
    const { min, max, mean, sd, notFinite, histogram } = pixels;
    const shown = (value: number) => String(Number(value.toPrecision(5)));
    print(
      `  pixels ${shown(min)} to ${shown(max)}, mean ${shown(mean)}, standard deviation ${shown(sd)}, ${notFinite} not finite`,
    );
    const most = Math.max(...histogram.counts, 1);
    const bars = histogram.counts.map((count) => BARS[Math.ceil((8 * count) / most)]).join('');
    print(`  ${shown(histogram.low)} |${bars}| ${shown(histogram.high)} (0.1 to 99.9 %)`);
  }
  for (const { level, what, remedy } of findings) print(`  ${level}: ${what}; ${remedy}`);
  print('');
}
