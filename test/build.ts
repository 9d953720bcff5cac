/** Global setup of the tests: builds `dist/` where it is older than what it is made from, because workers and commands run it. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['src', 'web', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'vite.config.ts'];
/** Written last by the build. */
const BUILT = join('dist', 'web', 'index.html');

/** Time of the last change at or below a path; folders count too, so that a removed file is a change. */
function lastChange(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}

export default function setup(): void {
  if (existsSync(BUILT) && statSync(BUILT).mtimeMs >= Math.max(...SOURCES.map(lastChange))) return;
  const { status } = spawnSync('npm', ['run', 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`npm run build failed (${status}): the tests would run an old dist/`);
}
