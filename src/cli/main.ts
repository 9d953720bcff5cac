#!/usr/bin/env node
/** The command line: lists the commands, loads the one that is asked for, turns errors into exit codes. */

import '../core/node-version.js';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { DeepemError, messageOf, UsageError } from '../core/errors.js';
import { FAILED, USAGE } from '../core/exit-codes.js';
import { PROGRAM, VERSION } from '../core/version.js';
import { COMMANDS } from './commands.js';
import { note, outliveReaders, whatIsAtHand } from './console.js';

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('deepem')
    .description('Finds particles in cryo-EM micrographs: label a few, train in a minute or two, pick thousands.')
    .version(VERSION)
    .configureOutput({ outputError: (text, write) => write(inOneLine(text)) })
    .exitOverride()
    .hook('preAction', (_, command) => refuseEmpty(command));
  for (const [name, summary, load] of COMMANDS) {
    const command = program.command(name).description(summary).exitOverride();
    command.copyInheritedSettings(program);
    if (argv.includes(name)) (await load()).configure(command);
    if (argv[0] === name) refuseUnknown(command, argv.slice(1));
  }
  await program.parseAsync(argv, { from: 'user' });
}

/** What was wrong, what may have been meant, and where to look: on one line. */
function inOneLine(text: string): string {
  const parts = text.split('\n').filter((line) => line.trim() !== '');
  const words = parts
    .join(' ')
    .replace(/^error: /, '')
    .replaceAll('(Did', '(did');
  return `deepem: ${words}; deepem --help shows what there is\n`;
}

/** A mistyped option is named as such, and not as a required one that is missing. */
function refuseUnknown(command: Command, args: readonly string[]): void {
  if (args.includes('--help') || args.includes('-h')) return;
  const options = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  const end = args.indexOf('--');
  const typed = (end < 0 ? args : args.slice(0, end)).filter((word) => /^--[a-z]/i.test(word));
  const unknown = typed.map((word) => word.split('=')[0]).find((name) => !options.has(name));
  if (unknown === undefined) return;
  const [nearest] = [...options]
    .flatMap((option) => (option ? [{ option, distance: distanceOf(option, unknown) }] : []))
    .sort((one, other) => one.distance - other.distance);
  const hint = nearest && nearest.distance <= MOST_TYPOS ? ` (did you mean ${nearest.option}?)` : '';
  command.error(`error: unknown option ${unknown}${hint}`);
}

/** An empty word is a variable of the shell that was not set, and no file or folder. */
function refuseEmpty(command: Command): void {
  const option = command.options.find((each) => command.getOptionValue(each.attributeName()) === '');
  const where = option?.long ?? (command.args.includes('') ? 'an argument' : null);
  if (where === null) return;
  throw new UsageError({
    what: `${where} of deepem ${command.name()} is empty`,
    expected: 'a value',
    hint: 'Check the shell variables of the command: one may not be set',
  });
}

/** Letters that may be wrong in what was meant. */
const MOST_TYPOS = 3;

/** Levenshtein's distance. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (b[j - 1] === letter ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/** What a person sees of an error, and the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  note(error instanceof DeepemError ? `deepem: ${messageOf(error)}` : describeUnexpected(error));
  return error instanceof UsageError ? USAGE : FAILED;
}

/** One sentence on an error that nobody foresaw; its stack goes into a log. */
function describeUnexpected(error: unknown): string {
  const command = ['deepem', ...process.argv.slice(2)].join(' ');
  const file = whatIsAtHand();
  const log = writeLog(
    `${new Date().toISOString()} ${PROGRAM} ${process.version}\n${command}\n${file}\n${stackOf(error)}\n`,
  );
  const at = file === '' ? '' : ` at ${file}`;
  const where = log === null ? 'no log could be written' : `please report it with ${log}`;
  return `deepem: unexpected error in "${command}"${at}: ${messageOf(error).split('\n')[0]}; ${where}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Writes a log where there is room for one: the folder for temporary files, else the working folder. */
function writeLog(text: string): string | null {
  for (const folder of [tmpdir(), process.cwd()]) {
    const file = join(folder, `deepem-error-${process.pid}-${Date.now()}.log`);
    try {
      writeFileSync(file, text);
      return file;
    } catch {
      // The next folder, or none.
    }
  }
  return null;
}

/** An error outside of what a command waits for: nothing can be relied on any more. */
function fail(error: unknown): void {
  process.exitCode = report(error);
  process.exit();
}

outliveReaders();
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
