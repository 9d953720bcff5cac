/** `deepem serve` */

import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { counted } from '../core/words.js';
import { isLoopback, parseBasePath, parseHostName } from '../server/hosts.js';
import { startServer } from '../server/serve.js';
import { note, onInterrupt, print } from './console.js';
import { number } from './options.js';

interface ServeArguments {
  port: number;
  host: string;
  open?: boolean;
  allowHost: readonly string[];
  basePath?: string;
}

const HELP = `
Examples:
  deepem serve project/                        micrographs are all those below the folder
  deepem serve project/ /data/session5/*.mrc   micrographs elsewhere

Prints an address with a secret token: open it in a browser. From another machine: ssh -L 8000:localhost:PORT HOST, then open the same
address with port 8000. Labels, models and picks are plain files in the folder (deepem.json, labels/, negatives/, models/, picks/), which
the other commands read and write. Ctrl-C ends the server; nothing is lost.

Behind JupyterHub, Open OnDemand or another proxy: --allow-host with the proxy's name, and --base-path with the path below which it serves
the page (with or without that path in what it passes on). An empty folder waits for its first micrographs.`;

export function configure(command: Command): void {
  command
    .argument('<folder>', 'of the project; it is made into one where it is none')
    .argument('[micrographs...]', 'files, folders, globs, or a micrographs.star (default: all below the folder)')
    .option('--port <n>', '0: any that is free', number('--port', { min: 0, max: 65_535, whole: true }), 0)
    .option('--host <name>', 'address to listen on; anything but this machine is open to the network', '127.0.0.1')
    .option('--open', 'open the page in a browser')
    .option(
      '--allow-host <name>',
      'name by which browsers reach a proxy in front of this server; may be repeated',
      (name: string, before: readonly string[]) => [...before, parseHostName(name)],
      [],
    )
    .option('--base-path <path>', 'path below which a proxy serves the page, such as /node/n12/8000', parseBasePath)
    .addHelpText('after', HELP)
    .action(runServe);
}

async function runServe(folder: string, micrographs: readonly string[], options: ServeArguments): Promise<void> {
  const server = await startServer({
    ...{ folder, micrographs, host: options.host, port: options.port },
    ...{ allowed: options.allowHost, basePath: options.basePath ?? '' },
    page: fileURLToPath(new URL('../web', import.meta.url)),
    program: fileURLToPath(new URL('./main.js', import.meta.url)),
  });
  if (!isLoopback(options.host)) {
    note(`warning: listening on ${options.host}: whoever has the token can read and change the project, unencrypted`);
  }
  for (const notice of server.notices) note(notice);
  const found =
    server.micrographs === 0 ? 'no micrographs yet, waiting for them' : counted(server.micrographs, 'micrograph');
  print(`${found}; open ${server.url}`);
  const { pathname, search } = new URL(server.url);
  for (const name of options.allowHost) print(`through the proxy: https://${name}${pathname}${search}`);
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
