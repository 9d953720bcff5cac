/** Streams of a training's seed: each random choice has its own, so that one does not move the others. */
export const SEED_STREAM = {
  split: 1,
  negatives: 2,
  heldOutNegatives: 3,
  weights: 4,
  order: 5,
  bootstrap: 6,
} as const;
