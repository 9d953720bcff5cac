/**
 * Long work. Each job is one or more commands of this program, run one after the other in processes of their own in the project
 * folder: the page stays free, a crash costs one job, and what the page shows can be typed as it stands.
 */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type RunEvent, readEvent } from '../app/events.js';
import { quoted } from '../cluster/shell.js';
import { INTERRUPTED, SOME_FAILED } from '../core/exit-codes.js';
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
/** What a command may end with that has done what was asked for, as far as it came. */
const IN_ORDER: readonly number[] = [0, SOME_FAILED, ...Object.values(INTERRUPTED)];

/** A job with its process, while it has one. */
interface Entry {
  job: ApiJob;
  readonly plan: JobPlan;
  child: ChildProcess | null;
}

/**
 * @param program - path of the command line's main file
 * @param changed - told of every change of a job
 */
export function startJobs(program: string, folder: string, changed: (job: ApiJob) => void): Jobs {
  return new JobQueue(program, folder, changed);
}

class JobQueue implements Jobs {
  readonly #entries: Entry[] = [];
  #last: Promise<void> = Promise.resolve();
  #nextId = 1;
  #isClosed = false;

  constructor(
    readonly program: string,
    readonly folder: string,
    readonly changed: (job: ApiJob) => void,
  ) {}

  list(): readonly ApiJob[] {
    return this.#entries.slice(-SHOWN).map(({ job }) => job);
  }

  add(plan: JobPlan): ApiJob {
    const commands = plan.commands.map((args) => ['deepem', ...args].map(quoted).join(' '));
    const job: ApiJob = {
      ...{ id: this.#nextId++, kind: plan.kind, commands, state: 'waiting', progress: 0, secondsLeft: null },
      ...{ message: '', losses: [], epochs: [], result: plan.result },
    };
    const entry: Entry = { job, plan, child: null };
    this.#entries.push(entry);
    this.changed(job);
    this.#last = this.#last
      .then(() => this.#run(entry))
      .catch((error) => this.#update(entry, { state: 'failed', message: String(error) }));
    return job;
  }

  cancel(id: number): boolean {
    const entry = this.#entries.find(({ job }) => job.id === id);
    if (!entry || !['waiting', 'running'].includes(entry.job.state)) return false;
    entry.child?.kill('SIGINT');
    this.#update(entry, { state: 'cancelled', secondsLeft: null, message: 'stopped' });
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { child } of this.#entries) child?.kill('SIGINT');
    await this.#last;
  }

  #update(entry: Entry, change: Partial<ApiJob>): void {
    entry.job = { ...entry.job, ...change };
    this.changed(entry.job);
  }

  async #run(entry: Entry): Promise<void> {
    if (this.#isClosed || isCancelled(entry.job)) return;
    this.#update(entry, { state: 'running' });
    const started = performance.now();
    const total = entry.plan.commands.length;
    let failure: string | null = null;
    for (let i = 0; i < total && failure === null && !this.#isClosed && !isCancelled(entry.job); i++) {
      failure = await this.#runCommand(entry, i, started);
    }
    entry.child = null;
    await entry.plan.onEnd?.();
    if (failure !== null) this.#update(entry, { state: 'failed', message: failure, secondsLeft: null });
    else if (!isCancelled(entry.job)) this.#update(entry, { state: 'done', progress: 1, secondsLeft: null });
  }

  /** Runs one command of a job; returns why it failed, or null. */
  async #runCommand(entry: Entry, i: number, started: number): Promise<string | null> {
    const args = entry.plan.commands[i];
    const total = entry.plan.commands.length;
    // In a group of its own: Ctrl-C for the server must reach it once, not twice, which would end it at once.
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, [this.program, ...args], { cwd: this.folder, stdio, detached: true });
    entry.child = child;
    if (child.pid !== undefined) await entry.plan.onStart?.(args, child.pid);
    const errors = follow(child, (event) => {
      const done = entry.plan.onEvent?.(event);
      const progress = done === undefined ? entry.job.progress : (i + done) / total;
      const secondsLeft = done ? ((performance.now() - started) / 1000) * (1 / progress - 1) : entry.job.secondsLeft;
      this.#update(entry, { ...describeEvent(event, entry.job), progress, secondsLeft });
    });
    const code = await endOf(child);
    if (isCancelled(entry.job)) return null;
    if (!IN_ORDER.includes(code)) return errors.at(-1) ?? `the command ended with code ${code}`;
    this.#update(entry, { progress: (i + 1) / total, message: code === SOME_FAILED ? (errors.at(-1) ?? '') : '' });
    return null;
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (exit) => resolve(exit ?? 1));
  });
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
