/** Reading and preparing micrographs in a thread of its own, while another micrograph is scored. */

import type { PreparedFor, ReadyMicrograph } from '../picking/pick.js';
import { compiledWorker, openThread } from '../runtime/thread.js';

/** What the thread is asked: one file, for one model. */
export interface PreparationRequest {
  readonly path: string;
  /** Angstroms per pixel instead of what the file says; null: as the file says. */
  readonly pixelSize: number | null;
  readonly model: PreparedFor;
  /** False where the filter of uneven ground is off. */
  readonly uneven: boolean;
  /** Whether the power spectrum is wanted. */
  readonly spectrum: boolean;
}

/** A file that was read and prepared; its full-size pixels are gone. */
export interface PreparedFile {
  readonly prepared: ReadyMicrograph;
  /** Of the prepared image; null unless asked for. */
  readonly spectrum: readonly number[] | null;
  /** Angstroms per pixel, or null where unknown. */
  readonly pixelSize: number | null;
  /** What had to be repaired while reading. */
  readonly warnings: readonly string[];
  /** Of the file that was read. */
  readonly sha256: string;
  readonly modified: number;
}

/** Reads and prepares micrographs, one after the other. */
export interface Preparer {
  /** @throws Error that says why the file cannot be used */
  prepare(request: PreparationRequest): Promise<PreparedFile>;
  close(): Promise<void>;
}

/**
 * Starts the thread at the first request, and again if it ends: one file that fills the memory does not stop a run.
 *
 * @param keepsMemory - false: the thread ends after each file, and with it what it held
 */
export function startPreparer({ keepsMemory }: { readonly keepsMemory: boolean }): Preparer {
  const thread = openThread<PreparationRequest, PreparedFile>({
    file: compiledWorker('#preparation-worker'),
    name: 'preparation',
    restarts: true,
  });
  return {
    async prepare(request) {
      try {
        return await thread.ask(request);
      } finally {
        if (!keepsMemory) await thread.rest();
      }
    },
    close: () => thread.close(),
  };
}
