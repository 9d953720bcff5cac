/** What a check of a file finds. */

/** A rule that a file breaks. */
export interface FileFinding {
  /** error: programs may refuse the file or misread it; warning: unusual, and worth knowing. */
  readonly level: 'error' | 'warning';
  /** What is wrong, with what was found. */
  readonly what: string;
  /** How to fix it, or what follows. */
  readonly remedy: string;
}

/** Findings of broken rules, from a list of conditions. */
export function findingsOf(
  rules: readonly (readonly [broken: boolean, FileFinding['level'], what: string, remedy: string])[],
): FileFinding[] {
  return rules.flatMap(([broken, level, what, remedy]) => (broken ? [{ level, what, remedy }] : []));
}
