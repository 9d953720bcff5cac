/** `--device`, and what it came to. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Option } from 'commander';
import { docsPage } from '../core/docs.js';
import type { OpenDevice } from '../picking/device.js';
import { note } from './console.js';

/** @param does - what the device does, as in "what scores" */
export function deviceOption(does: string): Option {
  const help = `what ${does}: auto takes a graphics card if it works and is faster (${docsPage('gpu')})`;
  return new Option('--device <name>', help).choices(['auto', 'cpu', 'webgpu', 'cuda']).default('cpu');
}

/** Says what computes, and what was not taken and why. */
export async function announceDevice(work: string, found: Pick<OpenDevice, 'device' | 'reasons'>): Promise<void> {
  for (const reason of found.reasons) note(`not taken, ${reason}`);
  note(`${work} on ${found.device === 'cpu' ? 'the CPU' : await describeCard(found.device)}`);
}

/** A card by its name, where its driver tells one: the engine does not. */
async function describeCard(device: string): Promise<string> {
  const names = await promisify(execFile)('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'])
    .then(({ stdout }) => stdout.trim().split('\n').join(', '))
    .catch(() => 'a card whose driver does not tell its name');
  return `${device}: ${names}`;
}
