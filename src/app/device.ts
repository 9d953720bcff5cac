/** What computes, as it is told. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { OpenDevice } from '../picking/device.js';
import type { Tell } from './events.js';

/** Tells what computes, and what was not taken and why. */
export async function tellDevice(
  tell: Tell,
  work: string,
  found: Pick<OpenDevice, 'device' | 'reasons'>,
): Promise<void> {
  const { device, reasons } = found;
  tell({ kind: 'device', work, device, reasons, card: device === 'cpu' ? null : await cardOf() });
}

/** A card by its name, where its driver tells one: the engine does not. */
function cardOf(): Promise<string> {
  return promisify(execFile)('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'])
    .then(({ stdout }) => stdout.trim().split('\n').join(', '))
    .catch(() => 'a card whose driver does not tell its name');
}
