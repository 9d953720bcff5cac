/** Imported first by the command line: an old Node.js ends with one sentence instead of a stack trace of some dependency. */

/** The oldest Node.js that every dependency runs on (`engines` in package.json says the same; a test compares them). */
export const LEAST_NODE = '20.19';

/** True if a version such as `20.9.0` is at least `least`. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  return have[0] !== want[0] ? have[0] > want[0] : have[1] >= want[1];
}

if (!isAtLeast(process.versions.node, LEAST_NODE)) {
  process.stderr.write(
    `deepem: Node.js ${process.versions.node} is too old: deepem needs ${LEAST_NODE} or newer (https://nodejs.org)\n`,
  );
  process.exit(1);
}
