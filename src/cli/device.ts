/** `--device`. */

import { Option } from 'commander';
import { docsPage } from '../core/docs.js';

/** @param does - what the device does, as in "what scores" */
export function deviceOption(does: string): Option {
  const help = `what ${does}: auto takes a graphics card if it works and is faster (${docsPage('gpu')})`;
  return new Option('--device <name>', help).choices(['auto', 'cpu', 'webgpu', 'cuda']).default('cpu');
}
