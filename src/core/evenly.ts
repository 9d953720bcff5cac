/** Some of many. */

/** At most `most` items, evenly from the whole list. */
export function evenly<T>(items: readonly T[], most: number): T[] {
  const stride = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(most, items.length) }, (_, i) => items[Math.floor(i * stride)]);
}
