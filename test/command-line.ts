/** Runs the built program as a user would. */

import { spawn, spawnSync } from 'node:child_process';

const MAIN = 'dist/cli/main.js';

/** What a run of the program gave. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `deepem` and waits for its end. */
export function deepem(...args: string[]): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** Runs `deepem`, sends a signal once its error output matches, and waits for its end. */
export function deepemInterrupted(signal: NodeJS.Signals, when: RegExp, ...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, sent] = ['', '', false];
  const look = () => {
    if (sent || !when.test(stdout + stderr)) return;
    sent = true;
    child.kill(signal);
  };
  child.stdout.on('data', (data) => {
    stdout += data;
    look();
  });
  child.stderr.on('data', (data) => {
    stderr += data;
    look();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}
