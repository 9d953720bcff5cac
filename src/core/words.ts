/** Numbers with their nouns and units. */

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

/** A rate, as `12.5 a minute`. */
export function perMinute(count: number, seconds: number): string {
  return `${(seconds > 0 ? (60 * count) / seconds : 0).toFixed(1)} a minute`;
}

/** Seconds as `1 min 5 s`. */
export function duration(seconds: number): string {
  // 59.96 s would be shown as 60.0 s.
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A share right among boxes, and what a guess gets. */
export function describeAccuracy(accuracy: number, chance: number | null): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return chance === null ? percent(accuracy) : `${percent(accuracy)}, by chance ${percent(chance)}`;
}

/** `, accuracy 95.0 %, by chance 75.0 %`, to stand behind a loss; nothing where nothing is held out. */
export function accuracyWords(epoch?: { readonly accuracy: number | null; readonly chance: number | null }): string {
  return typeof epoch?.accuracy === 'number' ? `, accuracy ${describeAccuracy(epoch.accuracy, epoch.chance)}` : '';
}

/** Names that a list shows. */
const SHOWN = 10;

/** A count with its noun, and what became of these. */
export type Fate = readonly [noun: string, fate: string];

/** `2 files left out: a, b`, with the first ten names; null for no names. */
export function listed([noun, fate]: Fate, names: readonly string[]): string | null {
  if (names.length === 0) return null;
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : '';
  return `${counted(names.length, noun)} ${fate}: ${names.slice(0, SHOWN).join(', ')}${more}`;
}

/** The filters of candidates, in the order in which they look at them, and what each leaves out, in words after a number. */
export const FILTER_WORDS = {
  edge: 'at the edge',
  masked: 'in excluded regions',
  close: 'too close to a better one',
  deviation: 'of unusual standard deviation',
  uneven: 'on uneven ground',
  sparse: 'unlikely in a nearly empty micrograph',
  overlap: 'overlapping',
} as const;

/** Name of a filter of candidates. */
export type Filter = keyof typeof FILTER_WORDS;
export const FILTERS = Object.keys(FILTER_WORDS) as readonly Filter[];
