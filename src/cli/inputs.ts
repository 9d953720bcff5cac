/** Micrographs from the arguments of a command, with what is left out on the screen. */

import { expandMicrographs, type InputMicrograph } from '../storage/inputs.js';
import { note } from './console.js';

/**
 * Expands arguments to micrographs.
 *
 * @param root - folder below which folders are kept, instead of the common one
 * @throws UsageError if an argument matches nothing at all
 */
export function micrographsOf(args: readonly string[], root?: string): Promise<InputMicrograph[]> {
  return expandMicrographs(args, { notice: note, ...(root !== undefined && { root }) });
}
