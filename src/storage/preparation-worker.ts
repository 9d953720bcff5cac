/** The preparation thread. */

import { stat } from 'node:fs/promises';
import { prepareForPicking } from '../picking/pick.js';
import { spectrumOf } from '../picking/usual.js';
import { startQueue } from '../runtime/queue.js';
import { answerRequests } from '../runtime/thread-worker.js';
import { changedWhileRead } from './files.js';
import type { PreparationRequest, PreparedFile } from './preparer.js';
import { readHashedMicrograph } from './read-micrograph.js';

/** @throws FileError if the file cannot be read, or changes meanwhile; ModelError if it does not fit the model */
async function prepareFile({ path, pixelSize, model, uneven, spectrum }: PreparationRequest): Promise<PreparedFile> {
  const before = await stat(path).catch(() => null);
  const micrograph = await readHashedMicrograph(path);
  const after = await stat(path);
  if (after.size !== before?.size || after.mtimeMs !== before.mtimeMs) {
    throw changedWhileRead(path);
  }
  const sized = { ...micrograph, pixelSize: pixelSize ?? micrograph.pixelSize };
  const prepared = prepareForPicking(sized, model, uneven, true);
  return {
    prepared,
    spectrum: spectrum ? spectrumOf(prepared.image) : null,
    pixelSize: sized.pixelSize,
    warnings: micrograph.warnings,
    sha256: micrograph.sha256,
    modified: after.mtimeMs,
  };
}

/** Each piece of memory once: `grey` is the micrograph itself where nothing is resampled. Small ones may share Node's pool. */
function memoryOf({ prepared: { image, grey, unevenness } }: PreparedFile): ArrayBuffer[] {
  const large = [image, grey, unevenness].flatMap((part) =>
    part && part.pixels.length > 2 ** 18 ? [part.pixels] : [],
  );
  return [...new Set(large.map(({ buffer }) => buffer as ArrayBuffer))];
}

const inTurn = startQueue();
answerRequests((request: PreparationRequest) => inTurn(() => prepareFile(request)), memoryOf);
