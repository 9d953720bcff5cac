/** A threshold without labels, from the scores alone. */

/** Scores below this are left out: how many of them there are depends on the area searched, not on the particles. */
const LOWEST = 0.02;

/**
 * The threshold that parts the scores best into two groups: with the largest variance between the groups' means (Otsu 1979).
 *
 * @returns null for fewer than two different scores
 */
export function histogramThreshold(scores: readonly number[]): number | null {
  const sorted = scores.filter((score) => score >= LOWEST).sort((a, b) => a - b);
  const total = sorted.reduce((sum, score) => sum + score, 0);
  let best = { variance: 0, threshold: null as number | null };
  let below = 0;
  for (let i = 1; i < sorted.length; i++) {
    below += sorted[i - 1];
    if (sorted[i] === sorted[i - 1]) continue;
    const gap = (total - below) / (sorted.length - i) - below / i;
    const variance = i * (sorted.length - i) * gap ** 2;
    if (variance > best.variance) best = { variance, threshold: sorted[i] };
  }
  return best.threshold;
}
