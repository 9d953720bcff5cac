/**
 * The few kinds of error that a user can cause or meet. Each says what was received, what was expected and what to do;
 * anything else that is thrown is a defect of deepem.
 */

/** What went wrong, in the three parts that a user needs. */
export interface ErrorDetail {
  /** What was being done, with the file or option it was done to. */
  what: string;
  /** What was found instead of what was expected. */
  received?: string;
  /** What would have been right. */
  expected?: string;
  /** The next step for the user. */
  hint?: string;
}

/** Base of every error that is shown to the user without a stack trace. */
export class DeepemError extends Error {
  readonly detail: ErrorDetail;

  constructor(detail: ErrorDetail, options?: { cause?: unknown }) {
    super(describe(detail), options);
    this.name = new.target.name;
    this.detail = detail;
  }
}

/** A file that cannot be read as what it claims to be, or cannot be written. */
export class FileError extends DeepemError {}

/** Wrong arguments: the command line exits with code 2. */
export class UsageError extends DeepemError {}

/** Labels that cannot be used: too few, none that match, and so on. */
export class LabelError extends DeepemError {}

/** A network architecture that cannot exist. */
export class ArchitectureError extends DeepemError {}

/** A model file that is not one of ours, or does not fit the micrograph. */
export class ModelError extends DeepemError {}

function describe({ what, received, expected, hint }: ErrorDetail): string {
  const parts = [what];
  if (received !== undefined) parts.push(`received ${received}`);
  if (expected !== undefined) parts.push(`expected ${expected}`);
  const sentence = parts.length === 1 ? what : `${what}: ${parts.slice(1).join('; ')}`;
  return hint === undefined ? sentence : `${sentence}. ${hint}`;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
