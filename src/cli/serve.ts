/** `deepem serve` */

import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { isLoopback } from '../server/hosts.js';
import { startServer } from '../server/serve.js';
import { counted } from '../words.js';
import { note, onInterrupt, print } from './console.js';
import { number } from './options.js';

interface ServeArguments {
  port: number;
  host: string;
  open?: boolean;
}

const HELP = `
Examples:
  deepem serve project/                        micrographs are all those below the folder
  deepem serve project/ /data/session5/*.mrc   micrographs elsewhere

Prints an address with a secret token: open it in a browser. From another machine: ssh -L 8000:localhost:PORT HOST, then open the same
address with port 8000. Labels, models and picks are plain files in the folder (deepem.json, labels/, negatives/, models/, picks/), which
the other commands read and write. Ctrl-C ends the server; nothing is lost.`;

export function configure(command: Command): void {
  command
    .argument('<folder>', 'of the project; it is made into one where it is none')
    .argument('[micrographs...]', 'files, folders, globs, or a micrographs.star (default: all below the folder)')
    .option('--port <n>', '0: any that is free', number('--port', { min: 0, max: 65_535, whole: true }), 0)
    .option('--host <name>', 'address to listen on; anything but this machine is open to the network', '127.0.0.1')
    .option('--open', 'open the page in a browser')
    .addHelpText('after', HELP)
    .action(runServe);
}

async function runServe(folder: string, micrographs: readonly string[], options: ServeArguments): Promise<void> {
  const server = await startServer({
    ...{ folder, micrographs, host: options.host, port: options.port },
    page: fileURLToPath(new URL('../web', import.meta.url)),
    program: fileURLToPath(new URL('./main.js', import.meta.url)),
  });
  if (!isLoopback(options.host)) {
    note(`warning: listening on ${options.host}: whoever has the token can read and change the project, unencrypted`);
  }
  for (const notice of server.notices) note(notice);
  print(`${counted(server.micrographs, 'micrograph')}; open ${server.url}`);
  if (options.open) await openBrowser(server.url);
  const interruption = onInterrupt('Ending the server.');
  await new Promise<void>((resolve) => interruption.signal.addEventListener('abort', () => resolve()));
  interruption.dispose();
  await server.close();
}

/**
 * A machine without a browser is no error: the address is printed. The browser gets a file that only this user can read, which leads
 * to the address: the arguments of a program are there for all users to see.
 */
async function openBrowser(url: string): Promise<void> {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const folder = await mkdtemp(join(tmpdir(), 'deepem-')).catch(() => null);
  if (folder === null) return note('there is no folder for temporary files: open the address yourself');
  const file = join(folder, 'open.html');
  await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${url}">`, { mode: 0o600 });
  spawn(command, [file], { stdio: 'ignore', detached: true })
    .on('error', () => note(`${command} is not there: open the address yourself`))
    .unref();
}
