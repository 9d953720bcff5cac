/** Exit codes of the program (docs/reference.md). */

/** Something went wrong. */
export const FAILED = 1;
/** The command was called wrongly. */
export const USAGE = 2;
/** Done, but for files that could not be used. */
export const SOME_FAILED = 3;
/** Ended in order after SIGINT or SIGTERM. */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;
