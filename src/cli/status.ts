/** `deepem status` */

import type { Command } from 'commander';
import { counted, duration, perMinute } from '../core/words.js';
import { type RunHistory, type RunStart, readRun } from '../storage/run-history.js';
import { print, printJson } from './console.js';

const HELP = `
Example:
  deepem status picks/

Progress of a run, also while it goes on, on this machine or on others: micrographs done and failed (with reasons), those whose count of particles or
scores are unusual for the model, the rate of the last
processes, and the time left at that rate.`;

export function configure(command: Command): void {
  command
    .argument('<folder>', 'output folder of deepem pick or watch')
    .option('--json', 'as one JSON object')
    .addHelpText('after', HELP)
    .action(runStatus);
}

/** Reasons that are listed. */
const SHOWN = 20;

async function runStatus(folder: string, options: { json?: boolean }): Promise<void> {
  const history = await readRun(folder);
  const status = statusOf(history);
  if (options.json) {
    printJson(status);
    return;
  }
  const { total, done, failed, unusual, particles, rate, secondsLeft } = status;
  print(
    `picked: ${done} of ${counted(total, 'micrograph')}, ${failed.length} failed; ${counted(particles, 'particle')}`,
  );
  if (rate > 0) print(`${perMinute(rate, 1)}${secondsLeft > 0 ? `, ${duration(secondsLeft)} left at that rate` : ''}`);
  for (const { micrograph, reason } of failed.slice(0, SHOWN)) print(`  ${micrograph}: ${reason}`);
  if (failed.length > SHOWN) print(`  and ${failed.length - SHOWN} more (--json lists all)`);
  if (unusual.length > 0) print(`unusual in count or scores: ${unusual.length} of ${done}`);
  for (const { micrograph, unusual: words } of unusual.slice(0, SHOWN)) print(`  ${micrograph}: ${words}`);
  if (unusual.length > SHOWN) print(`  and ${unusual.length - SHOWN} more (--json lists all)`);
}

/** What is known of a run. */
function statusOf({ parameters, starts, records }: RunHistory) {
  const all = [...records.values()];
  const done = all.filter(({ state }) => state === 'done');
  const failed = all
    .filter(({ state }) => state === 'failed')
    .map(({ micrograph, reason }) => ({ micrograph, reason }));
  const unusual = done.flatMap(({ micrograph, particles, unusual: words }) =>
    words === null ? [] : [{ micrograph, particles, unusual: words }],
  );
  const latest = latestStarts(starts);
  const total = Math.max(
    all.length,
    latest.reduce((sum, { micrographs }) => sum + micrographs, 0),
  );
  const since = Math.min(...latest.map(({ start }) => start));
  const recent = all.filter(({ at }) => at >= since);
  const last = Math.max(...recent.map(({ at }) => at));
  const rate = recent.length > 0 && last > since ? recent.length / ((last - since) / 1000) : 0;
  const left = total - all.length;
  return {
    ...{ total, done: done.length, failed, unusual, left },
    particles: done.reduce((sum, { particles }) => sum + (particles ?? 0), 0),
    rate,
    secondsLeft: rate > 0 ? left / rate : 0,
    parameters,
  };
}

/** The last process of the whole run, or of each shard if shards began after it. */
function latestStarts(starts: readonly RunStart[]): RunStart[] {
  const byPart = new Map<string, RunStart>();
  for (const start of [...starts].sort((a, b) => a.start - b.start)) {
    if (start.shard === null) byPart.clear();
    else byPart.delete('');
    byPart.set(start.shard ?? '', start);
  }
  return [...byPart.values()];
}
