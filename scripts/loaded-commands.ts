/** The commands of the program with their arguments and options, for scripts that read them. */

import { Command } from 'commander';
import { COMMANDS } from '../src/cli/commands.js';

/** Every command, in the order of `deepem --help`. */
export async function loadedCommands(): Promise<Command[]> {
  const commands: Command[] = [];
  for (const [name, summary, load] of COMMANDS) {
    const command = new Command(name).description(summary).exitOverride();
    (await load()).configure(command);
    commands.push(command);
  }
  return commands;
}
