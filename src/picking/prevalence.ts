/**
 * Nearly empty micrographs. Scores are probabilities for micrographs as those that the model was calibrated on, where some share
 * of the candidates are particles: the prevalence. Where far fewer are, the same score is a particle less often. The share in a
 * micrograph is estimated from its own scores, by expectation maximisation (Saerens, Latinne & Decaestecker 2002).
 */

/** Peaks with at least this score of the network are candidates. */
export const CANDIDATE_SCORE = 0.001;
const ITERATIONS = 100;
/**
 * Ice, defocus or another protein lower scores, too: only odds that are smaller than the usual ones by more than this count
 * as emptiness.
 */
const USUAL_VARIATION = 10;

function oddsOf(probability: number): number {
  return probability / (1 - probability);
}

/** The probability whose odds are those of another one times a factor. */
export function timesOdds(probability: number, factor: number): number {
  return (probability * factor) / (1 - probability + probability * factor);
}

/**
 * Share of particles among the candidates of a micrograph. One candidate with the usual prevalence is added, so that it is never 0.
 *
 * @param probabilities - of all candidates, for the usual prevalence
 * @param usual - prevalence that the probabilities are calibrated for, above 0 and below 1
 */
export function estimatePrevalence(probabilities: readonly number[], usual: number): number {
  let share = usual;
  for (let i = 0; i < ITERATIONS; i++) {
    const factor = oddsOf(share) / oddsOf(usual);
    const particles = probabilities.reduce((sum, probability) => sum + timesOdds(probability, factor), 0);
    share = (particles + usual) / (probabilities.length + 1);
  }
  return share;
}

/** What the odds of a micrograph's candidates are to be multiplied with: 1, or less where it is nearly empty. */
export function oddsFactor(probabilities: readonly number[], usual: number): number {
  return Math.min(1, (USUAL_VARIATION * oddsOf(estimatePrevalence(probabilities, usual))) / oddsOf(usual));
}
