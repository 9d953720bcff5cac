/** Micrographs from the words of a person: files, folders, globs, lists. */

import { expandMicrographs, type InputMicrograph } from '../storage/inputs.js';
import type { Tell } from './events.js';
import { note } from './tell.js';

/**
 * Expands words to micrographs, and tells what is left out.
 *
 * @param root - folder below which folders are kept, instead of the common one
 * @throws UsageError if a word matches nothing at all
 */
export function micrographsOf(words: readonly string[], tell: Tell, root?: string): Promise<InputMicrograph[]> {
  return expandMicrographs(words, { notice: (text) => note(tell, text), ...(root !== undefined && { root }) });
}
