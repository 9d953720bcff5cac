/**
 * Long work. Each job is one or more commands of this program, run one after the other in processes of their own in the project
 * folder: the page stays free, a crash costs one job, and what the page shows can be typed as it stands.
 */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type RunEvent, readEvent } from '../app/events.js';
import { quoted } from '../cluster/shell.js';
import type { ApiJob } from './api.js';

/** What a job is to do. */
export interface JobPlan {
  readonly kind: ApiJob['kind'];
  /** Arguments of `deepem`, a list for each command. */
  readonly commands: readonly (readonly string[])[];
  /** What it makes, for the page. */
  readonly result: string;
  /** Called with each event that a command prints; returns the share of the command that is done, where it knows. */
  readonly onEvent?: (event: RunEvent) => number | undefined;
  /** Called when a command runs, with its process. */
  readonly onStart?: (args: readonly string[], pid: number) => Promise<void>;
  /** Called once all commands are done, also after an early stop. */
  readonly onEnd?: () => Promise<void>;
}

/** The jobs of a server; they run one at a time. */
export interface Jobs {
  list(): readonly ApiJob[];
  add(plan: JobPlan): ApiJob;
  /** Stops a job as Ctrl-C would: a training saves the best model so far. */
  cancel(id: number): boolean;
  /** Stops what runs as Ctrl-C would and waits for its end; what waits is not begun. */
  close(): Promise<void>;
}

/** Losses kept for the curve. */
const MOST_LOSSES = 400;
/** Finished jobs that are still shown. */
const SHOWN = 20;
/** Exit code of a command that is done but for files that could not be read. */
const SOME_FAILED = 3;
const INTERRUPTED = [130, 143];

/**
 * @param program - path of the command line's main file
 * @param changed - told of every change of a job
 */
export function startJobs(program: string, folder: string, changed: (job: ApiJob) => void): Jobs {
  const jobs: { job: ApiJob; plan: JobPlan; child: ChildProcess | null }[] = [];
  let last: Promise<void> = Promise.resolve();
  let nextId = 1;
  let closed = false;

  async function run(entry: (typeof jobs)[number]): Promise<void> {
    const update = (change: Partial<ApiJob>) => {
      entry.job = { ...entry.job, ...change };
      changed(entry.job);
    };
    if (closed || isCancelled(entry.job)) return;
    update({ state: 'running' });
    const started = performance.now();
    const total = entry.plan.commands.length;
    let failure: string | null = null;
    for (const [i, args] of entry.plan.commands.entries()) {
      if (closed || isCancelled(entry.job)) break;
      // In a group of its own: Ctrl-C for the server must reach it once, not twice, which would end it at once.
      const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
      const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio, detached: true });
      entry.child = child;
      if (child.pid !== undefined) await entry.plan.onStart?.(args, child.pid);
      const errors = follow(child, (event) => {
        const done = entry.plan.onEvent?.(event);
        const progress = done === undefined ? entry.job.progress : (i + done) / total;
        const secondsLeft = done ? ((performance.now() - started) / 1000) * (1 / progress - 1) : entry.job.secondsLeft;
        update({ ...describeEvent(event, entry.job), progress, secondsLeft });
      });
      const code = await new Promise<number>((resolve) => {
        child.on('error', () => resolve(1));
        child.on('close', (exit) => resolve(exit ?? 1));
      });
      if (isCancelled(entry.job)) break;
      if (code !== 0 && code !== SOME_FAILED && !INTERRUPTED.includes(code)) {
        failure = errors.at(-1) ?? `the command ended with code ${code}`;
        break;
      }
      update({ progress: (i + 1) / total, message: code === SOME_FAILED ? (errors.at(-1) ?? '') : '' });
    }
    entry.child = null;
    await entry.plan.onEnd?.();
    if (failure !== null) update({ state: 'failed', message: failure, secondsLeft: null });
    else if (!isCancelled(entry.job)) update({ state: 'done', progress: 1, secondsLeft: null });
  }

  return {
    list: () => jobs.slice(-SHOWN).map(({ job }) => job),
    add(plan) {
      const commands = plan.commands.map((args) => ['deepem', ...args].map(quoted).join(' '));
      const job: ApiJob = {
        ...{ id: nextId++, kind: plan.kind, commands, state: 'waiting', progress: 0, secondsLeft: null },
        ...{ message: '', losses: [], epochs: [], result: plan.result },
      };
      const entry = { job, plan, child: null };
      jobs.push(entry);
      changed(job);
      last = last
        .then(() => run(entry))
        .catch((error) => {
          entry.job = { ...entry.job, state: 'failed', message: String(error) };
          changed(entry.job);
        });
      return job;
    },
    cancel(id) {
      const entry = jobs.find(({ job }) => job.id === id);
      if (!entry || !['waiting', 'running'].includes(entry.job.state)) return false;
      entry.job = { ...entry.job, state: 'cancelled', secondsLeft: null, message: 'stopped' };
      entry.child?.kill('SIGINT');
      changed(entry.job);
      return true;
    },
    async close() {
      closed = true;
      for (const { child } of jobs) child?.kill('SIGINT');
      await last;
    },
  };
}

/** The state may have been changed by `cancel` meanwhile. */
function isCancelled(job: ApiJob): boolean {
  return job.state === 'cancelled';
}

/** Reads the lines of a command: events go to `onEvent`, words between them are for people; the last words on stderr are kept. */
function follow(child: ChildProcess, onEvent: (event: RunEvent) => void): readonly string[] {
  const errors: string[] = [];
  if (child.stdout) {
    createInterface(child.stdout).on('line', (text) => {
      const event = readEvent(text);
      if (event) onEvent(event);
    });
  }
  if (child.stderr) {
    createInterface(child.stderr).on('line', (text) => {
      errors.push(text.replace(/^deepem: /, ''));
      if (errors.length > SHOWN) errors.shift();
    });
  }
  return errors;
}

/** What an event of a command says about its job. */
function describeEvent(event: RunEvent, job: ApiJob): Partial<ApiJob> {
  switch (event.kind) {
    case 'step': {
      const losses = [...job.losses, { step: event.step, loss: event.loss }];
      return { losses: losses.length > MOST_LOSSES ? thinOut(losses, MOST_LOSSES / 2) : losses };
    }
    case 'epoch': {
      const { epoch, epochs, loss, accuracy, chance } = event;
      return { epochs: [...job.epochs, { epoch, loss, accuracy, chance }], message: `epoch ${epoch} of ${epochs}` };
    }
    case 'choosing':
      return { message: event.heldOut ? 'choosing thresholds on what is held out' : 'choosing the threshold' };
    case 'micrograph':
      return { message: event.micrograph };
    default:
      return {};
  }
}

/** About so many of the losses, the same number of steps apart. */
function thinOut(losses: ApiJob['losses'], most: number): ApiJob['losses'] {
  const stride = Math.ceil((losses.at(-1)?.step ?? 1) / most);
  return losses.filter(({ step }) => step % stride === 0);
}
