/** Seeded random numbers (xoroshiro128+ of `pure-rand`): the same seed gives the same numbers on every machine. */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A source of random numbers with its own state. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
  /** Where the sequence is: `randomFrom` goes on from there. */
  state(): RandomState;
}

/** Where a sequence of random numbers is. */
export interface RandomState {
  readonly generator: readonly number[];
  /** The second of a pair of normal numbers, where it was not asked for yet. */
  readonly spare: number | null;
}

/**
 * Starts a seeded sequence.
 *
 * @param seed - any 32-bit integer
 * @param stream - sequences of one seed with different streams are unrelated
 */
export function random(seed: number, stream = 0): Random {
  return sequence(xoroshiro128plus((Math.imul(stream + 1, 0x9e3779b1) ^ seed) | 0), null);
}

/** Goes on with a sequence. */
export function randomFrom({ generator, spare }: RandomState): Random {
  return sequence(xoroshiro128plusFromState(generator), spare);
}

function sequence(generator: RandomGenerator, first: number | null): Random {
  const uniform = () => uniformFloat64(generator);
  let spare = first;
  return {
    uniform,
    integer: (n) => uniformInt(generator, 0, n - 1),
    normal() {
      if (spare !== null) {
        const value = spare;
        spare = null;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    state: () => ({ generator: [...generator.getState()], spare }),
  };
}

/** Shuffles an array in place (Fisher-Yates) and returns it. */
export function shuffle<T extends { length: number; [index: number]: unknown }>(items: T, source: Random): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = source.integer(i + 1);
    const held = items[i];
    items[i] = items[j];
    items[j] = held;
  }
  return items;
}

/** A number, evenly between two. */
export function between(source: Random, least: number, most: number): number {
  return least + (most - least) * source.uniform();
}

/** A number whose logarithm lies evenly between those of two. */
export function betweenLogs(source: Random, least: number, most: number): number {
  return least * (most / least) ** source.uniform();
}

/** True with a probability. */
export function happens(source: Random, probability: number): boolean {
  return source.uniform() < probability;
}
