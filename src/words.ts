/** Numbers with their nouns. */

const PLURALS: Readonly<Record<string, string>> = { class: 'classes', box: 'boxes' };

/**
 * `1 micrograph`, `2 micrographs`.
 *
 * @param noun - in the singular, perhaps after adjectives: `held-out micrograph`
 */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  const last = noun.split(' ').at(-1) ?? noun;
  return `${count} ${noun.slice(0, noun.length - last.length)}${PLURALS[last] ?? `${last}s`}`;
}
