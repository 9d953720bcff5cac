/** `deepem validate` */

import type { Command } from 'commander';
import { messageOf } from '../core/errors.js';
import { inspectFile } from '../storage/inspect.js';
import { print, printJson } from './console.js';

const HELP = `
Example:
  deepem validate micrographs/*.mrc picks/*.star && echo all right

Checks the rules of MRC2014, STAR and .box, and that other files can be read whole. Errors are what programs refuse or misread; warnings are
unusual. The exit code is 0 if no file has an error, else 1.`;

export function configure(command: Command): void {
  command
    .argument('<files...>', 'images, stacks, STAR files, coordinates')
    .option('--json', 'one JSON line a file')
    .option('--strict', 'warnings count as errors')
    .addHelpText('after', HELP)
    .action(runValidate);
}

async function runValidate(files: readonly string[], options: { json?: boolean; strict?: boolean }): Promise<void> {
  for (const file of files) {
    const findings = await inspectFile(file).then(
      (inspection) => inspection.findings,
      (error: unknown) => [{ level: 'error' as const, what: messageOf(error), remedy: 'nothing else was checked' }],
    );
    const valid = !findings.some(({ level }) => level === 'error' || options.strict);
    if (!valid) process.exitCode = 1;
    if (options.json) {
      printJson({ file, valid, findings });
      continue;
    }
    print(`${file}: ${valid ? 'valid' : 'not valid'}`);
    for (const { level, what, remedy } of findings) print(`  ${level}: ${what}; ${remedy}`);
  }
}
