/** The error for a picture that is not what its name says. */

import { FileError, messageOf } from '../core/errors.js';

/**
 * @param kind - what the name says, such as `PNG or JPEG`
 * @param cause - what was found instead
 */
export function unreadable(file: string, kind: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  return new FileError(
    {
      what: `Cannot read ${file} as ${kind}`,
      received: messageOf(cause).split('\n')[0],
      expected: `a whole ${kind} file`,
      hint: 'The file is damaged, truncated or of another format',
    },
    { cause },
  );
}

/** The error for a picture that is whole, but of a kind that is not read. */
export function notRead(file: string, received: string, expected: string): FileError {
  return new FileError({
    ...{ what: `Cannot use ${file} as a micrograph`, received, expected },
    hint: 'Save it as float32 MRC or TIFF',
  });
}
