/** `deepem demo` */

import { join } from 'node:path';
import type { Command } from 'commander';
import { type Demonstrated, runDemo } from '../app/demo-run.js';
import { counted, duration } from '../core/words.js';
import { print } from './console.js';
import { show } from './show.js';

export function configure(command: Command): void {
  command
    .option('--out <folder>', 'where everything goes', 'demo')
    .option('--overwrite', 'replace files that are there')
    .action(async ({ out, overwrite = false }: { out: string; overwrite?: boolean }) => {
      const started = performance.now();
      const demonstrated = await show((signal) => runDemo({ out, overwrite }, signal));
      summarise(demonstrated, out, (performance.now() - started) / 1000);
    });
}

function summarise({ figures, particles, micrographs }: Demonstrated, out: string, seconds: number): void {
  const { precision, recall, f1, f2, ap, threshold, blobF1 } = figures;
  print(
    `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${f1.toFixed(3)}, F2 ${f2.toFixed(3)} at the model's threshold ${threshold.toFixed(3)}`,
  );
  print(
    `average precision ${ap.toFixed(3)}; ${counted(particles, 'particle')} on ${counted(micrographs, 'micrograph')}; ${duration(seconds)}`,
  );
  print(`without training, the blob picker reaches F1 ${blobF1.toFixed(3)} at its best threshold`);
  print(`look at ${join(out, 'picks.png')} (green: right, red: false, yellow: missed) and ${join(out, 'curve.svg')}`);
  print(`micrographs ${join(out, 'micrographs')}, picks ${join(out, 'picks')}, model ${join(out, 'model.onnx')}`);
}
