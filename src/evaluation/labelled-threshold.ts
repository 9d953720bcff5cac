/**
 * The threshold that some labelled particles lead one to expect, where others have no label: precision cannot be counted, but how many labels
 * are found can, and so can candidates.
 */

import { logit, sigmoid } from './calibration.js';

/** With fewer labels nothing is said: of ten the median is too uncertain (own F1 fell on three of seven sets, docs/results.md). */
const FEWEST = 15;
/**
 * Labelled particles that were trained on score higher than others, by about so many logits. Chosen among 0, 0.5, 1 and 1.5 with twenty labels on
 * seven sets in view.
 */
const OPTIMISM = 1;
/** Thresholds that are tried, in logits. */
const [LOWEST, HIGHEST, STEPS] = [-7, 9, 320];

/**
 * The threshold with the best F1 that one expects. Candidates above the median label are taken to be particles; as many lie below it.
 *
 * @param labelled - scores of the candidates at labels, which are some of the particles
 * @param candidates - scores of all candidates, those at labels too
 * @returns null where there are too few labels
 */
export function thresholdFromLabels(labelled: readonly number[], candidates: readonly number[]): number | null {
  if (labelled.length < FEWEST) return null;
  const labels = labelled.map(logit).sort((a, b) => a - b);
  const all = candidates.map(logit);
  const middle = (labels[(labels.length - 1) >> 1] + labels[labels.length >> 1]) / 2;
  const above = (values: readonly number[], least: number) => values.filter((value) => value >= least).length;
  const particles = Math.max(labels.length, 2 * above(all, middle));
  let best = { f1: -1, value: 0 };
  for (let i = 0; i <= STEPS; i++) {
    const value = LOWEST + (i / STEPS) * (HIGHEST - LOWEST);
    const recall = above(labels, value + OPTIMISM) / labels.length;
    const f1 = (2 * recall * particles) / (particles + above(all, value));
    if (f1 > best.f1) best = { f1, value };
  }
  return sigmoid(best.value);
}
