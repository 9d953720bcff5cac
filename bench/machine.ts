/** The machine that a bench runs on, and the program as a process of its own. */

import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** As results name it. */
export const MACHINE = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;

/** One run of the program. */
export interface ProgramRun {
  readonly seconds: number;
  /** Peak resident memory in KiB. */
  readonly kibibytes: number;
  readonly stderr: string;
}

/** Runs `deepem` once, by GNU time. */
export function runProgram(...args: string[]): ProgramRun {
  const program = [process.execPath, 'dist/cli/main.js', ...args];
  const started = performance.now();
  const { stderr, status } = spawnSync('/usr/bin/time', ['-f', '%M', ...program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, kibibytes: Number(stderr.trim().split('\n').at(-1)), stderr };
}
