/** Names of micrographs, short enough for a list: what all have in common goes, and what is still too long loses its middle. */

const SIGN = '…';

/** What all names begin with, up to a place where a word ends: a number is never cut in two. */
function commonStart(names: readonly string[]): number {
  if (names.length < 2) return (names[0]?.lastIndexOf('/') ?? -1) + 1;
  const first = names[0];
  let length = first.length;
  for (const name of names) {
    while (length > 0 && !name.startsWith(first.slice(0, length))) length--;
  }
  while (length > 0 && /[a-z0-9]/i.test(first[length - 1])) length--;
  return length;
}

/**
 * A function that shortens names of a list.
 *
 * @param most - characters that a short name may have
 */
export function shortener(names: readonly string[], most: number): (name: string) => string {
  const start = commonStart(names);
  return (name) => {
    const own = name.slice(start);
    if (own.length <= most) return own;
    const tail = Math.ceil((most - 1) * 0.6);
    return `${own.slice(0, most - 1 - tail)}${SIGN}${own.slice(-tail)}`;
  };
}
